/** What clients are told of limits: in fields on every answer, and in words when they are refused. */
import type { PreparedLimit, Tier } from './prepare-limits.ts';

/** Where one limit stands for this request. */
export interface LimitStanding {
  readonly limit: PreparedLimit;
  /** Calls that may be made at once. */
  readonly remaining: number;
  /** Until that is everything again, ms. */
  readonly resetMs: number;
}

const written = /^(?:x-)?ratelimit(?:-|$)/i;
/** The shortest name of these: most fields are kept without a closer look. */
const MIN_NAME = 'ratelimit'.length;

/**
 * Writes `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10: lists of the limits by their ids) and the
 * older `X-RateLimit-*` of the tightest one.
 */
export function writeLimitHeaders(fields: string[], standings: readonly LimitStanding[]): void {
  let [tightest] = standings;
  if (tightest === undefined) return;
  let policies = '';
  let states = '';
  for (const standing of standings) {
    const { limit, remaining, resetMs } = standing;
    if (share(standing) < share(tightest)) tightest = standing;
    const comma = states === '' ? '' : ', ';
    policies += `${comma}${limit.policyField}`;
    states += `${comma}"${limit.id}";r=${Math.floor(remaining)};t=${seconds(resetMs)}`;
  }
  fields.push('RateLimit-Policy', policies, 'RateLimit', states);
  fields.push(
    'X-RateLimit-Limit',
    String(Math.floor(tightest.limit.capacity)),
    'X-RateLimit-Remaining',
    String(Math.floor(tightest.remaining)),
    'X-RateLimit-Reset',
    String(seconds(tightest.resetMs)),
  );
}

/** The same list when there are none in it, which is usual. */
export function withoutLimitHeaders(rawHeaders: readonly string[]): readonly string[] {
  for (let at = 0; at < rawHeaders.length; at += 2)
    // A flat list: each value stands behind its name.
    if (isOfLimits(rawHeaders[at] as string))
      return rawHeaders.filter((_, index) => !isOfLimits(rawHeaders[index - (index % 2)] as string));
  return rawHeaders;
}

function isOfLimits(name: string): boolean {
  return name.length >= MIN_NAME && written.test(name);
}

const whose: Readonly<Record<Tier, string>> = {
  global: 'for everybody together',
  ip: 'from this address',
  user: 'for this user',
  session: 'in this session',
  endpoint: 'for this method or tool',
};

/** Which limit, how much, how long to wait, in the seconds of Retry-After: the model itself may read it. */
export function rateReason({ id, tier, config, limit, windowMs }: PreparedLimit, waitMs: number): string {
  const burst = config.algorithm === 'token-bucket' ? ` (at most ${config.capacity} at once)` : '';
  const promise = `The limit ${id} allows ${limit} ${limit === 1 ? 'call' : 'calls'} per ${spoken(windowMs)}${burst} ${whose[tier]}`;
  if (!Number.isFinite(waitMs)) return `${promise}; this request asks for more than that at once and can never be made as it is.`;
  return `${promise}, and ${limit === 1 ? 'it is' : 'they are'} used up. The next one is free in ${Math.max(1, Math.ceil(waitMs / 1000))} s.`;
}

export function concurrencyReason({ id, tier, config }: PreparedLimit): string {
  const { concurrency = 0 } = config;
  return `The limit ${id} allows ${concurrency} ${concurrency === 1 ? 'call' : 'calls'} at the same time ${whose[tier]}, and that many are under way. Try again when one of them is answered.`;
}

function spoken(ms: number): string {
  if (ms < 1000) return `${Math.max(1, Math.ceil(ms))} ms`;
  if (ms <= 120_000) return `${Math.ceil(ms / 1000)} s`;
  return `${Math.ceil(ms / 60_000)} min`;
}

function share({ limit, remaining }: LimitStanding): number {
  return remaining / limit.capacity;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
