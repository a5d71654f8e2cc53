/** A limiter key in words, and which keys a person looks for. */
import type { LimiterKey } from '../../../shared/model/gateway-state.ts';
import { count } from '../../formats/size.ts';
import { spanWords } from './time-words.ts';

export type Fill = 'empty' | 'low' | 'some';

/** Less than one call is left, or no place for one more at once. */
export function isUsedUp({ remaining, inFlight, maxInFlight }: LimiterKey): boolean {
  return remaining < 1 || (maxInFlight !== undefined && inFlight >= maxInFlight);
}

/** Keys that refuse the next call. */
export function refusingCount(keys: readonly LimiterKey[]): number {
  return keys.filter(key => key.mode === 'enforce' && isUsedUp(key)).length;
}

export function fillOf(key: LimiterKey): Fill {
  if (isUsedUp(key)) return 'empty';
  return key.remaining / key.capacity < 0.25 ? 'low' : 'some';
}

/** Per cent that are left, for the gauge. */
export function shareLeft({ remaining, capacity }: LimiterKey): number {
  return capacity <= 0 ? 0 : Math.min(100, Math.max(0, Math.round((remaining / capacity) * 100)));
}

/** 0 / 20, 12.4 / 20, 971 / 1,000: parts of a call only where they are many of what is left. */
export function leftWords({ remaining, capacity }: LimiterKey): string {
  const left = remaining < 20 ? Math.floor(remaining * 10) / 10 : Math.floor(remaining);
  return `${count(left)} / ${count(capacity)}`;
}

/** A bucket fills up, a window is left behind. */
export function resetWords({ resetMs, algorithm }: LimiterKey): string {
  const word = algorithm === 'token-bucket' ? 'full' : 'clear';
  return resetMs <= 0 ? word : `${word} in ${spanWords(resetMs)}`;
}

export function algorithmWords({ algorithm }: LimiterKey): string {
  return algorithm === 'token-bucket' ? 'token bucket' : 'sliding window';
}

/** Words anywhere in what a row shows, all of them, in any case. */
export function keysWith(keys: readonly LimiterKey[], search: string): readonly LimiterKey[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  if (words.length === 0) return keys;
  return keys.filter(key => {
    const text = `${key.tier} ${key.limitId} ${key.key} ${key.mode} ${algorithmWords(key)}`.toLowerCase();
    return words.every(word => text.includes(word));
  });
}
