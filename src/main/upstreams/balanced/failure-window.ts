/** How many calls failed lately: counts in ten buckets, so that what is old leaves a tenth at a time. */

const BUCKETS = 10;

export interface BucketCounts {
  readonly calls: number;
  readonly failures: number;
}

export class FailureWindow {
  readonly #calls = Array.from({ length: BUCKETS }, () => 0);
  readonly #failures = Array.from({ length: BUCKETS }, () => 0);
  #bucketMs: number;
  /** Number of the newest bucket since the clock's origin. */
  #newest = 0;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** Another length starts empty: counts of other buckets mean nothing in these. */
  configure(windowMs: number): void {
    if (windowMs / BUCKETS === this.#bucketMs) return;
    this.#bucketMs = windowMs / BUCKETS;
    this.clear();
  }

  add(nowMs: number, isFailure: boolean): void {
    this.#advance(nowMs);
    const at = this.#newest % BUCKETS;
    this.#calls[at] = (this.#calls[at] as number) + 1;
    if (isFailure) this.#failures[at] = (this.#failures[at] as number) + 1;
  }

  total(nowMs: number): BucketCounts {
    this.#advance(nowMs);
    let calls = 0;
    let failures = 0;
    for (let at = 0; at < BUCKETS; at += 1) {
      calls += this.#calls[at] as number;
      failures += this.#failures[at] as number;
    }
    return { calls, failures };
  }

  /** Oldest first. */
  buckets(nowMs: number): BucketCounts[] {
    this.#advance(nowMs);
    return Array.from({ length: BUCKETS }, (_, age) => {
      const at = (this.#newest + 1 + age) % BUCKETS;
      return { calls: this.#calls[at] as number, failures: this.#failures[at] as number };
    });
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  #advance(nowMs: number): void {
    const newest = Math.floor(nowMs / this.#bucketMs);
    if (newest - this.#newest >= BUCKETS) this.clear();
    else
      for (let bucket = this.#newest + 1; bucket <= newest; bucket += 1) {
        this.#calls[bucket % BUCKETS] = 0;
        this.#failures[bucket % BUCKETS] = 0;
      }
    if (newest > this.#newest) this.#newest = newest;
  }
}
