/** Globs: what they match, which is closest, and that no pattern makes them slow. */
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { quickest } from '../../../test/kit/quickest.ts';
import { anyGlobMatch, bestMatch, compileGlob } from './glob.ts';

test.each([
  ['delete_file', 'delete_file', true],
  ['delete_file', 'delete_files', false],
  ['delete_*', 'delete_', true],
  ['delete_*', 'Delete_x', false],
  ['*/list', 'tools/list', true],
  ['*/list', 'tools/listed', false],
  ['*', '', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c', false],
  ['ab*ba', 'aba', false],
  ['*aab*', 'aaaab', true],
  ['**', 'x', true],
  ['a.c', 'abc', false],
])('%s on %s is %s', (glob, subject, matches) => {
  expect(compileGlob(glob).matches(subject)).toBe(matches);
});

test('matches as the pattern written as a regular expression does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  fc.assert(
    fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 14 }), (pattern, subject) => {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's').test(subject);
      expect(compileGlob(pattern).matches(subject)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test('an exact name is closer than a prefix, that than a suffix, and each than everything', () => {
  const globs = ['*', '*/list', 'tools/*', 'tools/list', 'too*'].map(text => compileGlob(text));
  expect([
    bestMatch(globs, 'tools/list')?.text,
    bestMatch(globs, 'tools/call')?.text,
    bestMatch(globs, 'prompts/list')?.text,
    bestMatch(globs, 'ping')?.text,
    bestMatch([], 'ping'),
  ]).toEqual(['tools/list', 'tools/*', '*/list', '*', undefined]);
});

test('a pattern made to backtrack costs no more than any other', async () => {
  const glob = compileGlob('*a*a*a*a*a*a*a*a*a*aab*b');
  const subject = 'a'.repeat(1_000_000);
  const tookMs = await quickest(500, () => {
    const startedAt = performance.now();
    expect(glob.matches(subject)).toBe(false);
    return performance.now() - startedAt;
  });
  expect(tookMs).toBeLessThan(500);
});

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
  expect(anyGlobMatch([glob])(name)).toBe(isMatch);
});

test('any of several, and none of none', () => {
  expect(anyGlobMatch(['x', 'y*'])('yes')).toBe(true);
  expect(anyGlobMatch([])('yes')).toBe(false);
});

test('a pattern of many stars takes no time', async () => {
  const tookMs = await quickest(200, () => {
    const startedAt = performance.now();
    expect(anyGlobMatch([`${'a*'.repeat(100)}b`])('a'.repeat(100_000))).toBe(false);
    return performance.now() - startedAt;
  });
  expect(tookMs).toBeLessThan(200);
});
