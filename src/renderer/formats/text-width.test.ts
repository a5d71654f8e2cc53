import { expect, test } from 'vitest';
import { surelyFits, widestPx } from './text-width.ts';

test('ordinary names fit the columns made for them', () => {
  expect(surelyFits('tools/call', 84)).toBe(true);
  expect(surelyFits('13:37:09.123', 90)).toBe(true);
});

test('wide letters count in full', () => {
  expect(widestPx('mmmm')).toBeGreaterThan(widestPx('iiii'));
  expect(surelyFits('WWWWWWWW', 84)).toBe(false);
  expect(surelyFits('検索検索検索', 84)).toBe(false);
});

test('a long text and an unknown room never fit', () => {
  expect(surelyFits('x'.repeat(1_000_000), 500)).toBe(false);
  expect(surelyFits('x', undefined)).toBe(false);
});
