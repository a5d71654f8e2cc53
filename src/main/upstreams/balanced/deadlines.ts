/** The time-outs of all calls of an upstream, looked at together every now and then: a timer for each would cost every request. */
import type { Clock } from '../../ports.ts';

/** `Infinity` where there is none; ms. */
export interface TimeLimits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

export type TimeoutPhase = 'first_byte' | 'idle' | 'total';

/** A call under way, as far as its time-outs are concerned. */
export interface Timed {
  readonly limits: TimeLimits;
  /** Its clock stands still: the client is asked something. */
  isStopped(): boolean;
  /** The client does not take what there is: that the server is silent is no fault of its. */
  isHeld(): boolean;
  onTimeout(phase: TimeoutPhase, limitMs: number): void;
}

interface Entry {
  readonly timed: Timed;
  startedMs: number;
  lastMs: number;
  hasAnswer: boolean;
}

/** What a call does with its own entry. */
export interface Deadline {
  /** The answer's head came. */
  answered(): void;
  /** A part of the answer came. */
  progressed(): void;
  over(): void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  #sweptMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweptMs = this.#nowMs;
  }

  begin(timed: Timed): Deadline {
    const nowMs = this.#nowMs;
    const entry: Entry = { timed, startedMs: nowMs, lastMs: nowMs, hasAnswer: false };
    this.#entries.add(entry);
    return {
      answered: () => {
        entry.hasAnswer = true;
        entry.lastMs = this.#nowMs;
      },
      progressed: () => {
        entry.lastMs = this.#nowMs;
      },
      over: () => void this.#entries.delete(entry),
    };
  }

  sweep(): void {
    const nowMs = this.#nowMs;
    const passedMs = nowMs - this.#sweptMs;
    this.#sweptMs = nowMs;
    for (const entry of this.#entries) {
      if (entry.timed.isStopped()) {
        // A call that began since the last look has not stood still for longer than it runs.
        const stoodMs = Math.min(passedMs, nowMs - entry.startedMs);
        entry.startedMs += stoodMs;
        entry.lastMs = Math.min(nowMs, entry.lastMs + stoodMs);
      } else {
        if (entry.timed.isHeld()) entry.lastMs = nowMs;
        this.#judge(entry, nowMs);
      }
    }
  }

  #judge(entry: Entry, nowMs: number): void {
    const { timed, startedMs, lastMs, hasAnswer } = entry;
    const { firstByteMs, idleMs, totalMs } = timed.limits;
    if (!hasAnswer && nowMs - startedMs >= firstByteMs) this.#expire(entry, 'first_byte', firstByteMs);
    else if (hasAnswer && nowMs - lastMs >= idleMs) this.#expire(entry, 'idle', idleMs);
    else if (nowMs - startedMs >= totalMs) this.#expire(entry, 'total', totalMs);
  }

  #expire(entry: Entry, phase: TimeoutPhase, limitMs: number): void {
    this.#entries.delete(entry);
    entry.timed.onTimeout(phase, limitMs);
  }

  get #nowMs(): number {
    return this.#clock.monotonicUs() / 1000;
  }
}
