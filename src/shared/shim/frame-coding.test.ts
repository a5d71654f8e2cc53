import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from './crc32.ts';
import { decodeFrame, encodeFrame, seqOfFrame, type ShimFrameHead } from './frame-coding.ts';
import { messageHeadBytes } from './message-coding.ts';

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
        const payload = encodeFrame(sent, body, crc32).subarray(messageHeadBytes);
        const { body: gotBody, ...got } = decodeFrame(payload) ?? { body: undefined };
        expect(got).toEqual(sent);
        expect(Buffer.from(gotBody ?? []).equals(Buffer.concat(body))).toBe(true);
        expect(seqOfFrame(payload)).toBe(fields.seq);
      },
    ),
  );
});

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      expect(() => decodeFrame(bytes)).not.toThrow();
    }),
  );
});
