/**
 * One direction of a session. Streams bytes as they come while nobody has a say in them; else cuts them into lines, each of
 * which is forwarded, in order, once there is a ruling. It changes between the two at the end of a line only.
 */
import type { Direction } from '../../shared/model/frame.ts';
import { copyCapBytes, type FrameMarks } from '../../shared/shim/protocol.ts';
import { LineCopy, type CopiedLine } from './line-copy.ts';
import type { Outlet } from './outlet.ts';
import { seenNow, type Tap } from './tap.ts';

const lineFeed = 10;
/** Lines that may wait for a ruling; with more than that nothing is read. */
const maxWaitingCount = 1_000;
/** The same for their bytes. A line that is still being read does not count: it could never end otherwise. */
const maxWaitingBytes = 16 * 1024 * 1024;

/** A whole line that waits for its ruling, or for those before it. */
export interface HeldLine {
  /** The whole line, unless it is too long. */
  readonly whole: CopiedLine;
  readonly isTooLong: boolean;
  /** False for what stood at the end of the stream without one. */
  readonly hasFeed: boolean;
  readonly at: number;
  readonly monotonicUs: number;
  ruling: Ruling | undefined;
}

export interface Ruling {
  /** The line as it came, nothing, or these bytes in its place. */
  readonly forward: 'as-is' | 'nothing' | Uint8Array;
  readonly marks?: FrameMarks | undefined;
  /** Done right after. */
  readonly afterwards?: () => void;
}

export const passed: Ruling = { forward: 'as-is' };

export interface LaneOptions {
  readonly direction: Direction;
  readonly outlet: Outlet;
  readonly tap: Tap;
  /** Longer lines are not kept, and ruled by what is known of them. */
  readonly maxLineBytes: number;
  /** Somebody has a say in the lines from here on. */
  readonly isWatched: () => boolean;
  /** The ruling, or undefined when it will come by `rule`. */
  readonly judge: (line: HeldLine) => Ruling | undefined;
  readonly onSwitched: (isStreaming: boolean) => void;
  /** There is room again. */
  readonly onRoom: () => void;
}

export class Lane {
  readonly #options: LaneOptions;
  #isStreaming = true;
  /** What was streamed stops within a line. */
  #isMidLine = false;
  #line: LineCopy;
  #queue: HeldLine[] = [];
  #waitingBytes = 0;
  /** Lines of our own that have to wait for the end of one that is being streamed. */
  #own: (() => void)[] = [];
  #onDone: (() => void) | undefined;
  #isDone = false;
  #isAdvancing = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#line = new LineCopy(options.maxLineBytes);
  }

  get isStreaming(): boolean {
    return this.#isStreaming;
  }

  get isFull(): boolean {
    return this.#queue.length > maxWaitingCount || this.#waitingBytes > maxWaitingBytes || this.#own.length > maxWaitingCount;
  }

  get isWaiting(): boolean {
    return this.#queue.length > 0;
  }

  chunk(chunk: Uint8Array): void {
    if (!this.#isStreaming) return this.#cut(chunk, 0);
    if (!this.#isMidLine) {
      this.steer();
      if (!this.#isStreaming) return this.#cut(chunk, 0);
    }
    if (!this.#options.isWatched() && this.#own.length === 0) return this.#stream(chunk);
    const end = chunk.indexOf(lineFeed) + 1;
    if (end === 0) return this.#stream(chunk);
    this.#stream(chunk.subarray(0, end));
    this.#writeOwn();
    if (end < chunk.length) this.chunk(chunk.subarray(end));
    else this.steer();
  }

  /** Everything was read; `onDone` is called when everything is handed on. */
  ended(onDone: () => void): void {
    this.#onDone = onDone;
    if (!this.#isStreaming && !this.#line.isEmpty) this.#endLine(false);
    this.#finishIfDone();
  }

  /** Looks again whether lines are watched, at the end of a line. */
  steer(): void {
    const { isWatched, onSwitched, outlet, tap, direction } = this.#options;
    if (this.#isStreaming) {
      if (this.#isMidLine || !isWatched()) return;
      this.#isStreaming = false;
      onSwitched(false);
      return;
    }
    if (isWatched() || this.#queue.length > 0 || this.#line.isCut) return;
    this.#isStreaming = true;
    onSwitched(true);
    this.#isMidLine = !this.#line.isEmpty;
    if (!this.#isMidLine) return;
    for (const part of this.#line.take().parts) {
      outlet.write(part);
      tap.chunk(direction, part);
    }
    this.#line = new LineCopy(this.#options.maxLineBytes);
  }

  /** The ruling on a line that waits. */
  rule(line: HeldLine, ruling: Ruling): void {
    if (line.ruling !== undefined) return;
    line.ruling = ruling;
    this.#advance();
  }

  /** Writes a line of our own as soon as that cuts no other. `marks` as it is noted; it is not where they are undefined. */
  insert(parts: readonly Uint8Array[], marks: FrameMarks | undefined): void {
    const { outlet, tap, direction } = this.#options;
    const write = (): void => {
      // The stream ended within a line.
      outlet.writeLine(this.#isMidLine ? [Uint8Array.of(lineFeed), ...parts] : parts, true);
      this.#isMidLine = false;
      if (marks !== undefined) tap.line(direction, { line: recordOf(copyOf(parts), false), ...seenNow(), marks });
    };
    if (this.#isStreaming && this.#isMidLine && this.#onDone === undefined) this.#own.push(write);
    else write();
  }

  /** Nobody takes the lines any more: those that wait are noted as such. */
  abandon(marks: FrameMarks): void {
    const ruling: Ruling = { forward: 'nothing', marks };
    if (!this.#isStreaming && !this.#line.isEmpty) this.#endLine(false, ruling);
    for (const line of this.#queue) line.ruling ??= ruling;
    this.#advance();
  }

  #stream(chunk: Uint8Array): void {
    const { outlet, tap, direction } = this.#options;
    outlet.write(chunk);
    this.#isMidLine = chunk[chunk.length - 1] !== lineFeed;
    tap.chunk(direction, chunk);
  }

  #writeOwn(): void {
    for (const write of this.#own.splice(0)) write();
  }

  #cut(chunk: Uint8Array, start: number): void {
    let from = start;
    this.#options.outlet.together(() => {
      while (!this.#isStreaming) {
        const end = chunk.indexOf(lineFeed, from);
        if (end === -1) break;
        this.#line.push(chunk.subarray(from, end));
        from = end + 1;
        this.#endLine(true);
      }
    });
    if (from >= chunk.length) return;
    if (this.#isStreaming) this.chunk(chunk.subarray(from));
    else this.#line.push(chunk.subarray(from));
  }

  #endLine(hasFeed: boolean, ruling?: Ruling): void {
    const { isCut } = this.#line;
    const whole = this.#line.take();
    this.#line = new LineCopy(this.#options.maxLineBytes);
    const line: HeldLine = { whole, isTooLong: isCut, hasFeed, ...seenNow(), ruling };
    this.#queue.push(line);
    this.#waitingBytes += whole.sizeBytes;
    line.ruling ??= this.#options.judge(line);
    this.#advance();
  }

  /** Applies rulings as far as they stand without a gap. */
  #advance(): void {
    // What follows a ruling may lead here again.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    const wasFull = this.isFull;
    const { outlet } = this.#options;
    let count = 0;
    outlet.together(() => {
      for (let line = this.#queue[0]; line?.ruling !== undefined; line = this.#queue[count]) {
        count += 1;
        this.#waitingBytes -= line.whole.sizeBytes;
        this.#apply(line, line.ruling);
      }
    });
    this.#queue.splice(0, count);
    this.#isAdvancing = false;
    if (this.#queue[0]?.ruling !== undefined) return this.#advance();
    this.steer();
    this.#finishIfDone();
    if (wasFull && !this.isFull) this.#options.onRoom();
  }

  #apply({ whole, hasFeed, isTooLong, at, monotonicUs }: HeldLine, { forward, marks, afterwards }: Ruling): void {
    const { outlet, tap, direction } = this.#options;
    if (forward === 'as-is') outlet.writeLine(whole.parts, hasFeed);
    else if (forward !== 'nothing') outlet.writeLine([forward], hasFeed);
    tap.line(direction, {
      line: recordOf(whole, isTooLong),
      at,
      monotonicUs,
      marks,
      delivered: typeof forward === 'string' ? undefined : forward,
    });
    afterwards?.();
  }

  #finishIfDone(): void {
    if (this.#onDone === undefined || this.#isDone || this.#queue.length > 0) return;
    this.#isDone = true;
    this.#options.tap.ended(this.#options.direction);
    this.#writeOwn();
    this.#onDone();
  }
}

function copyOf(parts: readonly Uint8Array[]): CopiedLine {
  return { parts, sizeBytes: parts.reduce((sum, part) => sum + part.length, 0) };
}

/** What the record keeps of a line: a copy as of a streamed one. */
function recordOf(whole: CopiedLine, isTooLong: boolean): CopiedLine {
  if (whole.sizeBytes <= copyCapBytes) return whole;
  if (isTooLong) {
    const start = new LineCopy(copyCapBytes);
    for (const part of whole.parts) start.push(part);
    return { ...whole, parts: start.take().parts };
  }
  const copy = new LineCopy(copyCapBytes);
  for (const part of whole.parts) copy.push(part);
  return copy.take();
}
