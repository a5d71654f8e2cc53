/** Differences of texts: what they say makes the one text into the other, and they stay within bounds. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { lineChanges, unifiedDiff } from './text-diff.ts';

const names = { from: 'old', to: 'new' };

test('a change is shown with three lines around it', () => {
  const text = Array.from({ length: 20 }, (_, at) => `line ${at + 1}\n`).join('');
  expect(unifiedDiff(text, text.replace('line 10\n', 'line ten\nand more\n'), names)).toBe(
    [
      '--- old',
      '+++ new',
      '@@ -7,7 +7,8 @@',
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+line ten',
      '+and more',
      ' line 11',
      ' line 12',
      ' line 13',
      '',
    ].join('\n'),
  );
});

test('changes far apart are hunks of their own, near ones are one', () => {
  const text = Array.from({ length: 40 }, (_, at) => `${at + 1}\n`).join('');
  const hunks = (changed: string) => unifiedDiff(text, changed, names).match(/^@@.*@@$/gm);
  expect(hunks(text.replace('\n5\n', '\n').replace('\n30\n', '\n'))).toEqual(['@@ -2,7 +2,6 @@', '@@ -27,7 +26,6 @@']);
  expect(hunks(text.replace('\n5\n', '\n').replace('\n12\n', '\n'))).toEqual(['@@ -2,14 +2,12 @@']);
});

test('a missing newline at the end is a difference', () => {
  expect(unifiedDiff('a\nb', 'a\nb\n', names)).toBe('--- old\n+++ new\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n');
  expect(unifiedDiff('', 'a\n', names)).toBe('--- old\n+++ new\n@@ -0,0 +1 @@\n+a\n');
  expect(unifiedDiff('a', 'a', names)).toBe('');
});

/** What a program that reads unified diffs would make of it. */
function applied(text: string, diff: string): string {
  const lines = text.split(/(?<=\n)/);
  const out: string[] = [];
  let next = 0;
  let last = '';
  for (const line of diff.split(/(?<=\n)/).slice(2)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+/.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      out.push(...lines.slice(next, start));
      next = start;
    } else if (line.startsWith('\\')) {
      if (last !== '-') out[out.length - 1] = (out.at(-1) ?? '').replace(/\n$/, '');
    } else {
      if (line[0] !== '+') next += 1;
      if (line[0] !== '-') out.push(line.slice(1));
    }
    if (!line.startsWith('\\')) last = line[0] ?? '';
  }
  return [...out, ...lines.slice(next)].join('');
}

test('a diff makes the one text into the other, whatever they are', () => {
  const text = fc
    .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'dd\n'), { maxLength: 40 })
    .chain(lines => fc.constantFrom(lines.join(''), lines.join('').trimEnd()));
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(applied(a, unifiedDiff(a, b, names))).toBe(b);
    }),
    { numRuns: 2000 },
  );
});

test('no shorter list of changes exists', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 14 });
  const longest = (a: readonly string[], b: readonly string[]): number => {
    const table = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0));
    for (let i = 1; i <= a.length; i += 1)
      for (let j = 1; j <= b.length; j += 1)
        table[i]![j] = a[i - 1] === b[j - 1] ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
    return table[a.length]![b.length]!;
  };
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const removed = lineChanges(a, b).reduce((sum, { fromCount }) => sum + fromCount, 0);
      expect(a.length - removed).toBe(longest(a, b));
    }),
    { numRuns: 1000 },
  );
});

test('texts without anything in common are one change, and soon told', () => {
  const [a, b] = ['a', 'b'].map(letter => Array.from({ length: 30_000 }, (_, at) => `${letter}${at}\n`).join('')) as [string, string];
  const begun = performance.now();
  const diff = unifiedDiff(`same\n${a}`, `same\n${b}`, names);
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(diff.endsWith('… 40004 more lines\n')).toBe(true);
  expect(lineChanges(a.split('\n'), b.split('\n'))).toEqual([{ from: 0, fromCount: 30_000, to: 0, toCount: 30_000 }]);
});
