/** How often a shared server may be started again: at once, then later and later, and never more than so many times a minute. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock } from '../../ports.ts';

const MINUTE_US = 60_000_000;
const MAX_DELAY_US = 30_000_000;
const FIRST_DELAY_US = 1_000_000;

export class RestartGate {
  readonly #clock: Clock;
  readonly #maxPerMinute: number;
  #startsUs: number[] = [];
  #failedCount = 0;
  #readyUs = -Infinity;

  constructor(clock: Clock, maxPerMinute: number) {
    this.#clock = clock;
    this.#maxPerMinute = maxPerMinute;
  }

  /** Counts a start. Throws UNAVAILABLE with the time to wait when it is too early for one. */
  pass(name: string): void {
    const nowUs = this.#clock.monotonicUs();
    this.#startsUs = this.#startsUs.filter(atUs => nowUs - atUs < MINUTE_US);
    const [oldestUs] = this.#startsUs;
    const fullUntilUs = this.#startsUs.length >= this.#maxPerMinute && oldestUs !== undefined ? oldestUs + MINUTE_US : -Infinity;
    const waitUs = Math.max(this.#readyUs, fullUntilUs) - nowUs;
    if (waitUs > 0)
      throw new TrafficError('UNAVAILABLE', `${name} ended by itself and is started again later.`, {
        facts: { state: 'restarting', retry_after_ms: Math.ceil(waitUs / 1000), may_have_executed: false },
      });
    this.#startsUs.push(nowUs);
  }

  /** It could not be started, or ended by itself after `livedUs`. A long life makes up for earlier failures. */
  failed(livedUs: number): void {
    this.#failedCount = livedUs > MINUTE_US ? 1 : this.#failedCount + 1;
    // The first failure costs nothing: most servers that crash do so once.
    const delayUs = this.#failedCount <= 1 ? 0 : Math.min(MAX_DELAY_US, FIRST_DELAY_US * 2 ** (this.#failedCount - 2));
    this.#readyUs = this.#clock.monotonicUs() + delayUs;
  }
}
