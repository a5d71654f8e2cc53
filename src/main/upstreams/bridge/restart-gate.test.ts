/** When a shared server may be started again, on a clock of our own. */
import { expect, test } from 'vitest';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import { RestartGate } from './restart-gate.ts';

function gateWith(maxPerMinute: number) {
  let nowUs = 0;
  const gate = new RestartGate({ now: () => 0, monotonicUs: () => nowUs }, maxPerMinute);
  return {
    gate,
    pass: (ms: number) => (nowUs += ms * 1000),
    /** How long one has to wait, or 0 when it may start. */
    waitMs(): number {
      try {
        gate.pass('it');
        return 0;
      } catch (error) {
        if (!(error instanceof TrafficError)) throw error;
        return error.facts['retry_after_ms'] as number;
      }
    },
  };
}

test('the first failure costs nothing, each further one twice as long, 30 s at most', () => {
  const { gate, pass, waitMs } = gateWith(1000);
  const waits: number[] = [];
  for (let failure = 0; failure < 9; failure += 1) {
    gate.failed(0);
    waits.push(waitMs());
    pass(30_000);
    expect(waitMs()).toBe(0);
  }
  expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a long life makes up for earlier failures', () => {
  const { gate, waitMs } = gateWith(1000);
  for (let failure = 0; failure < 5; failure += 1) gate.failed(10);
  expect(waitMs()).toBe(8000);
  gate.failed(61_000_000);
  expect(waitMs()).toBe(0);
});

test('no more starts a minute than are allowed', () => {
  const { pass, waitMs } = gateWith(2);
  expect([waitMs(), waitMs(), waitMs()]).toEqual([0, 0, 60_000]);
  pass(60_000);
  expect(waitMs()).toBe(0);
});
