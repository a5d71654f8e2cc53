import { expect, test } from 'vitest';
import { ordinal, spanWords } from './time-words.ts';

test('what lies ahead is said in whole seconds, rounded up', () => {
  expect([11_001, 12_000, 400, 0, -5].map(spanWords)).toEqual(['12 s', '12 s', '1 s', '0 s', '0 s']);
  expect([60_000, 245_000, 3_600_000, 7_505_000].map(spanWords)).toEqual(['1:00 min', '4:05 min', '1:00 h', '2:05 h']);
});

test('ordinals', () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal)).toEqual([
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '102nd',
    '111th',
  ]);
});
