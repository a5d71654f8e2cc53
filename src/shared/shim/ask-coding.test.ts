import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { encodeParcel, PartJoiner, type Parcel } from './ask-coding.ts';
import { crc32 } from './crc32.ts';
import { messageHeadBytes, MessageReader } from './message-coding.ts';
import { copyCapBytes, maxMessageBytes, messageType } from './protocol.ts';

function joined(messages: readonly Uint8Array[], joiner = new PartJoiner(100_000_000)): Parcel[] {
  const reader = new MessageReader(crc32);
  const parcels: Parcel[] = [];
  for (const bytes of messages) {
    reader.push(bytes);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      const parcel = joiner.push(message.payload);
      if (parcel !== undefined) parcels.push(parcel);
    }
  }
  return parcels;
}

test('an ask comes out as it went in', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.dictionary(fc.string(), fc.string()),
      fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }),
      (number, head, parts) => {
        const [parcel] = joined(encodeParcel(messageType.ask, { number, head, parts }, crc32));
        expect(parcel).toMatchObject({ number, sizeBytes: Buffer.concat(parts).length });
        expect(JSON.stringify(parcel?.head)).toBe(JSON.stringify(head));
        expect(Buffer.concat(parcel?.parts ?? []).equals(Buffer.concat(parts))).toBe(true);
      },
    ),
  );
});

test('a line of any length goes in messages that each have room, and comes out as one', () => {
  for (const sizeBytes of [0, 1, copyCapBytes - 1, copyCapBytes, copyCapBytes + 1, 3 * copyCapBytes + 7]) {
    const line = Buffer.alloc(sizeBytes, 'abcdefg');
    const messages = encodeParcel(
      messageType.verdict,
      { number: 9, head: { kind: 'pass' }, parts: [line.subarray(0, 5), line.subarray(5)] },
      crc32,
    );
    expect(messages).toHaveLength(Math.max(1, Math.ceil(sizeBytes / copyCapBytes)));
    for (const message of messages) expect(message.length).toBeLessThan(maxMessageBytes);
    const [parcel] = joined(messages);
    expect(parcel?.sizeBytes).toBe(sizeBytes);
    expect(Buffer.concat(parcel?.parts ?? []).equals(line)).toBe(true);
  }
});

test('parts of two lines, parts that are none and lines beyond the bound are errors', () => {
  const big = Buffer.alloc(2 * copyCapBytes);
  const [one] = encodeParcel(messageType.ask, { number: 1, head: {}, parts: [big] }, crc32);
  const [, two] = encodeParcel(messageType.ask, { number: 2, head: {}, parts: [big] }, crc32);
  expect(() => joined([one as Uint8Array, two as Uint8Array])).toThrow('mixed');
  expect(() =>
    joined(encodeParcel(messageType.ask, { number: 1, head: {}, parts: [big] }, crc32), new PartJoiner(copyCapBytes + 1)),
  ).toThrow('too long');
  expect(() => new PartJoiner(10).push(new Uint8Array(5))).toThrow('no part');
  const [whole] = encodeParcel(messageType.ask, { number: 1, head: {}, parts: [] }, crc32);
  const damaged = Uint8Array.from((whole as Uint8Array).subarray(messageHeadBytes));
  damaged.set(Buffer.from('7}'), 13);
  expect(() => new PartJoiner(10).push(damaged)).toThrow();
});
