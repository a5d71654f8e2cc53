import { expect, test } from 'vitest';
import { changeLook } from './change-look.ts';

const look = (kind: string, text: string) => {
  const { word, glyph, tone } = changeLook({ at: 0, kind, subject: '', text });
  return `${word} ${glyph} ${tone}`;
};

test('what got worse has a tone, everything has a word and a glyph', () => {
  expect(look('breaker', 'breaker closed → open: 3 failures in a row; probed in 5 s')).toBe('breaker open error');
  expect(look('breaker', 'breaker for search open → half-open: its pause is over')).toBe('breaker half-open warn');
  expect(look('breaker', 'breaker half-open → closed: 3 calls passed')).toBe('breaker closed second');
  expect(look('breaker', 'breaker closed → isolated: by hand')).toBe('breaker isolated second');
  expect(look('health', 'unhealthy: HTTP 500')).toBe('health health error');
  expect(look('health', 'healthy again: passed twice')).toBe('health health second');
  expect(look('config', 'rejected: unknown key')).toBe('file file error');
  expect(look('config', 'applied: loaded')).toBe('file file second');
  expect(look('pin', 'definition held: description')).toBe('tool tool warn');
  expect(look('something new', '')).toBe('something new gateway second');
});
