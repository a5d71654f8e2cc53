/** Looks after an upstream at a steady pace: time-outs, queue, breakers, probes, health checks, outliers, connections that are not needed any more. */
import type { UpstreamConfig } from '../../../shared/config/schema.ts';
import { healthChecks, type Checks } from './health-check.ts';
import type { Instance } from './instance.ts';
import type { Line } from './line.ts';
import { outliers } from './outliers.ts';
import type { Parts } from './parts.ts';

const TICK_MS = 100;
/** Outliers are looked for once a second. */
const OUTLIER_TICKS = 10;
/** How long exchanges on a connection that is not needed any more may go on. */
const DRAIN_MS = 30_000;

interface Retired {
  readonly line: Line;
  readonly untilMs: number;
}

export class Watchman {
  readonly #parts: Parts;
  readonly #checks: Checks;
  readonly #timer: NodeJS.Timeout;
  #config: UpstreamConfig;
  #retired: Retired[] = [];
  #closing: Promise<unknown>[] = [];
  /** Instances with a probe under way, by the breaker's pass that it is for. */
  readonly #probing = new Map<Instance, number>();
  #tickCount = 0;

  constructor(parts: Parts, config: UpstreamConfig) {
    this.#parts = parts;
    this.#config = config;
    this.#checks = healthChecks(parts.own);
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  configure(config: UpstreamConfig): void {
    this.#config = config;
  }

  /** Closes the connection when nobody uses it any more, or after half a minute. */
  retire(line: Line): void {
    this.#retired.push({ line, untilMs: this.#nowMs + DRAIN_MS });
    this.#closeUnused();
  }

  tick(): void {
    const { deadlines, bulkhead, keepAlives, balancer } = this.#parts;
    deadlines.sweep();
    bulkhead.sweep();
    keepAlives.sweep();
    for (const instance of balancer.instances) {
      instance.advance();
      if (instance.config.disabled) continue;
      if (instance.breaker.needsProbe) this.#probe(instance);
      if (instance.health.takeDue()) this.#check(instance);
    }
    this.#tickCount += 1;
    if (this.#tickCount % OUTLIER_TICKS === 0) this.#ejectOutliers();
    if (this.#retired.length > 0) this.#closeUnused();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const { line } of this.#retired.splice(0)) this.#close(line);
    await Promise.all(this.#closing);
  }

  #probe(instance: Instance): void {
    const { breaker } = instance;
    const { pass } = breaker;
    if (this.#probing.get(instance) === pass) return;
    this.#probing.set(instance, pass);
    void this.#checks.probe(instance, this.#config.health).then(({ isAlive, reason, isGone = false }) => {
      if (this.#probing.get(instance) === pass) this.#probing.delete(instance);
      instance.noteLife(!isAlive && isGone);
      breaker.probed(pass, isAlive, reason);
    });
  }

  #check(instance: Instance): void {
    void this.#checks.check(instance, this.#config.health).then(result => {
      if (result.isAlive || result.isGone === true) instance.noteLife(!result.isAlive);
      instance.health.done(result);
    });
  }

  #ejectOutliers(): void {
    const taking = this.#parts.balancer.instances.filter(({ config }) => !config.disabled);
    if (taking.length < 2) return;
    for (const instance of outliers(taking, this.#config.breaker)) {
      const { calls, failures } = instance.recent;
      instance.eject(`${failures} of ${calls} calls failed, far more than at its siblings`);
    }
  }

  #closeUnused(): void {
    const nowMs = this.#nowMs;
    const over = this.#retired.filter(({ line, untilMs }) => line.openCount === 0 || untilMs <= nowMs);
    this.#retired = this.#retired.filter(retired => !over.includes(retired));
    for (const { line } of over) this.#close(line);
  }

  #close(line: Line): void {
    const closing = line.connection.close().catch((error: unknown) => {
      this.#parts.log.warn('A connection did not close', { upstream: this.#parts.name, error: String(error) });
    });
    this.#closing.push(closing);
    void closing.then(() => {
      this.#closing = this.#closing.filter(other => other !== closing);
    });
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicUs() / 1000;
  }
}
