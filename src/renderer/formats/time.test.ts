/** Spans and times of day as written in the window. */
import { expect, test } from 'vitest';
import { ago, clockTime, delta, duration, running, shortMoment } from './time.ts';

test.each([
  [0, '0.0 ms'],
  [4.26, '4.3 ms'],
  [9.94, '9.9 ms'],
  [12.4, '12 ms'],
  [640, '640 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [3120, '3.12 s'],
  [15_240, '15.2 s'],
  [59_960, '1:00 min'],
  [64_000, '1:04 min'],
  [7_500_000, '2:05 h'],
])('%d ms is written %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test('a running counter never runs ahead of the time', () => {
  expect(running(39_499)).toBe('39.4 s');
  expect(running(59_999)).toBe('59.9 s');
  expect(running(60_999)).toBe('1:00 min');
  expect(running(-5)).toBe('0.0 s');
});

test('the time of day carries its milliseconds', () => {
  const at = new Date(2026, 10, 22, 14, 2, 7, 14).getTime();
  expect(clockTime(at)).toBe('14:02:07.014');
  expect(clockTime(at + 0.7)).toBe('14:02:07.014');
});

test('another day is named, today is not', () => {
  const now = new Date(2026, 10, 22, 14, 2, 7).getTime();
  expect(shortMoment(now - 60_000, now)).toBe('14:01:07');
  expect(shortMoment(now - 86_400_000, now)).toBe('21 Nov 2026 14:02');
});

test('steps between rows keep their sign', () => {
  expect(delta(90)).toBe('+0.090');
  expect(delta(-1500)).toBe('−1.500');
  expect(delta(64_200)).toBe('+64.2');
});

test('ages', () => {
  expect(ago(3000)).toBe('3 s ago');
  expect(ago(3 * 86_400_000)).toBe('3 d ago');
});
