/** Sizes and counts as written in the window. */
import { expect, test } from 'vitest';
import { bytes, count, counted } from './size.ts';

test.each([
  [0, '0 B'],
  [612, '612 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9960, '10 kB'],
  [22_900, '23 kB'],
  [999_600, '1.0 MB'],
  [3_240_000, '3.2 MB'],
  [214_000_000, '214 MB'],
  [2_000_000_000, '2.0 GB'],
  [4_500_000_000_000, '4,500 GB'],
])('%d bytes are written %s', (value, text) => {
  expect(bytes(value)).toBe(text);
});

test('counts are grouped and agree in number', () => {
  expect(count(18204)).toBe('18,204');
  expect(counted(1, 'session')).toBe('1 session');
  expect(counted(0, 'session')).toBe('0 sessions');
  expect(counted(2, 'frame stored', 'frames stored')).toBe('2 frames stored');
});
