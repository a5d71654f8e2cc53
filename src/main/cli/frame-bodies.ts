/** Fetches the whole bodies of a frame through the contract, which hands them out in slices. */
import type { BodySlice } from '../../shared/contract/calls.ts';
import type { FrameSummary } from '../../shared/model/frame.ts';
import { maskText } from '../../shared/redaction/mask-text.ts';
import type { TapeBodies, TapeBody } from '../tapes/tape-lines.ts';
import type { CallHost } from './call-host.ts';

/** The largest slice the contract gives. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** Both versions of a frame's body, decoded, with secrets masked unless revealed. */
export async function frameBodies(call: CallHost, frame: FrameSummary, reveal: boolean): Promise<TapeBodies> {
  const received = frame.storedBytes > 0 ? await wholeBody(call, frame, 'received', reveal) : undefined;
  const delivered = frame.deliveredBytes === undefined ? undefined : await wholeBody(call, frame, 'delivered', reveal);
  return { ...(received && { received }), ...(delivered && { delivered }) };
}

type Version = 'received' | 'delivered';

async function wholeBody(call: CallHost, frame: FrameSummary, version: Version, reveal: boolean): Promise<TapeBody> {
  const ask = (offset: number, isRevealed: boolean): Promise<BodySlice> =>
    call('frame.body', {
      sessionId: frame.sessionId,
      seq: frame.seq,
      version,
      offset,
      length: SLICE_BYTES,
      decode: true,
      reveal: isRevealed,
    });
  const first = await ask(0, reveal);
  if (first.storedBytes <= SLICE_BYTES) return { encoding: first.encoding, text: first.text };
  // Masking changes lengths, and a secret may lie across two slices: a body of many slices is masked here, as a whole.
  const parts: Buffer[] = [];
  let isText = true;
  for (let offset = 0; offset < first.storedBytes;) {
    const slice = await ask(offset, true);
    const bytes = Buffer.from(slice.text, slice.encoding);
    isText &&= slice.encoding === 'utf8';
    if (bytes.length === 0) break;
    parts.push(bytes);
    offset += bytes.length;
  }
  const body = Buffer.concat(parts);
  if (!isText) return { encoding: 'base64', text: body.toString('base64') };
  return { encoding: 'utf8', text: reveal ? body.toString('utf8') : maskText(body.toString('utf8')).text };
}
