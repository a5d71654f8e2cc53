/** Reads a tape back and verifies it. A tape without its end (interrupted, cut) is readable up to where it goes. */
import { createHash, type Hash } from 'node:crypto';
import { TapeEnd, TapeFrame, TapeHeader, tapeVersion, type TapeBytes } from './tape-lines.ts';

export interface TapeProblem {
  readonly line: number;
  readonly message: string;
}

export type TapeItem =
  | { readonly kind: 'header'; readonly header: TapeHeader }
  | { readonly kind: 'frame'; readonly frame: TapeFrame }
  /** A kind of line this version does not know; kept for who does. */
  | { readonly kind: 'other'; readonly value: unknown }
  /** Always last. */
  | { readonly kind: 'verdict'; readonly verdict: TapeVerdict };

/** `whole`: complete and unchanged. `interrupted`: the end is missing. `damaged`: a line is wrong, or the sum does not match. */
export interface TapeVerdict {
  readonly state: 'whole' | 'interrupted' | 'damaged';
  readonly frameCount: number;
  readonly problems: readonly TapeProblem[];
}

/** A line of a tape may be this long; a longer one is no tape of ours. Recorded copies are capped far below. */
const MAX_LINE_CHARS = 256 * 1024 * 1024;
/** Problems that are listed; the rest only counts as damage. */
const MAX_PROBLEMS = 100;

/** Reads the chunks of a tape file, which may be cut anywhere. Yields what stands in it, then the verdict. */
export async function* readTape(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<TapeItem> {
  const reader = new TapeReader();
  for await (const line of linesOf(chunks)) yield* reader.read(line);
  yield { kind: 'verdict', verdict: reader.verdict() };
}

/** The bytes of a body line. */
export function bytesOfTape(bytes: TapeBytes | undefined): Uint8Array {
  if (bytes === undefined) return new Uint8Array();
  return 'text' in bytes ? Buffer.from(bytes.text, 'utf8') : Buffer.from(bytes.base64, 'base64');
}

interface Line {
  readonly bytes: Uint8Array;
  /** False for the rest after the last line feed. */
  readonly isComplete: boolean;
}

class TapeReader {
  #digest: Hash = createHash('sha256');
  #lineNumber = 0;
  #frameCount = 0;
  #hasHeader = false;
  #end: TapeEnd | undefined;
  #isDamaged = false;
  #problems: TapeProblem[] = [];

  *read(line: Line): Generator<TapeItem> {
    this.#lineNumber += 1;
    const value = this.#parse(line);
    const kind = typeof value === 'object' && value !== null && 'line' in value ? value.line : undefined;
    if (this.#end !== undefined) this.#report('There are lines after the end');
    else if (kind === 'end') this.#readEnd(value);
    this.#digest.update(line.bytes);
    if (value === undefined || kind === 'end') return;
    if (kind === 'header') yield* this.#readHeader(value);
    else if (!this.#hasHeader) this.#report('The first line is no header');
    else if (kind === 'frame') yield* this.#readFrame(value);
    else yield { kind: 'other', value };
  }

  verdict(): TapeVerdict {
    if (!this.#hasHeader) this.#report('This is no tape: there is no header');
    const state = this.#isDamaged ? 'damaged' : this.#end === undefined ? 'interrupted' : 'whole';
    return { state, frameCount: this.#frameCount, problems: this.#problems };
  }

  /** A last line without line feed that does not parse is what an interruption leaves, not damage. */
  #parse(line: Line): unknown {
    try {
      return JSON.parse(Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.byteLength).toString('utf8')) as unknown;
    } catch {
      if (line.isComplete) this.#report('The line is no JSON');
      return undefined;
    }
  }

  *#readHeader(value: unknown): Generator<TapeItem> {
    const header = TapeHeader.safeParse(value);
    if (header.success && !this.#hasHeader) {
      this.#hasHeader = true;
      yield { kind: 'header', header: header.data };
      return;
    }
    const version = (value as { version?: unknown }).version;
    if (this.#hasHeader) this.#report('There is a second header');
    else if (typeof version === 'number' && version > tapeVersion)
      this.#report(`The tape has version ${version}, this program reads up to ${tapeVersion}`);
    else this.#report(`The header is not readable: ${firstIssue(header)}`);
  }

  *#readFrame(value: unknown): Generator<TapeItem> {
    const frame = TapeFrame.safeParse(value);
    if (!frame.success) {
      this.#report(`The frame is not readable: ${firstIssue(frame)}`);
      return;
    }
    this.#frameCount += 1;
    yield { kind: 'frame', frame: frame.data };
  }

  #readEnd(value: unknown): void {
    const end = TapeEnd.safeParse(value);
    if (!end.success) {
      this.#report(`The end is not readable: ${firstIssue(end)}`);
      return;
    }
    this.#end = end.data;
    if (end.data.frameCount !== this.#frameCount)
      this.#report(`The end counts ${end.data.frameCount} frames, there are ${this.#frameCount}`);
    if (end.data.sha256 !== this.#digest.copy().digest('hex'))
      this.#report('The lines are not those that were written: their SHA-256 differs');
  }

  #report(message: string): void {
    this.#isDamaged = true;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ line: this.#lineNumber, message });
  }
}

/** Splits at line feeds; every line carries its own. */
async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at + 1));
      yield { bytes: Buffer.concat(parts), isComplete: true };
      parts = [];
      length = 0;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    // A copy: the source may reuse its chunk.
    parts.push(Uint8Array.from(chunk.subarray(from)));
    length += chunk.length - from;
    if (length > MAX_LINE_CHARS) throw new RangeError('This is no tape: a line is longer than any of a tape');
  }
  if (parts.length > 0) yield { bytes: Buffer.concat(parts), isComplete: false };
}

function firstIssue(result: { success: boolean; error?: { issues: { path: PropertyKey[]; message: string }[] } | undefined }): string {
  const issue = result.error?.issues[0];
  return issue === undefined ? 'unknown' : `${issue.path.map(String).join('.')}: ${issue.message}`;
}
