import { expect, test } from 'vitest';
import { FakeClock } from '../../../../test/kit/fake-clock.ts';
import { TimeoutsConfig } from '../../../shared/config/schema.ts';
import { limitsFor, type CallTraits } from './call-traits.ts';
import { Deadlines, type TimeLimits } from './deadlines.ts';

const usual: TimeLimits = { firstByteMs: 1000, idleMs: 500, totalMs: 3000 };

function setUp(limits = usual) {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const told: string[] = [];
  const call = {
    limits,
    isWaiting: false,
    isSlow: false,
    isStopped: () => call.isWaiting,
    isHeld: () => call.isSlow,
    onTimeout: (phase: string) => told.push(phase),
  };
  const deadline = deadlines.begin(call);
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.pass(Math.min(100, left));
      deadlines.sweep();
    }
  };
  return { clock, deadlines, deadline, told, call, pass };
}

test('no first byte in time, told once', () => {
  const { told, pass } = setUp();
  pass(900);
  expect(told).toEqual([]);
  pass(5000);
  expect(told).toEqual(['first_byte']);
});

test('silence between parts is counted anew with each of them, and all of it together has a limit', () => {
  const { told, pass, deadline } = setUp();
  deadline.answered();
  for (let at = 0; at < 6; at += 1) {
    pass(400);
    deadline.progressed();
  }
  expect(told).toEqual([]);
  pass(500);
  expect(told).toEqual(['idle']);
  const other = setUp();
  other.deadline.answered();
  for (let at = 0; at < 10; at += 1) {
    other.pass(400);
    other.deadline.progressed();
  }
  expect(other.told).toEqual(['total']);
});

test('while the client is asked something the clock stands still; while it does not read, only silence is forgiven', () => {
  const { told, pass, deadline, call } = setUp();
  deadline.answered();
  call.isWaiting = true;
  pass(60_000);
  call.isWaiting = false;
  expect(told).toEqual([]);
  pass(400);
  expect(told).toEqual([]);
  pass(100);
  expect(told).toEqual(['idle']);
  const held = setUp();
  held.deadline.answered();
  held.call.isSlow = true;
  held.pass(2900);
  expect(held.told).toEqual([]);
  held.pass(200);
  expect(held.told).toEqual(['total']);
});

test('what is over never times out', () => {
  const { told, pass, deadline } = setUp();
  deadline.over();
  pass(10_000);
  expect(told).toEqual([]);
});

test('limits go by method and tool: lists are short, streams have none after their head, tools have their own', () => {
  const limits = limitsFor(
    TimeoutsConfig.parse({ tools: { 'slow_*': { firstByte: '5m' }, slow_export: { total: '1h' }, 'slow_very_*': { idle: '1s' } } }),
  );
  const traits = (rest: Partial<CallTraits>): CallTraits => ({
    isStream: false,
    isOneWay: false,
    requestIds: ['1'],
    answeredIds: [],
    method: undefined,
    tool: undefined,
    ...rest,
  });
  const tool = (name: string) => limits(traits({ method: 'tools/call', tool: name }));
  expect(limits(traits({ method: 'resources/templates/list' })).firstByteMs).toBe(15_000);
  expect(limits(traits({ method: 'resources/read' }))).toEqual({ firstByteMs: 55_000, idleMs: 120_000, totalMs: 600_000 });
  expect(limits(traits({ isStream: true }))).toEqual({ firstByteMs: 55_000, idleMs: Infinity, totalMs: Infinity });
  expect(tool('slow_import').firstByteMs).toBe(300_000);
  expect(tool('slow_export')).toEqual({ firstByteMs: 55_000, idleMs: 120_000, totalMs: 3_600_000 });
  expect(tool('slow_very_much')).toMatchObject({ firstByteMs: 55_000, idleMs: 1000 });
  expect(tool('quick').firstByteMs).toBe(55_000);
});
