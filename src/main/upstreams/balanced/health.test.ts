import { expect, test } from 'vitest';
import { FakeClock } from '../../../../test/kit/fake-clock.ts';
import { BreakerConfig, HealthConfig } from '../../../shared/config/schema.ts';
import { Health } from './health.ts';
import { outliers } from './outliers.ts';
import { retryAfterMs } from './retry-after.ts';

function setUp(config: Partial<HealthConfig> = {}, random = () => 0.5) {
  const clock = new FakeClock();
  const told: string[] = [];
  const health = new Health(
    { ...HealthConfig.parse({}), ...config },
    { clock, random, onChange: (isHealthy, reason) => told.push(`${isHealthy ? 'up' : 'down'}: ${reason}`) },
  );
  /** Runs the next check; says how long it took to come. */
  const next = (isAlive: boolean) => {
    let waitedMs = 0;
    while (!health.takeDue()) {
      clock.pass(100);
      waitedMs += 100;
    }
    expect(health.takeDue()).toBe(false);
    health.done({ isAlive, reason: isAlive ? 'fine' : 'no answer' });
    return waitedMs;
  };
  return { clock, health, told, next };
}

test('three failures in a row take it out, two successes bring it back, faster checks in between', () => {
  const { health, told, next } = setUp();
  expect(next(true)).toBe(1000);
  expect(next(false)).toBe(10_000);
  expect(health.factor).toBeCloseTo(2 / 3);
  expect(next(true)).toBe(2000);
  expect(health.factor).toBe(1);
  expect(next(false)).toBe(10_000);
  expect([next(false), next(false)]).toEqual([2000, 2000]);
  expect(health).toMatchObject({ isHealthy: false, factor: 0 });
  expect([next(true), next(false), next(true)]).toEqual([2000, 2000, 2000]);
  expect(health.isHealthy).toBe(false);
  expect(next(true)).toBe(2000);
  expect(next(true)).toBe(10_000);
  expect(told).toEqual(['down: no answer', 'up: fine']);
});

test('the interval is jittered by a fifth either way', () => {
  for (const [random, ms] of [
    [0, 8000],
    [1, 12_000],
  ] as const) {
    const { next } = setUp({}, () => random);
    next(true);
    expect(next(true)).toBe(ms);
  }
});

test('kind none checks nothing; another kind forgets what the old one found', () => {
  const { health, clock } = setUp({ kind: 'none' });
  clock.pass(1_000_000);
  expect(health.takeDue()).toBe(false);
  const other = setUp();
  for (let at = 0; at < 3; at += 1) other.next(false);
  other.health.configure(HealthConfig.parse({ kind: 'tcp' }));
  expect(other.health.isHealthy).toBe(true);
  expect(other.told).toHaveLength(2);
});

test('an outlier is much worse than its siblings, and at most half of them are ejected', () => {
  const breaker = BreakerConfig.parse({});
  const one = (calls: number, failures: number, isEjected = false) => ({ recent: { calls, failures }, isEjected });
  const [good, better, bad, worse] = [one(100, 0), one(100, 1), one(100, 30), one(100, 40)];
  expect(outliers([good, better, bad], breaker)).toEqual([bad]);
  expect(outliers([good, bad], breaker)).toEqual([bad]);
  expect(outliers([bad], breaker)).toEqual([]);
  // A fault that all share is no outlier.
  expect(outliers([one(100, 30), one(100, 35), one(100, 28)], breaker)).toEqual([]);
  expect(outliers([good, better, bad, worse], breaker)).toEqual([worse, bad]);
  expect(outliers([good, one(100, 30), worse, one(50, 0, true)], breaker)).toEqual([worse]);
  expect(outliers([good, one(10, 9)], breaker)).toEqual([]);
  expect(outliers([one(0, 0), bad], breaker)).toEqual([]);
});

test('Retry-After: seconds or a date, at most a minute, a second where there is none', () => {
  const now = Date.UTC(2026, 10, 27, 12, 0, 0);
  expect(retryAfterMs('7', now)).toBe(7000);
  expect(retryAfterMs('86400', now)).toBe(60_000);
  expect(retryAfterMs('Fri, 27 Nov 2026 12:00:30 GMT', now)).toBe(30_000);
  expect(retryAfterMs('Fri, 27 Nov 2026 11:00:00 GMT', now)).toBe(0);
  expect(retryAfterMs('soon', now)).toBe(1000);
  expect(retryAfterMs(undefined, now)).toBe(1000);
});
