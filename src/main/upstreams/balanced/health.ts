/** Whether an instance is healthy, by what active checks find: so many failures in a row take it out, so many successes bring it back. */
import type { HealthConfig } from '../../../shared/config/schema.ts';
import type { Clock } from '../../ports.ts';

export interface CheckResult {
  readonly isAlive: boolean;
  readonly reason: string;
  /** Nobody listens there, or the process is gone. */
  readonly isGone?: boolean;
}

export interface HealthDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange: (isHealthy: boolean, reason: string) => void;
}

/** Deviation of the interval, so that checks of many instances and gateways do not meet. */
const JITTER = 0.2;

/** An instance counts as healthy until checks say otherwise: a gateway that starts can serve at once. */
export class Health {
  readonly #deps: HealthDeps;
  #config: HealthConfig;
  #isHealthy = true;
  #reason = 'not checked yet';
  /** Results in a row that speak against the present state. */
  #contraryCount = 0;
  #isRunning = false;
  #dueMs: number;

  constructor(config: HealthConfig, deps: HealthDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#dueMs = this.#nowMs + config.fastInterval * deps.random();
  }

  configure(config: HealthConfig): void {
    const isOther = config.kind !== this.#config.kind;
    this.#config = config;
    if (!isOther) return;
    // What another kind of check found says nothing any more.
    this.#dueMs = this.#nowMs + config.fastInterval * this.#deps.random();
    this.#contraryCount = 0;
    if (!this.#isHealthy) this.#become(true, 'checked in another way from now on');
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  get reason(): string {
    return this.#reason;
  }

  /** What is left of the weight: less with every failed check, before the last one takes it out. */
  get factor(): number {
    return this.#isHealthy ? Math.max(0.1, 1 - this.#contraryCount / this.#config.fall) : 0;
  }

  /** Until it may be healthy again at the earliest; ms. */
  get waitMs(): number {
    return Math.max(0, this.#dueMs - this.#nowMs) + (this.#config.rise - this.#contraryCount - 1) * this.#config.fastInterval;
  }

  /** True when a check should start now; then `done` follows. Checks of one instance never overlap. */
  takeDue(): boolean {
    if (this.#config.kind === 'none' || this.#isRunning || this.#nowMs < this.#dueMs) return false;
    this.#isRunning = true;
    return true;
  }

  done({ isAlive, reason }: CheckResult): void {
    this.#isRunning = false;
    this.#reason = reason;
    this.#contraryCount = isAlive === this.#isHealthy ? 0 : this.#contraryCount + 1;
    const { fall, rise, interval, fastInterval } = this.#config;
    if (this.#contraryCount >= (this.#isHealthy ? fall : rise)) this.#become(isAlive, reason);
    const isChanging = this.#contraryCount > 0 || !this.#isHealthy;
    this.#dueMs = this.#nowMs + (isChanging ? fastInterval : interval) * (1 + JITTER * (2 * this.#deps.random() - 1));
  }

  #become(isHealthy: boolean, reason: string): void {
    this.#isHealthy = isHealthy;
    this.#reason = reason;
    this.#contraryCount = 0;
    this.#deps.onChange(isHealthy, reason);
  }

  get #nowMs(): number {
    return this.#deps.clock.monotonicUs() / 1000;
  }
}
