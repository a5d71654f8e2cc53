/** The two ways of counting: a token bucket and a sliding window. Exact on a monotonic clock in µs; nothing runs in the background. */
import type { LimitConfig } from '../../../shared/config/schema.ts';

/** What one key has used of one limit. */
export interface Meter {
  /** How long until a call of this cost fits, µs: 0 when it fits now, Infinity when it never will. */
  waitUs(cost: number, nowUs: number): number;
  take(cost: number, nowUs: number): void;
  /** What may be used at once; can have fractions. */
  remaining(nowUs: number): number;
  /** Until nothing is remembered any more. */
  resetUs(nowUs: number): number;
}

/** Adding and subtracting fractions leaves dust; it must neither cost nor give a call. */
const DUST = 1e-9;
/** Dust of a division by a rate, in µs. */
const PART_OF_US = 1e-3;

export function meterOf(limit: LimitConfig, nowUs: number): Meter {
  const perUs = limit.per * 1000;
  return limit.algorithm === 'token-bucket'
    ? new TokenBucket(limit.capacity, limit.refill / perUs, nowUs)
    : new SlidingWindow(limit.limit, perUs, nowUs);
}

/** Begins full; `capacity` at once, `refill` per µs after that. */
class TokenBucket implements Meter {
  readonly #capacity: number;
  readonly #refillPerUs: number;
  #tokens: number;
  #atUs: number;

  constructor(capacity: number, refillPerUs: number, nowUs: number) {
    this.#capacity = capacity;
    this.#refillPerUs = refillPerUs;
    this.#tokens = capacity;
    this.#atUs = nowUs;
  }

  waitUs(cost: number, nowUs: number): number {
    if (cost > this.#capacity) return Infinity;
    const missing = cost - this.remaining(nowUs);
    return missing <= DUST ? 0 : Math.max(1, Math.ceil(missing / this.#refillPerUs - PART_OF_US));
  }

  take(cost: number, nowUs: number): void {
    this.#tokens = Math.max(0, this.remaining(nowUs) - cost);
    this.#atUs = nowUs;
  }

  remaining(nowUs: number): number {
    return Math.min(this.#capacity, this.#tokens + Math.max(0, nowUs - this.#atUs) * this.#refillPerUs);
  }

  resetUs(nowUs: number): number {
    return (this.#capacity - this.remaining(nowUs)) / this.#refillPerUs;
  }
}

/**
 * Windows of fixed length from the first call on. What the window before held counts by the part of it that still lies within
 * reach, in whole calls: `⌊previous × (1 − elapsed/window)⌋ + current`.
 */
class SlidingWindow implements Meter {
  readonly #limit: number;
  readonly #windowUs: number;
  #fromUs: number;
  #previous = 0;
  #current = 0;

  constructor(limit: number, windowUs: number, nowUs: number) {
    this.#limit = limit;
    this.#windowUs = windowUs;
    this.#fromUs = nowUs;
  }

  waitUs(cost: number, nowUs: number): number {
    if (cost > this.#limit) return Infinity;
    const { elapsedUs, previous, current } = this.#at(nowUs);
    if (carried(previous, elapsedUs, this.#windowUs) + current + cost <= this.#limit + DUST) return 0;
    const untilUs = fitsAfterUs(previous, this.#limit - current - cost, this.#windowUs);
    if (untilUs !== undefined) return Math.max(1, untilUs - elapsedUs);
    // Not within this window: in the next one, what this one holds is what is carried over.
    return this.#windowUs - elapsedUs + (fitsAfterUs(current, this.#limit - cost, this.#windowUs) ?? this.#windowUs);
  }

  take(cost: number, nowUs: number): void {
    const { elapsedUs, previous, current } = this.#at(nowUs);
    this.#fromUs = nowUs - elapsedUs;
    this.#previous = previous;
    this.#current = current + cost;
  }

  remaining(nowUs: number): number {
    const { elapsedUs, previous, current } = this.#at(nowUs);
    return Math.max(0, this.#limit - current - carried(previous, elapsedUs, this.#windowUs));
  }

  resetUs(nowUs: number): number {
    const { elapsedUs, previous, current } = this.#at(nowUs);
    if (current > 0) return 2 * this.#windowUs - elapsedUs;
    return previous > 0 ? this.#windowUs - elapsedUs : 0;
  }

  #at(nowUs: number): { readonly elapsedUs: number; readonly previous: number; readonly current: number } {
    const elapsedUs = Math.max(0, nowUs - this.#fromUs);
    if (elapsedUs < this.#windowUs) return { elapsedUs, previous: this.#previous, current: this.#current };
    const windows = Math.floor(elapsedUs / this.#windowUs);
    return { elapsedUs: elapsedUs - windows * this.#windowUs, previous: windows === 1 ? this.#current : 0, current: 0 };
  }
}

function carried(previous: number, elapsedUs: number, windowUs: number): number {
  return Math.floor((previous * (windowUs - elapsedUs)) / windowUs + DUST);
}

/** The moment of a window from which on no more than `room` is carried over; undefined when that is never within it. */
function fitsAfterUs(previous: number, room: number, windowUs: number): number | undefined {
  if (room < -DUST) return undefined;
  const atMost = Math.floor(room + DUST) + 1;
  return previous < atMost ? 0 : Math.floor((windowUs * (previous - atMost)) / previous) + 1;
}
