import { expect, test } from 'vitest';
import { anyNameMatch } from './name-glob.ts';

test.each([
  ['delete_*', 'delete_file', true],
  ['delete_*', 'delete_', true],
  ['delete_*', 'undelete_file', false],
  ['*_file', 'read_file', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'a1c2b', false],
  ['a*a', 'a', false],
  ['*', '', true],
  ['**', 'anything', true],
  ['a.c', 'abc', false],
  ['read', 'read', true],
  ['read', 'reader', false],
])('%s and %s: %s', (glob, name, isMatch) => {
  expect(anyNameMatch([glob])(name)).toBe(isMatch);
});

test('any of several, and none of none', () => {
  expect(anyNameMatch(['x', 'y*'])('yes')).toBe(true);
  expect(anyNameMatch([])('yes')).toBe(false);
});

test('a pattern of many stars takes no time', () => {
  const startedAt = performance.now();
  expect(anyNameMatch([`${'a*'.repeat(100)}b`])('a'.repeat(100_000))).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(200);
});
