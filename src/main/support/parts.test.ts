import { expect, test } from 'vitest';
import { Parts } from './parts.ts';

test('keeps few parts of very many, all bytes in their order, and begins anew', () => {
  const parts = new Parts();
  const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
  for (const byte of bytes) parts.push(Uint8Array.of(byte));
  expect([parts.count < 1200, Buffer.compare(parts.joined(), bytes)]).toEqual([true, 0]);
  const copy = parts.copy();
  for (let more = 0; more < 5000; more += 1) for (const one of [parts, copy]) one.push(Uint8Array.of(more % 7));
  expect(copy.list.map(({ length }) => length)).toEqual(parts.list.map(({ length }) => length));
  parts.clear();
  expect([parts.count, parts.joined().length, copy.joined().length]).toEqual([0, 0, 105_000]);
});

test('one part is given back as it came', () => {
  const parts = new Parts();
  const only = Uint8Array.of(1, 2);
  parts.push(only);
  expect(parts.joined()).toBe(only);
});
