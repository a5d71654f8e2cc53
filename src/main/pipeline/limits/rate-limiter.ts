/**
 * Decides whether a request may be made now. Of all limits that apply either each is charged or none: a refused call costs
 * nothing. A batch costs the sum of its messages.
 */
import type { LimitConfig } from '../../../shared/config/schema.ts';
import type { LimitsState } from '../../../shared/model/gateway-state.ts';
import type { Clock } from '../../ports.ts';
import type { Guard } from '../guard.ts';
import { compareSpecificity, type Matchable } from '../policy/match.ts';
import { RememberedMatch } from '../policy/remembered-match.ts';
import { subjectOf, surroundingsOf, type Subject } from '../policy/subject.ts';
import type { Exchange, Verdict } from '../stage.ts';
import { keyOf } from './limit-keys.ts';
import { LimitKeeper, type LimitEntry } from './limit-keeper.ts';
import { concurrencyReason, rateReason, writeLimitHeaders } from './limit-headers.ts';
import { limitsState } from './limits-state.ts';
import { prepareLimits, type PreparedLimit, type PreparedLimits, type Tier } from './prepare-limits.ts';

export interface RateLimiterDeps {
  readonly clock: Clock;
  /** From 0 to below 1, for the jitter of waiting times. */
  readonly random: () => number;
  readonly maxKeys?: number;
}

export type Admission =
  /** `release` gives back what the request holds of concurrency; absent when it holds nothing. */
  { readonly kind: 'admitted'; readonly release?: () => void } | { readonly kind: 'refused'; readonly verdict: Verdict };

/** How long to wait for a call that is under way is unknown; clients are told to look again after this long, ms. */
const CONCURRENCY_WAIT_MS = 1000;
const JITTER = 0.1;

/** Without these nobody could even begin. Notifications and answers are free as well. */
const freeMethods = new Set(['initialize', 'server/discover']);

/** How often a limit let something through, over all its keys. */
export interface LimitTally {
  readonly id: string;
  readonly tier: Tier;
  admittedCount: number;
}

/** Limits come and go with the configuration; those beyond this are not tallied. */
const MAX_TALLIES = 1000;

/** The limits in force of some tiers, and those of them that act on a message. */
interface LimitsOfTiers {
  readonly limits: readonly PreparedLimit[];
  readonly applying: RememberedMatch<readonly PreparedLimit[]>;
}

/** What one request takes of one key. */
interface Charge {
  readonly limit: PreparedLimit;
  readonly key: string;
  readonly entry: LimitEntry;
  cost: number;
  /** Calls that stay under way until they are answered. */
  held: number;
}

interface Shortage {
  readonly charge: Charge;
  readonly waitMs: number;
  readonly isConcurrency: boolean;
}

export class RateLimiter {
  readonly #deps: RateLimiterDeps;
  readonly #keeper: LimitKeeper;
  #prepared: PreparedLimits = { limits: [] };
  /** Those in force, by the tiers that a stage asks about. */
  readonly #byTiers = new Map<ReadonlySet<Tier>, LimitsOfTiers>();
  readonly #counts = { admittedCount: 0, refusedCount: 0, shadowCount: 0 };
  /** Of all limits that there were: what is counted never goes back. */
  readonly #tallies: LimitTally[] = [];
  #tallyOf: ReadonlyMap<string, LimitTally> = new Map();

  constructor(deps: RateLimiterDeps) {
    this.#deps = deps;
    this.#keeper = new LimitKeeper(deps.maxKeys);
  }

  /** Touches nothing that is in force. Throws ConfigProblems. */
  prepare(limits: readonly LimitConfig[]): PreparedLimits {
    return prepareLimits(limits);
  }

  /** From now on; keys of limits that did not change go on where they are. */
  apply(prepared: PreparedLimits): void {
    this.#prepared = prepared;
    this.#byTiers.clear();
    this.#keeper.apply(prepared);
    this.#tallyOf = new Map(prepared.limits.map(({ id, tier }) => [id, this.#tally(id, tier)]));
  }

  /** For metrics: refusals are told by the exchanges that met them, but nobody tells of each limit that let one pass. */
  get tallies(): readonly Readonly<LimitTally>[] {
    return this.#tallies;
  }

  #tally(id: string, tier: Tier): LimitTally {
    const known = this.#tallies.find(tally => tally.id === id && tally.tier === tier);
    if (known !== undefined) return known;
    const tally = { id, tier, admittedCount: 0 };
    if (this.#tallies.length < MAX_TALLIES) this.#tallies.push(tally);
    return tally;
  }

  /** Whether any limit could act on messages of a wrapped server, where there are neither addresses nor users. */
  effectOn(serverName: string): { readonly canAct: boolean } {
    const canAct = this.#prepared.limits.some(
      ({ tier, mode, match }) => mode !== 'off' && tier !== 'ip' && tier !== 'user' && match.mayMatchServer(serverName),
    );
    return { canAct };
  }

  state(): LimitsState {
    const nowUs = this.#deps.clock.monotonicUs();
    this.#keeper.sweep(nowUs);
    return { ...limitsState(this.#keeper.entries(), nowUs), keyCount: this.#keeper.keyCount, ...this.#counts };
  }

  /** Charges the limits of these tiers for the messages of a request. `stage` names who asks. */
  admit(stage: string, tiers: ReadonlySet<Tier>, exchange: Exchange, guard: Guard): Admission {
    const nowUs = this.#deps.clock.monotonicUs();
    const charges = this.#chargesOf(tiers, exchange, guard, nowUs);
    let shortages: Shortage[] | undefined;
    for (const charge of charges) {
      const shortage = charge.limit.mode === 'enforce' ? shortageOf(charge, nowUs) : undefined;
      if (shortage !== undefined) (shortages ??= []).push(shortage);
    }
    if (shortages !== undefined) return { kind: 'refused', verdict: this.#refuse(stage, guard, charges, shortages, nowUs) };
    let isCharged = false;
    let holders: Charge[] | undefined;
    for (const charge of charges) {
      this.#take(stage, guard, charge, nowUs);
      if (charge.cost > 0) isCharged = true;
      if (charge.held > 0 && charge.limit.config.concurrency !== undefined) (holders ??= []).push(charge);
    }
    if (isCharged) this.#counts.admittedCount += 1;
    this.#note(guard, charges, nowUs);
    return holders === undefined ? admitted : { kind: 'admitted', release: hold(holders) };
  }

  /** Writes what all stages found into the fields of the answer, once. */
  tell({ answerHeaders, journey }: Guard): void {
    const { standings } = journey;
    if (standings === undefined) return;
    journey.standings = undefined;
    writeLimitHeaders(answerHeaders, standings);
  }

  #limitsOf(tiers: ReadonlySet<Tier>): LimitsOfTiers {
    const known = this.#byTiers.get(tiers);
    if (known !== undefined) return known;
    const limits = this.#prepared.limits.filter(({ tier, mode }) => mode !== 'off' && tiers.has(tier));
    const found = { limits, applying: new RememberedMatch(subject => applying(limits, subject)) };
    this.#byTiers.set(tiers, found);
    return found;
  }

  #chargesOf(tiers: ReadonlySet<Tier>, exchange: Exchange, guard: Guard, nowUs: number): Charge[] {
    const { limits, applying: fitting } = this.#limitsOf(tiers);
    if (limits.length === 0) return [];
    const surroundings = surroundingsOf(exchange, guard, this.#deps.clock.now());
    const charges: Charge[] = [];
    // What costs nothing is charged nothing: its answer, too, says where the limits stand.
    const charge = (subject: Subject, costsNothing: boolean, isHeld: boolean) => {
      for (const limit of fitting.of(subject)) {
        const key = keyOf(limit.tier, guard, subject);
        if (key === undefined || limit.isExempt(subject)) continue;
        const cost = costsNothing ? 0 : limit.costOf(subject);
        const held = costsNothing || !isHeld ? 0 : 1;
        // Only in a batch may another message have been charged to the same key.
        const known = guard.items.length > 1 ? charges.find(other => other.limit === limit && other.key === key) : undefined;
        if (known === undefined) charges.push({ limit, key, entry: this.#keeper.find(limit, key, nowUs), cost, held });
        else {
          known.cost += cost;
          known.held += held;
        }
      }
    };
    for (const item of guard.items) {
      const { message } = item;
      if (!('method' in message)) {
        charge(bodiless(surroundings), true, false);
        continue;
      }
      // A subscription waits for nothing, and may stay for hours; what has no id is never answered.
      const isHeld = message.kind === 'request' && message.method !== 'subscriptions/listen';
      charge(subjectOf(item, surroundings), isFree(message), isHeld);
    }
    // Opening a stream, ending a session, and what is no message at all: the address pays for it.
    if (guard.items.length === 0) charge(bodiless(surroundings), !tiers.has('ip'), false);
    return charges;
  }

  #take(stage: string, guard: Guard, charge: Charge, nowUs: number): void {
    const { entry, cost, held } = charge;
    if (entry.limit.mode === 'shadow') {
      const shortage = shortageOf(charge, nowUs);
      if (shortage !== undefined) {
        this.#noteShadow(stage, guard, shortage, nowUs);
        charge.held = 0;
        return;
      }
    }
    if (cost === 0 && held === 0) return;
    entry.meter.take(cost, nowUs);
    entry.admittedCount += 1;
    const tally = this.#tallyOf.get(entry.limit.id);
    if (tally !== undefined) tally.admittedCount += 1;
    this.#keeper.touch(entry, nowUs);
  }

  #noteShadow(stage: string, guard: Guard, shortage: Shortage, nowUs: number): void {
    const { entry } = shortage.charge;
    this.#refused(entry, nowUs);
    this.#counts.shadowCount += 1;
    const { id, tier } = entry.limit;
    guard.decisions.push({ stage, kind: 'shadow', id, tier, reason: reasonOf(shortage) });
  }

  #refuse(stage: string, guard: Guard, charges: readonly Charge[], shortages: readonly Shortage[], nowUs: number): Verdict {
    for (const { charge } of shortages) this.#refused(charge.entry, nowUs);
    this.#counts.refusedCount += 1;
    this.#note(guard, charges, nowUs);
    const worst = shortages.reduce((one, other) => (other.waitMs > one.waitMs ? other : one));
    const { limit } = worst.charge.entry;
    // Drawn out once, so that words, data and Retry-After name the same time.
    const retryAfterMs = Math.ceil(worst.waitMs * (1 + JITTER * this.#deps.random()));
    const reason = reasonOf({ ...worst, waitMs: retryAfterMs });
    guard.decisions.push({ stage, kind: 'refused', id: limit.id, tier: limit.tier, reason });
    return {
      kind: 'refuse',
      stage,
      code: 'LIMITED',
      reason,
      facts: {
        tier: limit.tier,
        limit: worst.isConcurrency ? limit.config.concurrency : limit.limit,
        window_s: worst.isConcurrency ? 0 : limit.windowMs / 1000,
        // What can never be made has no time after which it could.
        ...(Number.isFinite(worst.waitMs) ? { retry_after_ms: retryAfterMs } : {}),
      },
    };
  }

  #refused(entry: LimitEntry, nowUs: number): void {
    entry.refusedCount += 1;
    entry.lastRefusedAt = this.#deps.clock.now();
    this.#keeper.touch(entry, nowUs);
  }

  #note({ journey }: Guard, charges: readonly Charge[], nowUs: number): void {
    for (const { limit, entry } of charges) {
      if (limit.mode !== 'enforce') continue;
      const standing = { limit, remaining: entry.meter.remaining(nowUs), resetMs: entry.meter.resetUs(nowUs) / 1000 };
      (journey.standings ??= []).push(standing);
    }
  }
}

const admitted: Admission = { kind: 'admitted' };

/** All limits that match; of those per endpoint only the closest, and what is merely watched displaces nothing that acts. */
function applying(limits: readonly PreparedLimit[], subject: Matchable): PreparedLimit[] {
  const found: PreparedLimit[] = [];
  const closest: { enforce?: PreparedLimit; shadow?: PreparedLimit } = {};
  for (const limit of limits) {
    const { tier, mode, match } = limit;
    if (!match.matches(subject)) continue;
    if (tier !== 'endpoint') found.push(limit);
    // An endpoint is a method; what is no message asks none.
    else if (mode !== 'off' && subject.method !== '') {
      const best = closest[mode];
      if (best === undefined || compareSpecificity(match.specificity(subject), best.match.specificity(subject)) > 0) closest[mode] = limit;
    }
  }
  if (closest.enforce !== undefined) found.push(closest.enforce);
  if (closest.shadow !== undefined) found.push(closest.shadow);
  return found;
}

/** A call that merely leaves out its id is no notification: a server may run it all the same. */
function isFree({ kind, method }: { readonly kind: string; readonly method: string }): boolean {
  return freeMethods.has(method) || (kind === 'notification' && method.startsWith('notifications/'));
}

/** Why a charge does not fit; none when it does. What costs nothing always fits. */
function shortageOf(charge: Charge, nowUs: number): Shortage | undefined {
  const { entry, cost, held } = charge;
  const { concurrency } = entry.limit.config;
  const waitMs = cost === 0 ? 0 : entry.meter.waitUs(cost, nowUs) / 1000;
  if (waitMs > 0) return { charge, waitMs, isConcurrency: false };
  if (concurrency === undefined || held === 0 || entry.inFlight + held <= concurrency) return undefined;
  return { charge, waitMs: held > concurrency ? Infinity : CONCURRENCY_WAIT_MS, isConcurrency: true };
}

function reasonOf({ charge, waitMs, isConcurrency }: Shortage): string {
  const { limit } = charge.entry;
  return isConcurrency ? concurrencyReason(limit) : rateReason(limit, waitMs);
}

function hold(holders: readonly Charge[]): () => void {
  const held = holders.map(({ entry, held: count }) => ({ entry, count }));
  for (const { entry, count } of held) entry.inFlight += count;
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    for (const { entry, count } of held) entry.inFlight -= count;
  };
}

function bodiless(surroundings: ReturnType<typeof surroundingsOf>): Subject {
  return { ...surroundings, method: '', tool: '', prompt: '', resource: '', args: undefined, toolMeta: undefined };
}
