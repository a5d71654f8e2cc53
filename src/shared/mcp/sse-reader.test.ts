/** The event stream reader against the standard's rules, and under every way of cutting the bytes. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { SseReader, type SseEventHead } from './sse-reader.ts';

interface Seen {
  readonly raw: string;
  readonly data: string;
  readonly head: SseEventHead;
}

/** Reads bytes given in pieces; binary strings, so that cut characters stay comparable. */
function read(pieces: readonly Uint8Array[]): Seen[] {
  const seen: Seen[] = [];
  let raw = Buffer.alloc(0);
  let data = Buffer.alloc(0);
  const reader = new SseReader({
    raw: bytes => (raw = Buffer.concat([raw, bytes])),
    data: bytes => (data = Buffer.concat([data, bytes])),
    end: head => {
      seen.push({ raw: raw.toString('latin1'), data: data.toString('latin1'), head });
      raw = Buffer.alloc(0);
      data = Buffer.alloc(0);
    },
  });
  for (const piece of pieces) reader.push(piece);
  reader.finish();
  return seen;
}

const readText = (text: string) => read([Buffer.from(text)]);

/** WHATWG HTML 9.2.6, written down a second time and as plainly as can be. */
function dispatched(text: string): { data: string; name: string }[] {
  const events: { data: string; name: string }[] = [];
  let data: string[] = [];
  let name = '';
  for (const line of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\n'), name });
      data = [];
      name = '';
    } else if (!line.startsWith(':')) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') data.push(value);
      if (field === 'event') name = value;
    }
  }
  return events;
}

const streamText = fc
  .array(
    fc.constantFrom(
      'data',
      ':',
      ' ',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      'event',
      'id',
      'retry',
      'data: {"a":1}',
      'data:x',
      'event: endpoint',
      'id: 7',
      'ä𝄞',
      '\ufeff',
      'unknown: field',
      ': comment',
      'dat',
      'datax',
    ),
    { maxLength: 60 },
  )
  .map(parts => parts.join(''));

test('reads what the standard says, for any stream', () => {
  fc.assert(
    fc.property(streamText, text => {
      const events = readText(text).filter(event => event.head.isComplete && event.head.hasData);
      expect(events.map(({ data, head }) => ({ data: Buffer.from(data, 'latin1').toString(), name: head.name }))).toEqual(dispatched(text));
    }),
    { numRuns: 2000 },
  );
});

test('gives the same events, byte for byte, wherever the stream is cut', () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(200), { maxLength: 40 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      const at = [...new Set([0, ...cuts.filter(cut => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const pieces = at.slice(1).map((end, n) => bytes.subarray(at[n], end));
      expect(read(pieces)).toEqual(read([bytes]));
    }),
    { numRuns: 2000 },
  );
});

test('loses no byte of any stream, even of one that is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      const seen = read([...bytes].map(byte => Uint8Array.of(byte)));
      expect(seen.map(event => event.raw).join('')).toBe(Buffer.from(bytes).toString('latin1'));
    }),
  );
});

test('keeps id, retry and the difference between no data and empty data', () => {
  expect(
    readText('id: 1\nretry: 100\ndata: \n\n: ping\n\nid\n\nevent: x\ndata\ndata: y\n\n').map(({ head, data }) => [head, data]),
  ).toEqual([
    [{ name: '', id: '1', retry: '100', hasData: true, isComplete: true }, ''],
    [{ name: '', hasData: false, isComplete: true }, ''],
    [{ name: '', id: '', hasData: false, isComplete: true }, ''],
    [{ name: 'x', hasData: true, isComplete: true }, '\ny'],
  ]);
});

test('says that an event without its blank line is not complete', () => {
  expect(readText('data: {"half":').map(({ head, data }) => [head.isComplete, data])).toEqual([[false, '{"half":']]);
});

test('does not collect what it passes on: 32 MB in one event', () => {
  let bytes = 0;
  const reader = new SseReader({ raw: () => undefined, data: chunk => (bytes += chunk.length), end: () => undefined });
  reader.push(Buffer.from('data: '));
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let n = 0; n < 512; n += 1) reader.push(chunk);
  reader.push(Buffer.from('\n\n'));
  expect(bytes).toBe(32 * 1024 * 1024);
});
