/** The keys that are worth looking at, for the live view: those that were refused last, then the emptiest. */
import type { LimiterKey } from '../../../shared/model/gateway-state.ts';
import type { LimitEntry } from './limit-keeper.ts';

export const MAX_SHOWN = 200;

export function limitsState(entries: Iterable<LimitEntry>, nowUs: number): { readonly keys: LimiterKey[] } {
  const refused: LimitEntry[] = [];
  const others: LimitEntry[] = [];
  const share = ({ meter, limit }: LimitEntry) => meter.remaining(nowUs) / limit.capacity;
  for (const entry of entries) (entry.lastRefusedAt === undefined ? others : refused).push(entry);
  refused.sort((one, other) => (other.lastRefusedAt ?? 0) - (one.lastRefusedAt ?? 0));
  const room = MAX_SHOWN - Math.min(MAX_SHOWN, refused.length);
  const shown = [...refused.slice(0, MAX_SHOWN), ...lowest(others, share, room)];
  return { keys: shown.map(entry => keyState(entry, nowUs)) };
}

/** The `count` lowest in order; sorts no more than that many at once, because there may be 100 000. */
function lowest(entries: readonly LimitEntry[], rank: (entry: LimitEntry) => number, count: number): LimitEntry[] {
  if (count === 0) return [];
  const order = (list: (readonly [number, LimitEntry])[]) => list.sort(([one], [other]) => one - other).slice(0, count);
  let kept: (readonly [number, LimitEntry])[] = [];
  let worst = Infinity;
  for (const entry of entries) {
    const value = rank(entry);
    if (kept.length >= count && value >= worst) continue;
    kept.push([value, entry]);
    if (kept.length < 2 * count) continue;
    kept = order(kept);
    worst = kept.at(-1)?.[0] ?? Infinity;
  }
  return order(kept).map(([, entry]) => entry);
}

function keyState(entry: LimitEntry, nowUs: number): LimiterKey {
  const { limit, key, meter, admittedCount, refusedCount, lastRefusedAt, inFlight } = entry;
  const { concurrency } = limit.config;
  return {
    limitId: limit.id,
    tier: limit.tier,
    key,
    algorithm: limit.config.algorithm,
    mode: limit.mode,
    capacity: limit.capacity,
    remaining: meter.remaining(nowUs),
    resetMs: meter.resetUs(nowUs) / 1000,
    admittedCount,
    refusedCount,
    inFlight,
    ...(lastRefusedAt === undefined ? {} : { lastRefusedAt }),
    ...(concurrency === undefined ? {} : { maxInFlight: concurrency }),
  };
}
