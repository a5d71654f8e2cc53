import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from './crc32.ts';
import { decodeFrame, encodeFrame, seqOfFrame, type ShimFrameHead } from './frame-coding.ts';
import { messageHeadBytes, MessageReader } from './message-coding.ts';

const head = fc.record({
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  at: fc.double({ min: 0, max: 1e13, noNaN: true }),
  monotonicUs: fc.integer({ min: 0, max: 2 ** 50 }),
  direction: fc.constantFrom('fromClient' as const, 'fromServer' as const),
  delivery: fc.constantFrom('line' as const, 'stderr' as const, 'lifecycle' as const),
  sizeBytes: fc.integer({ min: 0, max: 2 ** 40 }),
  isDropped: fc.boolean(),
});
const whole = fc.record({
  contentHash: fc.string(),
  facts: fc.record({ idText: fc.string(), method: fc.string(), hasResult: fc.boolean(), hasError: fc.boolean() }),
});

test('a frame comes out as it went in, whole or as a copy with facts', () => {
  fc.assert(
    fc.property(
      head,
      fc.option(whole, { nil: undefined }),
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 }),
      (fields, facts, body) => {
        const sent: ShimFrameHead = facts === undefined ? fields : { ...fields, whole: facts };
        const payload = Buffer.concat(encodeFrame(sent, body, crc32)).subarray(messageHeadBytes);
        const { body: gotBody, ...got } = decodeFrame(payload) ?? { body: undefined };
        expect(got).toEqual(sent);
        expect(Buffer.from(gotBody ?? []).equals(Buffer.concat(body))).toBe(true);
        expect(seqOfFrame(payload)).toBe(fields.seq);
      },
    ),
  );
});

test('a large body is not copied, and reads the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 4 }), sizes => {
      const body = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
      const fields: ShimFrameHead = {
        seq: 1,
        at: 2,
        monotonicUs: 3,
        direction: 'fromServer',
        delivery: 'line',
        sizeBytes: 4,
        isDropped: false,
      };
      const parts = encodeFrame(fields, body, crc32);
      const reader = new MessageReader(crc32);
      for (const part of parts) reader.push(part);
      const message = reader.next();
      const all = Buffer.concat(body);
      expect(Buffer.from(decodeFrame(message?.payload ?? new Uint8Array())?.body ?? []).equals(all)).toBe(true);
      expect((parts[0] as Uint8Array).length).toBeLessThan(64 * 1024 + 100);
      expect(reader.restBytes).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      expect(() => decodeFrame(bytes)).not.toThrow();
    }),
  );
});
