/** Meters on a fake clock: what they admit, exactly. */
import { describe, expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { LimitConfig } from '../../../shared/config/schema.ts';
import { meterOf } from './meters.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

const bucket = (capacity: number, refill: number) =>
  LimitConfig.parse({ id: 'l', tier: 'global', algorithm: 'token-bucket', capacity, refill, per: '1m' });
const sliding = (limit: number) => LimitConfig.parse({ id: 'l', tier: 'global', algorithm: 'sliding-window', limit, per: '1m' });

describe('token bucket', () => {
  test('gives its capacity at once, then as much as it refills', () => {
    const meter = meterOf(bucket(3, 6), 0);
    const take = (atUs: number) => {
      const waitUs = meter.waitUs(1, atUs);
      if (waitUs === 0) meter.take(1, atUs);
      return waitUs;
    };
    expect([take(0), take(0), take(0), take(0)]).toEqual([0, 0, 0, 10 * SECOND]);
    expect([take(10 * SECOND - 1), take(10 * SECOND), take(10 * SECOND)]).toEqual([1, 0, 10 * SECOND]);
    expect([meter.remaining(25 * SECOND), meter.resetUs(25 * SECOND), meter.remaining(10 * MINUTE)]).toEqual([1.5, 15 * SECOND, 3]);
  });

  test('never gives more than it can hold', () => {
    expect([meterOf(bucket(3, 6), 0).waitUs(4, 0), meterOf(bucket(3, 6), 0).waitUs(3, 0)]).toEqual([Infinity, 0]);
  });
});

describe('sliding window', () => {
  test('counts the window before by the part of it that is within reach', () => {
    const meter = meterOf(sliding(10), 0);
    meter.take(10, 30 * SECOND);
    expect(meter.waitUs(1, 59 * SECOND)).toBe(1 * SECOND + 1);
    // A tenth of the window has passed: 9 of 10 are carried over.
    expect([meter.remaining(66 * SECOND + 1), meter.waitUs(1, 66 * SECOND + 1)]).toEqual([2, 0]);
    expect([meter.remaining(90 * SECOND), meter.resetUs(90 * SECOND), meter.remaining(3 * MINUTE), meter.resetUs(3 * MINUTE)]).toEqual([
      5,
      30 * SECOND,
      10,
      0,
    ]);
  });

  test('never gives more than the limit', () => {
    expect([meterOf(sliding(5), 0).waitUs(6, 0), meterOf(sliding(5), 0).waitUs(5, 0)]).toEqual([Infinity, 0]);
  });
});

describe.each([
  ['token bucket', (perMinute: number) => bucket(perMinute, perMinute)],
  ['sliding window', sliding],
] as const)('%s', (_, config) => {
  test.each([5, 100])('admits %d per minute within 5 %% when three times as much is offered, once the burst is spent', perMinute => {
    const meter = meterOf(config(perMinute), 0);
    const everyUs = MINUTE / (3 * perMinute);
    const admittedByMinute = Array<number>(12).fill(0);
    for (let at = 0; at < 12 * 3 * perMinute; at += 1) {
      const nowUs = Math.round(at * everyUs);
      if (meter.waitUs(1, nowUs) > 0) continue;
      meter.take(1, nowUs);
      const minute = Math.floor(nowUs / MINUTE);
      admittedByMinute[minute] = (admittedByMinute[minute] ?? 0) + 1;
    }
    for (const admitted of admittedByMinute.slice(2)) expect(Math.abs(admitted - perMinute) / perMinute).toBeLessThanOrEqual(0.05);
  });

  test('fits after the time that it says, and not before', () => {
    const gaps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * SECOND }), fc.integer({ min: 1, max: 4 })), { maxLength: 40 });
    fc.assert(
      fc.property(gaps, calls => {
        const meter = meterOf(config(7), 0);
        let nowUs = 0;
        for (const [gapUs, cost] of calls) {
          nowUs += gapUs;
          const waitUs = meter.waitUs(cost, nowUs);
          if (waitUs === 0) meter.take(cost, nowUs);
          else {
            expect(meter.waitUs(cost, nowUs + waitUs)).toBe(0);
            expect(meter.waitUs(cost, nowUs + waitUs - 2)).toBeGreaterThan(0);
          }
        }
      }),
    );
  });
});

test('in no window of any place does a bucket admit more than its capacity and what it refills', () => {
  const calls = fc.array(fc.integer({ min: 0, max: 20 * SECOND }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }), (gaps, capacity, refill) => {
      const admittedAt = admitted(bucket(capacity, refill), gaps);
      for (const [from, startUs] of admittedAt.entries()) {
        const count = admittedAt.slice(from).filter(atUs => atUs <= startUs + MINUTE).length;
        expect(count).toBeLessThanOrEqual(capacity + refill);
      }
    }),
  );
});

test('a sliding window never admits more than its limit within its own window, nor twice of it within any', () => {
  const calls = fc.array(fc.integer({ min: 0, max: 20 * SECOND }), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 20 }), (gaps, limit) => {
      const admittedAt = admitted(sliding(limit), gaps);
      for (const [from, startUs] of admittedAt.entries()) {
        const within = admittedAt.slice(from).filter(atUs => atUs < startUs + MINUTE);
        expect(within.length).toBeLessThanOrEqual(2 * limit);
        const own = within.filter(atUs => Math.floor(atUs / MINUTE) === Math.floor(startUs / MINUTE));
        expect(own.length).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

function admitted(config: LimitConfig, gaps: readonly number[]): number[] {
  const meter = meterOf(config, 0);
  const admittedAt: number[] = [];
  let nowUs = 0;
  for (const gapUs of gaps) {
    nowUs += gapUs;
    if (meter.waitUs(1, nowUs) > 0) continue;
    meter.take(1, nowUs);
    admittedAt.push(nowUs);
  }
  return admittedAt;
}
