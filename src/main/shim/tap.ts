/** Makes numbered frames of what was forwarded. It sees each chunk after it was passed on, and it never stops the traffic. */
import type { Direction } from '../../shared/model/frame.ts';
import type { ShimDelivery } from '../../shared/shim/frame-coding.ts';
import { jsonBytes } from '../../shared/shim/json-message.ts';
import { copyCapBytes, type FrameMarks, type LifecycleFact } from '../../shared/shim/protocol.ts';
import type { FrameLog } from './frame-log.ts';
import type { CopiedLine } from './line-copy.ts';
import { LineSplitter } from './line-splitter.ts';

/** A prompt or a progress bar on stderr ends without a line feed; it is shown after this. */
const stderrPartialAfterMs = 100;

/** A whole line of the active mode: when it was read, what the hub said of it, and what was delivered in its place. */
interface TappedLine {
  readonly line: CopiedLine;
  readonly at: number;
  readonly monotonicUs: number;
  readonly marks?: FrameMarks | undefined;
  readonly delivered?: Uint8Array | undefined;
}

export class Tap {
  readonly #log: FrameLog;
  readonly #onBroken: (error: unknown) => void;
  readonly #lines: Readonly<Record<Direction, LineSplitter>>;
  readonly #stderr: LineSplitter;
  #stderrTimer: NodeJS.Timeout | undefined;
  #isBroken = false;

  constructor(log: FrameLog, onBroken: (error: unknown) => void) {
    this.#log = log;
    this.#onBroken = onBroken;
    this.#lines = {
      fromClient: new LineSplitter(line => this.#note('fromClient', 'line', line)),
      fromServer: new LineSplitter(line => this.#note('fromServer', 'line', line)),
    };
    this.#stderr = new LineSplitter(line => this.#note('fromServer', 'stderr', line));
  }

  /** Bytes that were passed on. */
  chunk(direction: Direction, chunk: Uint8Array): void {
    this.#observe(() => this.#lines[direction].push(chunk));
  }

  /** A line that waited, after it was passed on or dropped. */
  line(direction: Direction, { line, ...seen }: TappedLine): void {
    this.#observe(() => this.#note(direction, 'line', line, seen));
  }

  stderr(chunk: Uint8Array): void {
    this.#observe(() => this.#stderr.push(chunk));
    if (this.#stderr.isInLine)
      this.#stderrTimer ??= setTimeout(() => {
        this.#stderrTimer = undefined;
        this.#observe(() => this.#stderr.flush());
      }, stderrPartialAfterMs);
  }

  /** The stream is over; a last line may stand there without its line feed. */
  ended(direction: Direction): void {
    this.#observe(() => this.#lines[direction].flush());
  }

  /** A fact of the session. `exited` is the last one and flushes all that is left. */
  fact(direction: Direction, fact: LifecycleFact): void {
    this.#observe(() => {
      if (fact.event === 'exited') this.#flushAll();
      const bytes = jsonBytes(fact);
      this.#note(direction, 'lifecycle', { parts: [bytes], sizeBytes: bytes.length });
    });
  }

  #flushAll(): void {
    clearTimeout(this.#stderrTimer);
    for (const splitter of [this.#lines.fromClient, this.#lines.fromServer, this.#stderr]) splitter.flush();
  }

  #note(direction: Direction, delivery: ShimDelivery, line: CopiedLine, seen: Omit<TappedLine, 'line'> = seenNow()): void {
    const lostCount = this.#log.takeLostCount();
    if (lostCount > 0) this.fact('fromServer', { event: 'frames-lost', count: lostCount });
    const { at, monotonicUs, marks, delivered } = seen;
    this.#log.add(
      {
        at,
        monotonicUs,
        direction,
        delivery,
        sizeBytes: line.sizeBytes,
        ...(line.whole === undefined ? {} : { whole: line.whole }),
        ...(marks === undefined ? {} : { marks: markedAs(marks, delivered) }),
        ...(delivered === undefined ? {} : { delivered: delivered.subarray(0, copyCapBytes) }),
      },
      line.parts,
    );
  }

  /** Observers fail open: a defect here costs the record, never the traffic. */
  #observe(act: () => void): void {
    if (this.#isBroken) return;
    try {
      act();
    } catch (error) {
      this.#isBroken = true;
      this.#onBroken(error);
    }
  }
}

/** By the clocks of this process. */
export function seenNow(): { readonly at: number; readonly monotonicUs: number } {
  return { at: Date.now(), monotonicUs: Math.round(performance.now() * 1000) };
}

function markedAs(marks: FrameMarks, delivered: Uint8Array | undefined): FrameMarks {
  if (delivered === undefined || delivered.length <= copyCapBytes) return marks;
  return { ...marks, flags: [...(marks.flags ?? []), 'body-truncated'] };
}
