import { expect, test } from 'vitest';
import type { ExchangeRecord } from '../traffic/records.ts';
import { Latencies } from './latencies.ts';

const answered = (durationMs: number, startedAt = 0) => ({ kind: 'request', responseSeq: 2, durationMs, startedAt }) as ExchangeRecord;

test('takes percentiles of the answered requests of the last five minutes only', () => {
  let now = 1000;
  const latencies = new Latencies({ now: () => now, monotonicUs: () => 0 });
  expect(latencies.percentiles()).toEqual({});
  for (let ms = 1; ms <= 100; ms += 1) latencies.note(answered(ms));
  latencies.note({ ...answered(9999), kind: 'notification' });
  expect(latencies.percentiles()).toEqual({ p50Ms: 50, p95Ms: 95 });
  now = 10 * 60_000;
  latencies.note(answered(7, now));
  expect(latencies.percentiles()).toEqual({ p50Ms: 7, p95Ms: 7 });
});
