/** How many retries an upstream may get: a share of its calls, so that retries never multiply the load of one that is down. */
import type { Clock } from '../../ports.ts';

/** A quiet gateway may retry this many times at once, and one more every second. */
const FLOOR = 10;
const FLOOR_PER_MS = 1 / 1000;
/** Most that a busy one saves up. */
const MAX_TOKENS = 100;

export class RetryBudget {
  readonly #clock: Clock;
  #tokens = FLOOR;
  #filledMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledMs = this.#nowMs;
  }

  /** A call came; `share` of one retry is earned by it. */
  deposit(share: number): void {
    this.#fill();
    this.#tokens = Math.min(MAX_TOKENS, this.#tokens + share);
  }

  /** Takes one retry; false when there is none left. */
  withdraw(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const nowMs = this.#nowMs;
    if (this.#tokens < FLOOR) this.#tokens = Math.min(FLOOR, this.#tokens + (nowMs - this.#filledMs) * FLOOR_PER_MS);
    this.#filledMs = nowMs;
  }

  get #nowMs(): number {
    return this.#clock.monotonicUs() / 1000;
  }
}
