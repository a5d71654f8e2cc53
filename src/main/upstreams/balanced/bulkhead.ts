/** Bounds how many calls of one upstream run at once. A few more wait in line for a while; the rest is refused at once. */
import type { BulkheadConfig } from '../../../shared/config/schema.ts';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock } from '../../ports.ts';
import type { Departure } from '../../support/departure.ts';

/** What a refused client is told: slots come free with the next answer, and nobody knows when that is. */
const RETRY_AFTER_MS = 1000;

interface Waiter {
  readonly untilMs: number;
  readonly departure: Departure;
  readonly go: () => void;
  readonly refuse: (error: TrafficError) => void;
}

export class Bulkhead {
  readonly #upstream: string;
  readonly #clock: Clock;
  #config: BulkheadConfig;
  #runningCount = 0;
  #rejectedCount = 0;
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter>();

  constructor(upstream: string, config: BulkheadConfig, clock: Clock) {
    this.#upstream = upstream;
    this.#config = config;
    this.#clock = clock;
  }

  get queuedCount(): number {
    return this.#waiters.size;
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  get rejectedCount(): number {
    return this.#rejectedCount;
  }

  get config(): BulkheadConfig {
    return this.#config;
  }

  /** New bounds hold for those who come; who waits goes on as soon as there is room. */
  configure(config: BulkheadConfig): void {
    this.#config = config;
    while (this.#runningCount < config.maxConcurrent && this.#waiters.size > 0) this.#next();
  }

  /** Takes a slot: at once (undefined), or when the promise resolves. Throws or rejects with UNAVAILABLE, or CANCELLED when the client left. */
  enter(departure: Departure): Promise<void> | undefined {
    const { maxConcurrent, maxQueue, queueTimeout } = this.#config;
    if (this.#runningCount < maxConcurrent && this.#waiters.size === 0) {
      this.#runningCount += 1;
      return undefined;
    }
    if (this.#waiters.size >= maxQueue) throw this.#refusal(`${maxConcurrent} calls run and ${maxQueue} wait`);
    return new Promise((go, refuse) => {
      const waiter: Waiter = { untilMs: this.#nowMs + queueTimeout, departure, go, refuse };
      this.#waiters.add(waiter);
      departure.listener = () => {
        this.#waiters.delete(waiter);
        refuse(new TrafficError('CANCELLED', 'The client left.'));
      };
    });
  }

  /** Gives a slot back; who waits longest gets it. */
  leave(): void {
    this.#runningCount -= 1;
    if (this.#runningCount < this.#config.maxConcurrent) this.#next();
  }

  /** Refuses those who have waited for too long. */
  sweep(): void {
    const nowMs = this.#nowMs;
    for (const waiter of this.#waiters) {
      if (waiter.untilMs > nowMs) continue;
      this.#take(waiter).refuse(this.#refusal(`no call ended within ${this.#config.queueTimeout} ms`));
    }
  }

  /** Refuses everyone who waits. */
  close(error: TrafficError): void {
    for (const waiter of this.#waiters) this.#take(waiter).refuse(error);
  }

  #next(): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) return;
    this.#runningCount += 1;
    this.#take(waiter).go();
  }

  #take(waiter: Waiter): Waiter {
    this.#waiters.delete(waiter);
    waiter.departure.listener = undefined;
    return waiter;
  }

  #refusal(reason: string): TrafficError {
    this.#rejectedCount += 1;
    return new TrafficError('UNAVAILABLE', `Too many calls to ${this.#upstream}: ${reason}.`, {
      facts: { upstream: this.#upstream, state: 'full', retry_after_ms: RETRY_AFTER_MS, may_have_executed: false },
    });
  }

  get #nowMs(): number {
    return this.#clock.monotonicUs() / 1000;
  }
}
