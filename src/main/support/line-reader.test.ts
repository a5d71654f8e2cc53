/** Lines out of bytes that are cut anywhere. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { LineReader } from './line-reader.ts';

function linesOf(chunks: readonly Buffer[], maxBytes = 1000): string[] {
  const lines: string[] = [];
  const reader = new LineReader({ line: bytes => lines.push(bytes.toString()) }, maxBytes);
  for (const chunk of chunks) reader.push(chunk);
  reader.finish();
  return lines;
}

test('any text, cut at any place, gives its lines; empty ones are left out', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(500)), (texts, cuts) => {
      const lines = texts.map(text => text.replaceAll(/[\r\n]/g, '')).filter(text => text !== '');
      const bytes = Buffer.from(texts.map(text => `${text.replaceAll(/[\r\n]/g, '')}\r\n`).join(''));
      const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((one, other) => one - other);
      const chunks = places.slice(1).map((to, at) => bytes.subarray(places[at], to));
      expect(linesOf(chunks)).toEqual(lines);
    }),
  );
});

test('a last line needs no end', () => {
  expect(linesOf([Buffer.from('a\nb')])).toEqual(['a', 'b']);
});

test('a line that is too long is told once and not kept, or given out in pieces', () => {
  const told: string[] = [];
  const reader = new LineReader({ line: bytes => told.push(bytes.toString()), tooLong: () => told.push('too long') }, 5);
  reader.push(Buffer.from('ab\nabc'));
  reader.push(Buffer.from('def'));
  expect(told).toEqual(['ab', 'too long']);
  expect(
    linesOf(
      ['abc', 'def', 'g\n'].map(text => Buffer.from(text)),
      5,
    ),
  ).toEqual(['abc', 'defg']);
});
