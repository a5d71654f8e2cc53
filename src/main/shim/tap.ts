/** Makes numbered frames of what was forwarded. It sees each chunk after it was passed on, and it never stops the traffic. */
import type { Direction } from '../../shared/model/frame.ts';
import type { ShimDelivery } from '../../shared/shim/frame-coding.ts';
import { jsonBytes } from '../../shared/shim/json-message.ts';
import type { LifecycleFact } from '../../shared/shim/protocol.ts';
import type { FrameLog } from './frame-log.ts';
import type { CopiedLine } from './line-copy.ts';
import { LineSplitter } from './line-splitter.ts';

/** A prompt or a progress bar on stderr ends without a line feed; it is shown after this. */
const stderrPartialAfterMs = 100;

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

  #note(direction: Direction, delivery: ShimDelivery, line: CopiedLine): void {
    const lostCount = this.#log.takeLostCount();
    if (lostCount > 0) this.fact('fromServer', { event: 'frames-lost', count: lostCount });
    this.#log.add(
      {
        at: Date.now(),
        monotonicUs: Math.round(performance.now() * 1000),
        direction,
        delivery,
        sizeBytes: line.sizeBytes,
        ...(line.whole === undefined ? {} : { whole: line.whole }),
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
