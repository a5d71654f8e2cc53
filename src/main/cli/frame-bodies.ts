/** Fetches frames with their whole bodies through the contract, which hands bodies out in slices. */
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { FrameWithBody } from '../store/traffic-store.ts';
import type { CallHost } from './call-host.ts';

/** The largest slice the contract gives. */
const SLICE_BYTES = 4 * 1024 * 1024;

/**
 * The frame with the bytes of its bodies, unmasked: masking is the exporter's, over whole bodies. A compressed body is
 * unpacked when it is to be masked, because nothing can be found inside it otherwise; it then no longer claims to be compressed.
 */
export async function frameWithBodies(call: CallHost, frame: FrameSummary, isMasked: boolean): Promise<FrameWithBody> {
  const decode = isMasked && frame.contentEncoding !== undefined;
  const { contentEncoding, ...plain } = frame;
  const body = frame.storedBytes > 0 ? await wholeBody(call, frame, 'received', decode) : new Uint8Array();
  const delivered = frame.deliveredBytes === undefined ? undefined : await wholeBody(call, frame, 'delivered', decode);
  return {
    frame: decode || contentEncoding === undefined ? plain : { ...plain, contentEncoding },
    body,
    ...(delivered === undefined ? {} : { delivered }),
  };
}

async function wholeBody(
  call: CallHost,
  { sessionId, seq }: FrameSummary,
  version: 'received' | 'delivered',
  decode: boolean,
): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for (let offset = 0, total = 1; offset < total;) {
    const slice = await call('frame.body', { sessionId, seq, version, offset, length: SLICE_BYTES, decode, reveal: true });
    // A text slice ends before a character that the next slice holds whole, so its own length says where to go on.
    const bytes = Buffer.from(slice.text, slice.encoding);
    if (bytes.length === 0) break;
    parts.push(bytes);
    offset += bytes.length;
    total = slice.storedBytes;
  }
  return Buffer.concat(parts);
}
