/** One instance of an upstream: what is known about it, whether it may be used now, and what becomes of the calls it got. */
import type { InstanceConfig, UpstreamConfig } from '../../../shared/config/schema.ts';
import type { EmitEvent } from '../../../shared/model/gateway-event.ts';
import type { InstanceState } from '../../../shared/model/gateway-state.ts';
import type { Clock } from '../../ports.ts';
import { Breaker, type BreakerTransition } from './breaker.ts';
import { Health } from './health.ts';
import { Latency } from './latency.ts';
import type { Line } from './line.ts';
import type { Candidate } from './pick.ts';
import { ToolBreakers } from './tool-breakers.ts';
import { Usage } from './usage.ts';

export interface InstanceDeps {
  readonly upstream: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: EmitEvent;
}

/** Why an instance gets nothing now, and for how long at least (ms; `Infinity` until somebody does something about it). */
export interface Block {
  readonly state: 'disabled' | 'isolated' | 'drained' | 'open' | 'half-open' | 'unhealthy' | 'ejected' | 'paused';
  readonly waitMs: number;
}

/** A half-open instance is busy with a probe or a single call; how long that takes, nobody knows. */
const BUSY_MS = 200;
/** A failure is at least as bad as an answer this slow, or who fails fast would look best. */
const FAILURE_LATENCY_MS = 1000;

export class Instance implements Candidate {
  readonly id: string;
  readonly #deps: InstanceDeps;
  readonly breaker: Breaker;
  readonly tools: ToolBreakers;
  readonly health: Health;
  readonly latency = new Latency();
  #config: InstanceConfig;
  #upstream: UpstreamConfig;
  #line: Line;
  /** Kept by `Usage`. */
  inFlight = 0;
  openStreams = 0;
  callCount = 0;
  failureCount = 0;
  #pausedUntilMs = 0;
  #ejectedUntilMs = 0;
  #isEjected = false;
  #ejectionCount = 0;
  #isGone = false;
  #lastExit: string | undefined;

  constructor(config: InstanceConfig, upstream: UpstreamConfig, line: Line, deps: InstanceDeps) {
    const { clock, random } = deps;
    this.id = config.id;
    this.#config = config;
    this.#upstream = upstream;
    this.#line = line;
    this.#deps = deps;
    const onTransition = (transition: BreakerTransition, tool?: string) => this.#tellBreaker(transition, tool);
    this.breaker = new Breaker(upstream.breaker, { clock, random, hasProbe: true, onTransition: transition => onTransition(transition) });
    this.tools = new ToolBreakers(upstream.breaker, { clock, random, onTransition: (tool, transition) => onTransition(transition, tool) });
    this.health = new Health(upstream.health, { clock, random, onChange: (isHealthy, reason) => this.#tellHealth(isHealthy, reason) });
    this.#listen(line);
  }

  /** New numbers hold at once; breakers, counters and health stay. */
  configure(config: InstanceConfig, upstream: UpstreamConfig): void {
    this.#config = config;
    this.#upstream = upstream;
    this.breaker.configure(upstream.breaker);
    this.tools.configure(upstream.breaker);
    this.health.configure(upstream.health);
  }

  get config(): InstanceConfig {
    return this.#config;
  }

  get line(): Line {
    return this.#line;
  }

  /** Calls go over another connection from now on. */
  set line(line: Line) {
    this.#line = line;
    this.#listen(line);
  }

  get factor(): number {
    return this.health.factor * this.breaker.weightFactor;
  }

  get effectiveWeight(): number {
    return this.#config.weight * this.factor;
  }

  get weight(): number {
    return this.#config.weight;
  }

  get latencyMs(): number | undefined {
    return this.latency.valueMs;
  }

  get isEjected(): boolean {
    return this.#isEjected;
  }

  get recent(): { readonly calls: number; readonly failures: number } {
    return this.breaker.recent;
  }

  /** The last that was heard of it: nobody listens there, or its process ended. Sessions that it had are lost. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Why its process ended by itself since this was asked last. */
  takeExit(): string | undefined {
    const reason = this.#lastExit;
    this.#lastExit = undefined;
    return reason;
  }

  /** Undefined when it may be used. `isPinned`: the request belongs to a session of this instance, so that a weight of 0 does not count. */
  blockOf(tool: string | undefined, isPinned: boolean): Block | undefined {
    const { breaker, health } = this;
    if (this.#config.disabled) return { state: 'disabled', waitMs: Infinity };
    if (breaker.word === 'isolated') return { state: 'isolated', waitMs: Infinity };
    if (this.#config.weight === 0 && !isPinned) return { state: 'drained', waitMs: Infinity };
    const block = blockOfBreaker(breaker) ?? blockOfBreaker(this.tools.find(tool));
    if (block !== undefined) return block;
    if (!health.isHealthy) return { state: 'unhealthy', waitMs: health.waitMs };
    const nowMs = this.#nowMs;
    if (this.#isEjected && nowMs < this.#ejectedUntilMs) return { state: 'ejected', waitMs: this.#ejectedUntilMs - nowMs };
    return nowMs < this.#pausedUntilMs ? { state: 'paused', waitMs: this.#pausedUntilMs - nowMs } : undefined;
  }

  /** A call goes to it; `blockOf` was undefined. */
  use(tool: string | undefined): Usage {
    return new Usage(this, this.tools.use(tool));
  }

  /** It said how long it wants to be left alone (429). */
  pause(forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#nowMs + forMs);
  }

  /** What a call or a check says about whether somebody is there at all. */
  noteLife(isGone: boolean): void {
    this.#isGone = isGone;
  }

  noteFailureLatency(): void {
    this.latency.observe(this.#nowMs, Math.max(FAILURE_LATENCY_MS, this.latency.valueMs ?? 0));
  }

  /** Takes it out for a while, longer every time. */
  eject(reason: string): void {
    const { open, maxOpen } = this.#upstream.breaker;
    this.#ejectionCount += 1;
    this.#isEjected = true;
    const forMs = Math.min(maxOpen, open * 2 ** (this.#ejectionCount - 1));
    this.#ejectedUntilMs = this.#nowMs + forMs;
    this.#tellHealth(false, `ejected for ${Math.round(forMs / 1000)} s: ${reason}`);
  }

  /** Lets time pass. */
  advance(): void {
    this.breaker.advance();
    this.tools.advance();
    const nowMs = this.#nowMs;
    if (this.#isEjected && nowMs >= this.#ejectedUntilMs) this.#unEject('its time out is over');
    else if (this.#ejectionCount > 0 && !this.#isEjected && nowMs - this.#ejectedUntilMs > this.#upstream.breaker.forgetAfter)
      this.#ejectionCount = 0;
  }

  /** Back to work at once, on a person's word. */
  reset(reason: string): void {
    this.breaker.reset(reason);
    this.tools.reset(reason);
    this.#pausedUntilMs = 0;
    this.#ejectionCount = 0;
    if (this.#isEjected) this.#unEject(reason);
  }

  get state(): InstanceState {
    const { id, breaker, tools, health, inFlight, openStreams, callCount, failureCount } = this;
    const { url, command, transport, disabled, weight } = this.#config;
    const nowMs = this.#nowMs;
    const at = (ms: number) => Math.round(this.#deps.clock.now() + ms - nowMs);
    const latencyMs = this.latency.valueMs;
    return {
      id,
      address: url === undefined ? (command ?? '') : addressOf(url),
      transport: url === undefined ? 'stdio' : transport,
      isDisabled: disabled,
      isHealthy: health.isHealthy,
      healthReason: health.reason,
      ...(this.#isEjected ? { ejectedUntil: at(this.#ejectedUntilMs) } : {}),
      ...(nowMs < this.#pausedUntilMs ? { pausedUntil: at(this.#pausedUntilMs) } : {}),
      breaker: breaker.state,
      tools: tools.states,
      weight,
      effectiveWeight: this.blockOf(undefined, false) === undefined ? this.effectiveWeight : 0,
      inFlight,
      openStreams,
      ...(latencyMs === undefined ? {} : { latencyMs }),
      callCount,
      failureCount,
      connections: this.#line.connection.connections(),
      childCount: this.#line.connection.childCount(),
      ...(url === undefined ? { maxChildren: this.#upstream.stdio.maxChildren } : {}),
    };
  }

  #listen(line: Line): void {
    line.connection.onExit?.(reason => {
      // Of a connection that was replaced, nothing counts any more.
      if (this.#line !== line) return;
      this.#isGone = true;
      this.#lastExit = reason;
      this.breaker.failed(reason);
    });
  }

  #unEject(reason: string): void {
    this.#isEjected = false;
    this.#ejectedUntilMs = this.#nowMs;
    // What took it out shall not take it out again at once.
    this.breaker.clearWindow();
    this.#tellHealth(this.health.isHealthy, reason);
  }

  #tellBreaker(transition: BreakerTransition, tool: string | undefined): void {
    const { upstream, clock, emit } = this.#deps;
    emit({ type: 'breaker', at: clock.now(), upstream, instance: this.id, ...(tool === undefined ? {} : { tool }), ...transition });
  }

  #tellHealth(isHealthy: boolean, reason: string): void {
    const { upstream, clock, emit } = this.#deps;
    emit({ type: 'health', at: clock.now(), upstream, instance: this.id, isHealthy, reason });
  }

  get #nowMs(): number {
    return this.#deps.clock.monotonicUs() / 1000;
  }
}

function blockOfBreaker(breaker: Breaker | undefined): Block | undefined {
  if (breaker === undefined || breaker.isPassable) return undefined;
  return breaker.word === 'open' ? { state: 'open', waitMs: breaker.waitMs } : { state: 'half-open', waitMs: BUSY_MS };
}

/** Without what may be a secret: a query, a user name. */
function addressOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? '' : `${parsed.origin}${parsed.pathname}`;
}
