/** Tables, formats and guesses of the command line. */
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { bytes, duration } from './formats.ts';
import { nearest } from './nearest.ts';
import { printable, screenOn, table } from './screen.ts';

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
  expect(printable('evil\u001b[2J\nname\u202e')).toBe('evil‹U+001B›[2J name‹U+202E›');
  expect(table([{ title: 'X' }], [['a\u001b]0;b\u0007c']], 0)).toBe('X\na‹U+001B›]0;b‹U+0007›c\n');
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

test('a cell is cut also in a pipe: one long id must not pad every line', () => {
  const text = table(
    [{ title: 'ID' }, { title: 'NAME' }],
    [
      ['🦊'.repeat(200_000), 'x'],
      ['\u202e'.repeat(100_000), 'y'],
      ['1', 'z'],
    ],
    0,
  );
  const [, first, second, third] = text.split('\n');
  expect(first).toBe(`${'🦊'.repeat(199)}…  x`);
  expect(Array.from(second ?? '').length).toBe(203);
  expect(third).toBe(`1${' '.repeat(201)}z`);
});

/** A pipe that takes one write at a time, whenever it is told to. */
function slowPipe() {
  const taken: (() => void)[] = [];
  const pipe = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done) });
  return { pipe, takeOne: () => taken.shift()?.() };
}

test('waiting for a slow pipe again and again leaves no listeners behind', async () => {
  const { pipe, takeOne } = slowPipe();
  const screen = screenOn(pipe, new Writable());
  const countOf = () => pipe.eventNames().reduce((sum, name) => sum + pipe.listenerCount(name), 0);
  const before = countOf();
  for (let count = 0; count < 20; count += 1) {
    const written = screen.write('a line\n');
    takeOne();
    await written;
  }
  expect(countOf()).toBe(before);
});

test('a pipe that is closed while a write waits ends the wait', async () => {
  const { pipe } = slowPipe();
  const screen = screenOn(pipe, new Writable());
  const written = screen.write('a line\n');
  pipe.destroy(new Error('EPIPE'));
  await written;
  expect(screen.isClosed).toBe(true);
  await screen.write('for nobody\n');
});
