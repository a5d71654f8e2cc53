import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { crc32 } from './crc32.ts';
import { DamagedStreamError, encodeMessage, MessageReader, type Message } from './message-coding.ts';
import { maxMessageBytes } from './protocol.ts';

const messages = fc.array(
  fc.record({ type: fc.integer({ min: 0, max: 255 }), parts: fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 3 }) }),
  { maxLength: 20 },
);
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 30 });

/** The bytes in chunks of the given sizes, which repeat. */
function* chunked(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] as number;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

function readAll(chunks: Iterable<Uint8Array>): Message[] {
  const reader = new MessageReader(crc32);
  const read: Message[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.next(); message !== undefined; message = reader.next()) read.push(message);
  }
  return read;
}

test('messages come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const bytes = Buffer.concat(sent.map(({ type, parts }) => encodeMessage(type, parts, crc32)));
      const read = readAll(chunked(bytes, sizes));
      expect(read.map(({ type, payload }) => ({ type, payload: Buffer.from(payload) }))).toEqual(
        sent.map(({ type, parts }) => ({ type, payload: Buffer.concat(parts) })),
      );
      expect(Buffer.concat(read.map(message => message.bytes)).equals(bytes)).toBe(true);
    }),
  );
});

test('a message that was cut off is not given out', () => {
  const bytes = encodeMessage(2, [Buffer.from('hello')], crc32);
  for (let length = 0; length < bytes.length; length += 1) expect(readAll([bytes.subarray(0, length)])).toEqual([]);
});

test('a flipped bit anywhere behind the length is noticed', () => {
  const bytes = encodeMessage(2, [Buffer.from('hello, world')], crc32);
  for (let at = 4; at < bytes.length; at += 1) {
    const damaged = Uint8Array.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 0x10;
    expect(() => readAll([damaged])).toThrow(DamagedStreamError);
  }
});

test('a length that no message of ours has is refused before memory is taken for it', () => {
  for (const length of [0, maxMessageBytes + 1, 0xffffffff]) {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setUint32(0, length);
    expect(() => readAll([bytes])).toThrow(DamagedStreamError);
  }
});

test('the own CRC-32 is the one of zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), bytes => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
    }),
  );
});
