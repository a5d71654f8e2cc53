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

test('small parts of large reads do not keep those', () => {
  const parts = new Parts();
  for (let read = 0; read < 500; read += 1) parts.push(new Uint8Array(65_536).subarray(0, 1));
  const held = new Set(parts.list.map(({ buffer }) => buffer));
  const heldBytes = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect([parts.joined().length, heldBytes < 70_000]).toEqual([500, true]);
});

test('one part is given back as it came', () => {
  const parts = new Parts();
  const only = Uint8Array.of(1, 2);
  parts.push(only);
  expect(parts.joined()).toBe(only);
});
