/**
 * A circuit breaker: closed while calls succeed, open after too many failures, half-open to find out carefully whether the
 * server is back. Knows neither calls nor timers: it is told how things went, and asked what may pass.
 */
import type { BreakerConfig } from '../../../shared/config/schema.ts';
import type { BreakerWord } from '../../../shared/model/gateway-event.ts';
import type { BreakerState } from '../../../shared/model/gateway-state.ts';
import type { Clock } from '../../ports.ts';
import { FailureWindow } from './failure-window.ts';

export interface BreakerTransition {
  readonly from: BreakerWord;
  readonly to: BreakerWord;
  readonly reason: string;
  /** Epoch ms of the next probe, when it opened. */
  readonly reopensAt?: number;
}

export interface BreakerDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onTransition: (transition: BreakerTransition) => void;
  /** Whether a harmless probe comes before the first real call in half-open. */
  readonly hasProbe: boolean;
}

/** How a call went. `neutral` says nothing about the server: the client left, or we stopped before sending. */
export type CallResult = 'success' | 'failure' | 'neutral';

/** What `enter` gave: results of calls from before the newest transition change nothing any more. */
export type Pass = number;

/** Deviation of the pause, so that many gateways do not come back at once. */
const JITTER = 0.2;
/** Weight right after closing. */
const SLOW_START = 0.1;

export class Breaker {
  readonly #deps: BreakerDeps;
  readonly #window: FailureWindow;
  #config: BreakerConfig;
  #word: BreakerWord = 'closed';
  /** Counts transitions. */
  #generation = 0;
  #sinceMs: number;
  #reopensMs = 0;
  #consecutiveFailures = 0;
  #consecutiveOpens = 0;
  /** Closed by successes in half-open: the server gets its load back slowly. */
  #isRecovering = false;
  #isProbed = false;
  #isBusy = false;
  #successes = 0;
  #lastReason = '';
  #lastTrip: { readonly at: number; readonly reason: string } | undefined;

  constructor(config: BreakerConfig, deps: BreakerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#window = new FailureWindow(config.window);
    this.#sinceMs = this.#nowMs;
  }

  get word(): BreakerWord {
    return this.#word;
  }

  /** New numbers hold at once; what was counted stays. */
  configure(config: BreakerConfig): void {
    this.#config = config;
    this.#window.configure(config.window);
    if (!config.enabled && (this.#word === 'open' || this.#word === 'half-open')) this.#close('the breaker was switched off', false);
  }

  /** Lets time pass: an open breaker whose pause is over is half-open. */
  advance(): void {
    if (this.#word === 'open' && this.#nowMs >= this.#reopensMs) this.#become('half-open', 'its pause is over');
  }

  /** Whether a call may pass now. */
  get isPassable(): boolean {
    this.advance();
    return this.#word === 'closed' || (this.#word === 'half-open' && this.#isProbed && !this.#isBusy);
  }

  /** Half-open, and nobody has looked yet whether the server lives. */
  get needsProbe(): boolean {
    this.advance();
    return this.#word === 'half-open' && !this.#isProbed;
  }

  /** Until a call may pass again, as far as it is known; ms. */
  get waitMs(): number {
    return this.#word === 'open' ? Math.max(0, this.#reopensMs - this.#nowMs) : 0;
  }

  /** 1, or less while it recovers: 10 % … 100 % of the weight over the slow start. */
  get weightFactor(): number {
    const { slowStart } = this.#config;
    if (!this.#isRecovering || this.#word !== 'closed') return 1;
    const share = slowStart === 0 ? 1 : (this.#nowMs - this.#sinceMs) / slowStart;
    if (share >= 1) this.#isRecovering = false;
    return Math.min(1, SLOW_START + (1 - SLOW_START) * share);
  }

  /** A call goes; `isPassable` was true. In half-open it is the only one until it leaves. */
  enter(): Pass {
    if (this.#word === 'half-open') this.#isBusy = true;
    return this.#generation;
  }

  /** How the call of `enter` went. The reason of a failure names its kind. */
  leave(pass: Pass, result: CallResult, reason = ''): void {
    if (pass !== this.#generation) return;
    if (this.#word === 'half-open') this.#trialOver(result, reason);
    else if (this.#word === 'closed' && result !== 'neutral') this.#count(result === 'failure', reason);
  }

  /** Something failed outside of any call, such as a process that ended. */
  failed(reason: string): void {
    if (this.#word === 'closed') this.#count(true, reason);
    else if (this.#word === 'half-open') this.#open(reason);
  }

  /** The pass of now, for a probe: it holds no place. */
  get pass(): Pass {
    return this.#generation;
  }

  /** What the probe of this generation found. */
  probed(pass: Pass, isAlive: boolean, reason: string): void {
    if (pass !== this.#generation || this.#word !== 'half-open') return;
    if (isAlive) this.#isProbed = true;
    else this.#open(`the probe failed: ${reason}`);
  }

  /** Opens it, whatever was counted. One that lets nothing pass stays as it is. */
  trip(reason: string): void {
    if (this.#word !== 'isolated' && this.#word !== 'open') this.#open(reason);
  }

  /** Closes it and forgets everything. */
  reset(reason: string): void {
    this.#consecutiveOpens = 0;
    this.#close(reason, false);
  }

  /** Lets nothing pass until it is taken back. */
  isolate(isIsolated: boolean, reason: string): void {
    if (isIsolated && this.#word !== 'isolated') this.#become('isolated', reason);
    else if (!isIsolated && this.#word === 'isolated') this.#close(reason, false);
  }

  /** Calls and failures of the window, for comparing instances. */
  get recent(): { readonly calls: number; readonly failures: number } {
    return this.#window.total(this.#nowMs);
  }

  /** Nothing worth keeping: closed, without a failure in the window, and no opens to remember. */
  get isBlank(): boolean {
    return this.#word === 'closed' && this.#consecutiveFailures === 0 && this.recent.failures === 0 && !this.#hasOpens;
  }

  clearWindow(): void {
    this.#window.clear();
    this.#consecutiveFailures = 0;
  }

  get state(): BreakerState {
    const nowMs = this.#nowMs;
    const { calls, failures } = this.#window.total(nowMs);
    const at = (ms: number) => Math.round(this.#deps.clock.now() + ms - nowMs);
    return {
      word: this.#word,
      since: at(this.#sinceMs),
      ...(this.#word === 'open' ? { reopensAt: at(this.#reopensMs) } : {}),
      consecutiveFailures: this.#consecutiveFailures,
      consecutiveOpens: this.#hasOpens ? this.#consecutiveOpens : 0,
      buckets: this.#window.buckets(nowMs),
      failureRate: calls === 0 ? 0 : failures / calls,
      threshold: this.#config.failureRate,
      ...(this.#lastTrip === undefined ? {} : { lastTripAt: this.#lastTrip.at, lastTripReason: this.#lastTrip.reason }),
    };
  }

  #count(isFailure: boolean, reason: string): void {
    this.#window.add(this.#nowMs, isFailure);
    this.#consecutiveFailures = isFailure ? this.#consecutiveFailures + 1 : 0;
    const { enabled, consecutive, minimumCalls, failureRate, window } = this.#config;
    if (isFailure) this.#lastReason = reason;
    if (!enabled) return;
    if (this.#consecutiveFailures >= consecutive) {
      this.#open(`${consecutive} failures in a row; the last: ${reason}`);
      return;
    }
    const { calls, failures } = this.recent;
    if (calls >= minimumCalls && failures / calls >= failureRate)
      this.#open(`${failures} of ${calls} calls failed within ${window / 1000} s; the last: ${this.#lastReason}`);
  }

  #trialOver(result: CallResult, reason: string): void {
    this.#isBusy = false;
    if (result === 'failure') this.#open(`a call failed while half-open: ${reason}`);
    else if (result === 'success') {
      this.#successes += 1;
      if (this.#successes >= this.#config.successes) this.#close(`${this.#successes} calls succeeded`, true);
    }
  }

  #open(reason: string): void {
    const { open, maxOpen } = this.#config;
    if (!this.#hasOpens) this.#consecutiveOpens = 0;
    this.#consecutiveOpens += 1;
    const pauseMs = Math.min(maxOpen, open * 2 ** (this.#consecutiveOpens - 1)) * (1 + JITTER * (2 * this.#deps.random() - 1));
    const nowMs = this.#nowMs;
    this.#reopensMs = nowMs + pauseMs;
    const at = this.#deps.clock.now();
    this.#lastTrip = { at, reason };
    this.#become('open', reason, Math.round(at + pauseMs));
  }

  /** Opens count as consecutive until it was closed for long. */
  get #hasOpens(): boolean {
    if (this.#consecutiveOpens === 0) return false;
    return this.#word !== 'closed' || this.#nowMs - this.#sinceMs < this.#config.forgetAfter;
  }

  #close(reason: string, isRecovering: boolean): void {
    this.clearWindow();
    this.#isRecovering = isRecovering;
    if (this.#word !== 'closed') this.#become('closed', reason);
  }

  #become(to: BreakerWord, reason: string, reopensAt?: number): void {
    const from = this.#word;
    this.#word = to;
    this.#generation += 1;
    this.#sinceMs = this.#nowMs;
    this.#isProbed = !this.#deps.hasProbe;
    this.#isBusy = false;
    this.#successes = 0;
    this.#deps.onTransition({ from, to, reason, ...(reopensAt === undefined ? {} : { reopensAt }) });
  }

  get #nowMs(): number {
    return this.#deps.clock.monotonicUs() / 1000;
  }
}
