import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { copyCapBytes } from '../../shared/shim/protocol.ts';
import { LineCopy, type CopiedLine } from './line-copy.ts';
import { LineSplitter } from './line-splitter.ts';

/** Splits the bytes in chunks of the given sizes, which repeat. */
function split(bytes: Uint8Array, sizes: readonly number[]): CopiedLine[] {
  const lines: CopiedLine[] = [];
  const splitter = new LineSplitter(line => lines.push(line));
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] as number;
    splitter.push(bytes.slice(at, at + size));
    at += size;
  }
  splitter.flush();
  return lines;
}

const bytesOf = ({ parts }: CopiedLine): Buffer => Buffer.concat(parts);
const sizes = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 8 });
/** Text with characters of one to four bytes, line feeds, carriage returns and empty lines. */
const text = fc
  .array(fc.constantFrom('\n', '\r\n', '{"a":1}', 'ä', '中', '😀', ' ', 'x'.repeat(5_000)), { maxLength: 40 })
  .map(words => words.join(''));

test('checklist 21: lines are the same however the bytes are cut, also inside a character', () => {
  fc.assert(
    fc.property(text, sizes, (content, cuts) => {
      const expected = content.split('\n');
      if (expected.at(-1) === '') expected.pop();
      const lines = split(Buffer.from(content), cuts);
      expect(lines.map(line => bytesOf(line).toString('utf8'))).toEqual(expected);
      expect(lines.map(line => line.sizeBytes)).toEqual(expected.map(line => Buffer.byteLength(line)));
    }),
  );
});

test('arbitrary bytes keep every byte but the line feeds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), sizes, (bytes, cuts) => {
      const joined = Buffer.concat(split(bytes, cuts).flatMap(line => [bytesOf(line), Buffer.from('\n')]));
      const expected = bytes.length === 0 || bytes.at(-1) === 10 ? Buffer.from(bytes) : Buffer.concat([bytes, Buffer.from('\n')]);
      expect(joined.equals(expected)).toBe(true);
    }),
  );
});

test('checklist 37: a line of 50 MB is kept as 1 MiB, with its size, its hash and what it says', () => {
  const line = Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","result":{"text":"'),
    Buffer.alloc(50_000_000, 'z'),
    Buffer.from('"},"id":"a-1"}'),
  ]);
  const [copy, ...more] = split(Buffer.concat([line, Buffer.from('\n')]), [65_536]);
  expect(more).toEqual([]);
  expect(copy?.sizeBytes).toBe(line.length);
  expect(bytesOf(copy as CopiedLine).equals(line.subarray(0, copyCapBytes))).toBe(true);
  expect(copy?.whole).toEqual({
    contentHash: createHash('sha256').update(line).digest('hex'),
    facts: { idText: '"a-1"', hasResult: true, hasError: false },
  });
});

test('a line that drips in byte by byte costs memory for its bytes, not an object for each', () => {
  const copy = new LineCopy();
  for (let count = 0; count < 500_000; count += 1) copy.push(Uint8Array.of(97));
  const { parts, sizeBytes } = copy.take();
  expect(sizeBytes).toBe(500_000);
  expect(Buffer.concat(parts).equals(Buffer.alloc(500_000, 'a'))).toBe(true);
  expect(parts.length).toBeLessThan(100);
});

test('a copy cut at any size has the bytes of the beginning and the hash of the whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 6_000 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 20_000 }),
      (pieces, capBytes) => {
        const copy = new LineCopy(capBytes);
        for (const piece of pieces) copy.push(piece);
        const all = Buffer.concat(pieces);
        const line = copy.take();
        expect(bytesOf(line).equals(all.subarray(0, capBytes))).toBe(true);
        expect(line.whole?.contentHash).toBe(all.length > capBytes ? createHash('sha256').update(all).digest('hex') : undefined);
      },
    ),
  );
});
