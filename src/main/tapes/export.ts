/** Writes a session as a tape: line by line from wherever its frames come, with no more than one page of them in memory. */
import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { maskText } from '../../shared/redaction/mask-text.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { Clock } from '../ports.ts';
import type { FrameWithBody, StoreReader } from '../store/traffic-store.ts';
import { tapeVersion, type TapeBytes, type TapeEnd, type TapeFrame, type TapeHeader } from './tape-lines.ts';

/** A frame for a tape; with `maskedCount` when its bodies came masked already. */
export interface ExportedFrame extends FrameWithBody {
  readonly maskedCount?: number;
}

export interface ExportOptions {
  readonly session: SessionSummary;
  readonly frames: AsyncIterable<ExportedFrame> | Iterable<ExportedFrame>;
  readonly tool: { readonly name: string; readonly version: string };
  readonly clock: Clock;
  /** Leave secrets in payloads as they are. */
  readonly isRevealed?: boolean;
}

/** The lines of the tape, each with its line feed. Without its last line a tape still reads, as an interrupted one. */
export async function* exportTape(options: ExportOptions): AsyncGenerator<string> {
  const { session, frames, tool, clock, isRevealed = false } = options;
  const digest = createHash('sha256');
  const write = (line: TapeHeader | TapeFrame | TapeEnd): string => {
    const text = `${JSON.stringify(line)}\n`;
    digest.update(text);
    return text;
  };
  yield write({ line: 'header', format: 'mcptape', version: tapeVersion, tool, exportedAt: clock.now(), isMasked: !isRevealed, session });
  let frameCount = 0;
  for await (const frame of frames) {
    yield write(tapeFrame(frame, isRevealed));
    frameCount += 1;
  }
  yield write({ line: 'end', frameCount, sha256: digest.copy().digest('hex') });
}

/** All frames of a stored session, page by page. */
export async function* storedFrames(
  store: Pick<StoreReader, 'framesWithBodies'>,
  sessionId: string,
  pageSize = 200,
): AsyncGenerator<FrameWithBody> {
  for (let afterSeq = 0; ;) {
    const page = await store.framesWithBodies({ sessionId, afterSeq, limit: pageSize });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    afterSeq = last.frame.seq;
  }
}

function tapeFrame({ frame, body, delivered, maskedCount: maskedBefore }: ExportedFrame, isRevealed: boolean): TapeFrame {
  const { sessionId, preview, ...fields } = frame;
  void [sessionId, preview];
  const isDone = isRevealed || maskedBefore !== undefined;
  const received = tapeBytes(body, isDone);
  const changed = delivered === undefined ? undefined : tapeBytes(delivered, isDone);
  const maskedCount = (maskedBefore ?? 0) + (received?.maskedCount ?? 0) + (changed?.maskedCount ?? 0);
  return {
    line: 'frame',
    ...fields,
    ...(received === undefined ? {} : { body: received.bytes }),
    ...(changed === undefined ? {} : { delivered: changed.bytes }),
    ...(maskedCount === 0 ? {} : { maskedCount }),
  };
}

function tapeBytes(bytes: Uint8Array, isLeftAsIs: boolean): { bytes: TapeBytes; maskedCount: number } | undefined {
  if (bytes.length === 0) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isUtf8(buffer)) return { bytes: { base64: buffer.toString('base64') }, maskedCount: 0 };
  const text = buffer.toString('utf8');
  if (isLeftAsIs) return { bytes: { text }, maskedCount: 0 };
  const masked = maskText(text);
  return { bytes: { text: masked.text }, maskedCount: masked.count };
}
