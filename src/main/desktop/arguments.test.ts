import { expect, test } from 'vitest';
import { namedDataDir } from './arguments.ts';

test.each([
  [['electron', '.', '--data-dir', '/d'], '/d'],
  [['electron', '.', '--data-dir=/d/e=f'], '/d/e=f'],
  [['electron', '--no-sandbox', '.', '--data-dir', '/d', '--inspect=0'], '/d'],
  [['electron', '.', '--data-dir'], undefined],
  [['electron', '.'], undefined],
])('%j names %s', (argv, expected) => {
  expect(namedDataDir(argv)).toBe(expected);
});
