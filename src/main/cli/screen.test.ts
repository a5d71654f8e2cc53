/** Tables, formats and guesses of the command line. */
import { expect, test } from 'vitest';
import { bytes, duration } from './formats.ts';
import { nearest } from './nearest.ts';
import { printable, table } from './screen.ts';

const columns = [{ title: 'ID' }, { title: 'SIZE', align: 'right' as const }, { title: 'NAME' }];

test('columns are aligned, and a line ends with its last word', () => {
  expect(
    table(
      columns,
      [
        ['a', '1', 'one'],
        ['bcd', '1000', ''],
      ],
      0,
    ),
  ).toBe('ID   SIZE  NAME\na       1  one\nbcd  1000\n');
});

test('on a terminal a line is cut at the edge, between characters', () => {
  expect(table([{ title: 'X' }], [['ab🦊de']], 4)).toBe('X\nab🦊…\n');
});

test('what a peer calls itself cannot steer the terminal', () => {
  expect(printable('evil\u001b[2J\nname\u202e')).toBe('evil [2J name ');
  expect(table([{ title: 'X' }], [['a\u001b]0;b\u0007c']], 0)).toBe('X\na ]0;b c\n');
});

test('sizes and durations are short', () => {
  expect([0, 999, 1024, 123_456, 5_000_000, 3e9].map(bytes)).toEqual(['0 B', '999 B', '1.0 kB', '121 kB', '4.8 MB', '2.8 GB']);
  expect([0.05, 1.25, 42.4, 1500].map(duration)).toEqual(['0.05 ms', '1.3 ms', '42 ms', '1.50 s']);
});

test('a mistyped word is guessed, a strange one is not', () => {
  const words = ['serve', 'session', 'proxy', 'doctor'];
  expect(['sevre', 'sesion', 'porxy', 'doc', 'x', 'capture'].map(word => nearest(word, words))).toEqual([
    'serve',
    'session',
    'proxy',
    'doctor',
    undefined,
    undefined,
  ]);
});
