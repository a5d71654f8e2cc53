/** Clocks that a test moves: wall and monotonic time together. */
import { type Clock, systemClock } from '../../src/main/ports.ts';

/** Stands still until it is moved. */

export class FakeClock implements Clock {
  #ms: number;
  readonly #startedAt = Date.UTC(2026, 10, 27);

  constructor(ms = 1_000_000) {
    this.#ms = ms;
  }

  now(): number {
    return this.#startedAt + this.#ms;
  }

  monotonicUs(): number {
    return Math.round(this.#ms * 1000);
  }

  pass(ms: number): void {
    this.#ms += ms;
  }
}

/** Runs as the real one does and can be put forward: pauses of minutes pass at once, and what takes a moment takes it still. */
export class LeapingClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  monotonicUs(): number {
    return systemClock.monotonicUs() + this.#aheadMs * 1000;
  }

  pass(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
