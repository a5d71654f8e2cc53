import { expect, test } from 'vitest';
import { FakeClock } from '../../../../test/kit/fake-clock.ts';
import { BreakerConfig } from '../../../shared/config/schema.ts';
import { Breaker, type BreakerTransition, type CallResult } from './breaker.ts';

function setUp(config: Partial<BreakerConfig> = {}, random = () => 0.5, hasProbe = true) {
  const clock = new FakeClock();
  const told: BreakerTransition[] = [];
  const breaker = new Breaker({ ...BreakerConfig.parse({}), ...config }, { clock, random, hasProbe, onTransition: one => told.push(one) });
  const calls = (results: readonly CallResult[]) => {
    for (const result of results) {
      expect(breaker.isPassable).toBe(true);
      breaker.leave(breaker.enter(), result, 'it broke');
    }
  };
  const words = () => told.map(({ to }) => to);
  return { clock, told, breaker, calls, words };
}

const failures = (count: number): CallResult[] => Array.from({ length: count }, () => 'failure');
const successes = (count: number): CallResult[] => Array.from({ length: count }, () => 'success');

test('five failures in a row open it; a success between them starts the count anew; neutral results do neither', () => {
  const { breaker, calls, told, clock } = setUp();
  calls([...failures(4), 'success', ...failures(4), 'neutral']);
  expect(breaker.word).toBe('closed');
  calls(['failure']);
  expect(breaker.word).toBe('open');
  expect(told).toEqual([{ from: 'closed', to: 'open', reason: '5 failures in a row; the last: it broke', reopensAt: clock.now() + 5000 }]);
});

test('half of twenty calls within the window open it, nineteen calls do not, and what is older than the window is forgotten', () => {
  const pattern: CallResult[] = ['failure', 'success'];
  const nineteen = Array.from({ length: 19 }, (_, at) => pattern[at % 2] as CallResult);
  const fresh = setUp();
  fresh.calls(nineteen);
  expect(fresh.breaker.word).toBe('closed');
  fresh.calls(['success']);
  expect(fresh.breaker.word).toBe('open');
  expect(fresh.told[0]?.reason).toBe('10 of 20 calls failed within 30 s; the last: it broke');
  const old = setUp();
  old.calls(nineteen);
  old.clock.pass(31_000);
  old.calls(['failure']);
  expect(old.breaker.word).toBe('closed');
  expect(old.breaker.state.buckets).toHaveLength(10);
  expect(old.breaker.state.buckets.at(-1)).toEqual({ calls: 1, failures: 1 });
});

test('the window slides by tenths: a failure leaves with its bucket', () => {
  const { breaker, calls, clock } = setUp({ minimumCalls: 2 });
  calls(['success', 'success', 'success']);
  clock.pass(15_000);
  calls(['failure']);
  expect(breaker.recent).toEqual({ calls: 4, failures: 1 });
  clock.pass(15_001);
  expect(breaker.recent).toEqual({ calls: 1, failures: 1 });
});

test('each open lasts twice as long, up to five minutes; five minutes closed make it forget', () => {
  const { breaker, calls, clock, told } = setUp();
  const pauses: number[] = [];
  const note = () => pauses.push((told.at(-1)?.reopensAt ?? 0) - clock.now());
  calls(failures(5));
  note();
  for (let round = 0; round < 8; round += 1) {
    clock.pass(breaker.waitMs);
    expect(breaker.needsProbe).toBe(true);
    breaker.probed(breaker.pass, false, 'nobody there');
    note();
  }
  expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  const close = () => {
    clock.pass(breaker.waitMs);
    breaker.advance();
    breaker.probed(breaker.pass, true, '');
    calls(successes(3));
  };
  close();
  clock.pass(299_000);
  calls(failures(5));
  note();
  expect(pauses.at(-1)).toBe(300_000);
  close();
  clock.pass(300_000);
  calls(failures(5));
  note();
  expect(pauses.at(-1)).toBe(5000);
});

test('the pause is jittered by a fifth either way', () => {
  for (const [random, pauseMs] of [
    [0, 4000],
    [0.5, 5000],
    [1, 6000],
  ] as const) {
    const { breaker, calls } = setUp({}, () => random);
    calls(failures(5));
    expect(breaker.waitMs).toBe(pauseMs);
  }
});

test('half-open: a probe first, then one call at a time, three successes close it', () => {
  const { breaker, calls, clock, words } = setUp();
  calls(failures(5));
  clock.pass(4999);
  expect(breaker.isPassable).toBe(false);
  clock.pass(1);
  expect(breaker.isPassable).toBe(false);
  expect(breaker.word).toBe('half-open');
  breaker.probed(breaker.pass, true, '');
  const first = breaker.enter();
  expect(breaker.isPassable).toBe(false);
  breaker.leave(first, 'success');
  calls(['neutral', 'success']);
  expect(breaker.word).toBe('half-open');
  calls(['success']);
  expect(words()).toEqual(['open', 'half-open', 'closed']);
});

test('one failure in half-open opens it again, and late results of calls from before change nothing', () => {
  const { breaker, calls, clock, words } = setUp();
  const late = [breaker.enter(), breaker.enter(), breaker.enter()];
  calls(failures(5));
  breaker.leave(late[0] as number, 'success');
  clock.pass(5000);
  breaker.advance();
  breaker.leave(late[1] as number, 'failure', 'late');
  expect(breaker.word).toBe('half-open');
  breaker.probed(breaker.pass, true, '');
  const stale = breaker.pass;
  calls(['success', 'failure']);
  expect(words()).toEqual(['open', 'half-open', 'open']);
  breaker.probed(stale, true, 'late');
  breaker.leave(late[2] as number, 'failure');
  expect(breaker.word).toBe('open');
  expect(breaker.state).toMatchObject({ consecutiveOpens: 2, lastTripReason: 'a call failed while half-open: it broke' });
});

test('after closing the weight grows from a tenth to all of it within 30 s', () => {
  const { breaker, calls, clock } = setUp();
  expect(breaker.weightFactor).toBe(1);
  calls(failures(5));
  clock.pass(5000);
  breaker.advance();
  breaker.probed(breaker.pass, true, '');
  calls(successes(3));
  expect(breaker.weightFactor).toBeCloseTo(0.1);
  clock.pass(15_000);
  expect(breaker.weightFactor).toBeCloseTo(0.55);
  clock.pass(15_000);
  expect(breaker.weightFactor).toBe(1);
});

test('a person trips, resets and isolates it, each told once', () => {
  const { breaker, told, clock } = setUp();
  breaker.trip('an incident');
  breaker.trip('again');
  breaker.isolate(true, 'isolated');
  breaker.isolate(true, 'isolated');
  breaker.trip('while isolated');
  clock.pass(3_600_000);
  expect(breaker.isPassable).toBe(false);
  breaker.isolate(false, 'taken back');
  expect(breaker.isPassable).toBe(true);
  breaker.trip('once more');
  breaker.reset('reset');
  expect(told.map(({ from, to, reason }) => [from, to, reason])).toEqual([
    ['closed', 'open', 'an incident'],
    ['open', 'isolated', 'isolated'],
    ['isolated', 'closed', 'taken back'],
    ['closed', 'open', 'once more'],
    ['open', 'closed', 'reset'],
  ]);
  expect(breaker.state.consecutiveOpens).toBe(0);
});

test('switched off it counts and never opens; switched off while open it closes', () => {
  const off = setUp({ enabled: false });
  off.calls(failures(50));
  expect(off.breaker.word).toBe('closed');
  expect(off.breaker.recent).toEqual({ calls: 50, failures: 50 });
  const { breaker, calls, words } = setUp();
  calls(failures(5));
  breaker.configure({ ...BreakerConfig.parse({}), enabled: false });
  expect(words()).toEqual(['open', 'closed']);
});

test('without a probe (a tool) half-open begins with a real call', () => {
  const { breaker, calls, clock } = setUp({}, () => 0.5, false);
  calls(failures(5));
  clock.pass(5000);
  expect(breaker.needsProbe).toBe(false);
  calls(successes(3));
  expect(breaker.word).toBe('closed');
});

test('a share of failures that is reached exactly opens it, whatever a fraction becomes in binary', () => {
  // 0.55 × 100 is a little more than 55 there.
  const { breaker, calls } = setUp({ consecutive: 1000, minimumCalls: 100, failureRate: 0.55 });
  calls([...successes(45), ...failures(54)]);
  expect(breaker.word).toBe('closed');
  calls(['failure']);
  expect(breaker.word).toBe('open');
});
