import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { crc32 } from './crc32.ts';
import { decodeFrame, encodeFrame, isMarkedFrame, seqOfFrame, unmarkedFrame, type ShimFrameHead } from './frame-coding.ts';
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

test('what the active mode says of a frame comes out as it went in, and hubs that do not know it get the frame without', () => {
  fc.assert(
    fc.property(
      head,
      fc.option(whole, { nil: undefined }),
      fc.option(
        fc.record({
          flags: fc.constant(['refused'] as const),
          verdicts: fc.array(fc.record({ stage: fc.string(), kind: fc.constant('refused' as const) })),
        }),
        { nil: undefined },
      ),
      fc.option(fc.uint8Array({ maxLength: 70_000 }), { nil: undefined }),
      fc.uint8Array({ maxLength: 70_000 }),
      (fields, facts, marks, delivered, body) => {
        const plain: ShimFrameHead = facts === undefined ? fields : { ...fields, whole: facts };
        const sent = { ...plain, ...(marks === undefined ? {} : { marks }), ...(delivered === undefined ? {} : { delivered }) };
        const payload = Buffer.concat(encodeFrame(sent, [body], crc32)).subarray(messageHeadBytes);
        const { body: gotBody, delivered: gotDelivered, ...got } = decodeFrame(payload) ?? { body: undefined };
        expect(got).toEqual(marks === undefined ? plain : { ...plain, marks });
        expect(gotDelivered === undefined ? undefined : Buffer.from(gotDelivered)).toEqual(
          delivered === undefined ? undefined : Buffer.from(delivered),
        );
        expect(Buffer.compare(gotBody ?? new Uint8Array(1), body)).toBe(0);
        expect(isMarkedFrame(payload)).toBe(marks !== undefined || delivered !== undefined);
        expect(Buffer.concat(unmarkedFrame(payload, crc32)).equals(Buffer.concat(encodeFrame(plain, [body], crc32)))).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test('verdicts that do not fit are left out, the flags stay', () => {
  const marks = { flags: ['refused'] as const, verdicts: [{ stage: 's', kind: 'refused' as const, reason: 'x'.repeat(70_000) }] };
  const frame = {
    seq: 1,
    at: 1,
    monotonicUs: 1,
    direction: 'fromClient' as const,
    delivery: 'line' as const,
    sizeBytes: 1,
    isDropped: false,
    marks,
  };
  const payload = Buffer.concat(encodeFrame(frame, [Buffer.from('x')], crc32)).subarray(messageHeadBytes);
  expect(decodeFrame(payload)).toMatchObject({ marks: { flags: ['refused'] }, body: Buffer.from('x') });
  expect(decodeFrame(payload)?.marks?.verdicts).toBeUndefined();
});

test('a frame that was cut off within what stands before its copy is no frame', () => {
  const frame = {
    seq: 1,
    at: 1,
    monotonicUs: 1,
    direction: 'fromClient' as const,
    delivery: 'line' as const,
    sizeBytes: 1,
    isDropped: false,
  };
  const payload = Buffer.concat(encodeFrame({ ...frame, marks: { flags: [] }, delivered: Buffer.from('abc') }, [], crc32)).subarray(
    messageHeadBytes,
  );
  for (let length = 33; length < payload.length; length += 1) expect(decodeFrame(payload.subarray(0, length))).toBeUndefined();
});
