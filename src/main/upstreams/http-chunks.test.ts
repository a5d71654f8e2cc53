/** Chunks of a byte each: as many parts as there are reads, and not one for every byte. */
import { expect, test } from 'vitest';
import { ChunkedReader, type ChunkPart } from './http-chunks.ts';

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

function parts(reader: ChunkedReader, bytes: string): ChunkPart[] {
  reader.push(Buffer.from(bytes, 'latin1'));
  const all: ChunkPart[] = [];
  for (;;) {
    const part = reader.next();
    if (part.kind === 'more') return all;
    all.push(part);
    if (part.kind !== 'data') return all;
  }
}
const texts = (all: readonly ChunkPart[]) => all.map(part => (part.kind === 'data' ? part.chunk.toString('latin1') : part.kind));

test('chunks of a byte that came together are one part, which holds no more memory than its bytes ask for', () => {
  const reader = new ChunkedReader();
  const all = parts(reader, chunk('x').repeat(40_000));
  expect(texts(all)).toEqual(['x'.repeat(40_000)]);
  const [part] = all;
  expect(part?.kind === 'data' && part.chunk.buffer.byteLength).toBeLessThan(80_000);
});

test('small ones before and behind a large one keep their order, and what ends or breaks the body comes after them', () => {
  const large = 'y'.repeat(5000);
  const end = new ChunkedReader();
  expect(texts(parts(end, `${chunk('a')}${chunk('b')}${chunk(large)}${chunk('c')}0\r\n\r\n`))).toEqual(['ab', large, 'c', 'end']);
  const broken = new ChunkedReader();
  expect(texts(parts(broken, `${chunk('a')}${chunk('b')}z\r\n`))).toEqual(['ab', 'broken']);
});

test('nothing is held back: a part goes out with what has come', () => {
  const reader = new ChunkedReader();
  expect(texts(parts(reader, `${chunk('a')}2\r\nb`))).toEqual(['ab']);
  expect(texts(parts(reader, `c\r\n${chunk('d')}`))).toEqual(['cd']);
});

test('what comes behind the end is told, also when it comes while the last part is being taken', () => {
  const reader = new ChunkedReader();
  reader.push(Buffer.from(`${chunk('a')}0\r\n\r\n`));
  expect(reader.next()).toMatchObject({ kind: 'data' });
  reader.push(Buffer.from('HTTP/1.1 200 OK'));
  expect(reader.next()).toMatchObject({ kind: 'end', rest: Buffer.from('HTTP/1.1 200 OK') });
});
