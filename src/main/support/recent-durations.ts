/** The percentiles of the newest durations, for windows that cannot ask a Prometheus. */

const KEPT = 4096;
const WINDOW_MS = 5 * 60_000;

export interface Percentiles {
  readonly count: number;
  readonly p50Ms?: number;
  readonly p90Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
}

/** A ring of the newest durations (4096 unless told otherwise); older than five minutes they do not count. */
export class RecentDurations {
  readonly #clock: { now(): number };
  readonly #durations: Float64Array;
  readonly #endedAt: Float64Array;
  #count = 0;

  constructor(clock: { now(): number }, kept = KEPT) {
    this.#clock = clock;
    this.#durations = new Float64Array(kept);
    this.#endedAt = new Float64Array(kept);
  }

  /** `endedAt` in epoch ms. */
  note(durationMs: number, endedAt: number): void {
    const slot = this.#count % this.#durations.length;
    this.#durations[slot] = durationMs;
    this.#endedAt[slot] = endedAt;
    this.#count += 1;
  }

  /** Nearest rank, ms. */
  percentiles(): Percentiles {
    const since = this.#clock.now() - WINDOW_MS;
    const filled = Math.min(this.#count, this.#durations.length);
    const recent = this.#durations.subarray(0, filled).filter((_, slot) => (this.#endedAt[slot] as number) >= since);
    if (recent.length === 0) return { count: 0 };
    recent.sort();
    const rank = (share: number) => recent[Math.max(0, Math.ceil(share * recent.length) - 1)] as number;
    return { count: recent.length, p50Ms: rank(0.5), p90Ms: rank(0.9), p95Ms: rank(0.95), p99Ms: rank(0.99) };
  }
}
