/** Frames with their whole bodies, for a tape: from the store of this process, or through the contract of a running host. */
import { isUtf8 } from 'node:buffer';
import type { FrameSummary } from '../../shared/model/frame.ts';
import { maskText } from '../../shared/redaction/mask-text.ts';
import type { FrameWithBody, StoreReader } from '../store/traffic-store.ts';
import { type ExportedFrame, storedFrames } from '../tapes/export.ts';
import type { CallHost, Reached } from './call-host.ts';
import { allFrames } from './sessions.ts';

/** The largest slice the contract gives. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** Frames fetched at a time; more would only fill memory faster than the tape takes it. */
const AT_ONCE = 8;

type Version = 'received' | 'delivered';

interface Body {
  readonly bytes: Uint8Array;
  readonly maskedCount: number;
}

const nothing: Body = { bytes: new Uint8Array(), maskedCount: 0 };

/**
 * All frames of a session, in order. A compressed body is unpacked when it is to be masked, because nothing can be
 * found inside it otherwise; it then no longer claims to be compressed.
 */
export async function* framesToExport({ call, store }: Reached, sessionId: string, isMasked: boolean): AsyncGenerator<ExportedFrame> {
  if (store !== undefined) {
    for await (const stored of storedFrames(store, sessionId)) yield isMasked ? await unpacked(store, stored) : stored;
    return;
  }
  for await (const page of allFrames(call, sessionId)) {
    for (let from = 0; from < page.length; from += AT_ONCE) {
      yield* await Promise.all(page.slice(from, from + AT_ONCE).map(frame => fetched(call, frame, isMasked)));
    }
  }
}

/** Out of the store of this process, unmasked: that is the exporter's, over whole bodies. */
async function unpacked(store: Pick<StoreReader, 'body'>, stored: FrameWithBody): Promise<FrameWithBody> {
  const { sessionId, seq, contentEncoding } = stored.frame;
  if (contentEncoding === undefined) return stored;
  const bytesOf = async (version: Version) =>
    (await store.body({ sessionId, seq, version, offset: 0, length: Number.MAX_SAFE_INTEGER, decode: true }))?.bytes ?? new Uint8Array();
  return {
    frame: withoutEncoding(stored.frame),
    body: stored.body.length > 0 ? await bytesOf('received') : stored.body,
    ...(stored.delivered === undefined ? {} : { delivered: await bytesOf('delivered') }),
  };
}

async function fetched(call: CallHost, frame: FrameSummary, isMasked: boolean): Promise<ExportedFrame> {
  const decode = isMasked && frame.contentEncoding !== undefined;
  const bodyOf = isMasked ? maskedBody : revealedBody;
  const body = frame.storedBytes > 0 ? await bodyOf(call, { frame, version: 'received', decode }) : nothing;
  const delivered = frame.deliveredBytes === undefined ? undefined : await bodyOf(call, { frame, version: 'delivered', decode });
  return {
    frame: decode ? withoutEncoding(frame) : frame,
    body: body.bytes,
    ...(delivered === undefined ? {} : { delivered: delivered.bytes }),
    ...(isMasked ? { maskedCount: body.maskedCount + (delivered?.maskedCount ?? 0) } : {}),
  };
}

interface BodyWish {
  readonly frame: FrameSummary;
  readonly version: Version;
  readonly decode: boolean;
}

/** As the host masks it. One that does not fit into a slice is masked here, as a whole: a secret may lie across two slices. */
async function maskedBody(call: CallHost, wish: BodyWish): Promise<Body> {
  const slice = await sliceOf(call, wish, { offset: 0, reveal: false });
  if (slice.storedBytes <= SLICE_BYTES) return { bytes: Buffer.from(slice.text, slice.encoding), maskedCount: slice.maskedCount };
  const whole = await revealedBody(call, wish);
  if (!isUtf8(whole.bytes)) return whole;
  const masked = maskText(Buffer.from(whole.bytes).toString('utf8'));
  return { bytes: Buffer.from(masked.text), maskedCount: masked.count };
}

async function revealedBody(call: CallHost, wish: BodyWish): Promise<Body> {
  const parts: Buffer[] = [];
  for (let offset = 0, total = 1; offset < total;) {
    const slice = await sliceOf(call, wish, { offset, reveal: true });
    // A text slice ends before a character that the next slice holds whole, so its own length says where to go on.
    const bytes = Buffer.from(slice.text, slice.encoding);
    if (bytes.length === 0) break;
    parts.push(bytes);
    offset += bytes.length;
    total = slice.storedBytes;
  }
  return { bytes: Buffer.concat(parts), maskedCount: 0 };
}

function sliceOf(call: CallHost, { frame, version, decode }: BodyWish, what: { offset: number; reveal: boolean }) {
  const { sessionId, seq } = frame;
  return call('frame.body', { sessionId, seq, version, decode, length: SLICE_BYTES, ...what });
}

function withoutEncoding({ contentEncoding, ...plain }: FrameSummary): FrameSummary {
  void contentEncoding;
  return plain;
}
