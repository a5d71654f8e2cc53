/** What is said of a breaker. */
import { expect, test } from 'vitest';
import type { BreakerState } from '../../shared/model/gateway-state.ts';
import { breakerText } from './upstream-breaker.ts';

const breaker = (facts: Partial<BreakerState>): { breaker: BreakerState } => ({
  breaker: {
    word: 'closed',
    since: 0,
    consecutiveFailures: 0,
    consecutiveOpens: 0,
    buckets: [],
    failureRate: 0,
    threshold: 0.5,
    ...facts,
  },
});
const at = new Date(2026, 10, 22, 8, 0, 1).getTime();

test.each<[string, Partial<BreakerState>]>([
  ['closed', {}],
  ['isolated', { word: 'isolated', reopensAt: at }],
  ['half-open', { word: 'half-open' }],
  ['open', { word: 'open' }],
  ['open, probed again at 08:00:01', { word: 'open', reopensAt: at }],
])('%s', (text, facts) => {
  expect(breakerText(breaker(facts))).toBe(text);
});
