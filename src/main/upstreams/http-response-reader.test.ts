/** The answer reader: framing, strictness, and the same result wherever the bytes are cut. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { ResponseReader } from './http-response-reader.ts';

interface Read {
  readonly statuses: readonly number[];
  readonly interim: readonly number[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly outcome: string;
}

function read(pieces: readonly Uint8Array[], { method = 'GET', isClosed = false } = {}): Read {
  const reader = new ResponseReader();
  reader.begin(method);
  const statuses: number[] = [];
  const interim: number[] = [];
  const body: Buffer[] = [];
  let trailers: readonly string[] = [];
  let outcome = 'open';
  const take = () => {
    for (;;) {
      const part = reader.next();
      if (part.kind === 'more') return;
      if (part.kind === 'interim') interim.push(part.head.status);
      if (part.kind === 'head') statuses.push(part.head.status);
      if (part.kind === 'data') body.push(part.chunk);
      if (part.kind === 'end') {
        ({ trailers } = part);
        outcome = part.isReusable ? 'reusable' : 'over';
      }
      if (part.kind === 'broken') {
        outcome = `broken: ${part.reason}`;
        return;
      }
    }
  };
  for (const piece of pieces) {
    reader.push(Buffer.from(piece));
    take();
    if (outcome.startsWith('broken')) break;
  }
  if (isClosed) {
    reader.finish();
    if (outcome === 'open') take();
  }
  return { statuses, interim, body: Buffer.concat(body).toString('latin1'), trailers, outcome };
}

const readText = (text: string, options?: { method?: string; isClosed?: boolean }) => read([Buffer.from(text, 'latin1')], options);

const body = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes).toString('latin1'));
const lengthAnswer = body.map(text => ({ wire: `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`, text }));
const chunkedAnswer = fc
  .tuple(fc.array(body, { maxLength: 8 }), fc.constantFrom('', ';a=b', ' ;q="x"'), fc.constantFrom('', 'X-T: 1\r\n'))
  .map(([parts, extension, trailer]) => ({
    wire: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${parts
      .filter(part => part !== '')
      .map(part => `${part.length.toString(16)}${extension}\r\n${part}\r\n`)
      .join('')}0\r\n${trailer}\r\n`,
    text: parts.join(''),
  }));

test('finds body and end of any well-formed answer, wherever its bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.oneof(lengthAnswer, chunkedAnswer),
      fc.array(fc.nat(600), { maxLength: 30 }),
      fc.constantFrom('', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'),
      (answer, cuts, before) => {
        const bytes = Buffer.from(before + answer.wire, 'latin1');
        const at = [...new Set([0, ...cuts.filter(cut => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
        const found = read(at.slice(1).map((end, n) => bytes.subarray(at[n], end)));
        expect([found.body, found.outcome, found.statuses, found.interim.length]).toEqual([
          answer.text,
          'reusable',
          [200],
          before === '' ? 0 : 1,
        ]);
      },
    ),
    { numRuns: 1500 },
  );
});

test('never calls an answer whole that was cut off', () => {
  fc.assert(
    fc.property(fc.oneof(lengthAnswer, chunkedAnswer), fc.nat(600), (answer, cut) => {
      fc.pre(cut < answer.wire.length);
      expect(readText(answer.wire.slice(0, cut), { isClosed: true }).outcome).toMatch(/^broken/);
    }),
    { numRuns: 1500 },
  );
});

test('never throws, whatever comes', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          'HTTP/1.1 200 OK\r\n',
          '\r\n',
          'Content-Length: 5\r\n',
          'Transfer-Encoding: chunked\r\n',
          '5\r\nabcde\r\n',
          '0\r\n\r\n',
          ':',
          '\0',
          'x'.repeat(50),
          'HTTP/1.0 204 \r\n',
        ),
        { maxLength: 12 },
      ),
      fc.uint8Array({ maxLength: 20 }),
      (parts, noise) => {
        const pieces = [...parts.map(part => Buffer.from(part, 'latin1')), noise];
        expect(() => read(pieces, { isClosed: true })).not.toThrow();
      },
    ),
    { numRuns: 2000 },
  );
});

test('an answer with bytes behind it is whole, and its connection is not used again', () => {
  expect(readText('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n')).toMatchObject({ body: 'ok', outcome: 'over' });
  expect(readText('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx')).toMatchObject({ outcome: 'over' });
  expect(readText('HTTP/1.1 204 No Content\r\n\r\nsurprise')).toMatchObject({ body: '', outcome: 'over' });
});

test.each([
  ['HEAD has no body, whatever its length says', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HEAD', 'reusable'],
  ['304 has no body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 'GET', 'reusable'],
  ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n', 'GET', 'over'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'GET', 'over'],
  ['HTTP/1.0 that keeps alive', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', 'GET', 'reusable'],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', 'GET', 'reusable'],
])('%s', (_, wire, method, outcome) => {
  expect(readText(wire, { method })).toMatchObject({ body: '', outcome });
});

test('a body without a length ends with the connection', () => {
  expect(readText('HTTP/1.1 200 OK\r\n\r\nsome', { isClosed: true })).toMatchObject({ body: 'some', outcome: 'over' });
  expect(readText('HTTP/1.1 200 OK\r\n\r\nsome')).toMatchObject({ body: 'some', outcome: 'open' });
});

test.each([
  ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n'],
  ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n'],
  ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : a\r\n\r\n'],
  ['a bare line feed in a field', 'HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n'],
  ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n'],
  ['a line that is no field', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
  ['a chunk size with a sign', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nabcde\r\n0\r\n\r\n'],
  ['a chunk size in 0x', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n'],
  ['an overflowing chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n'],
  ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n'],
  ['bare line ends around a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n'],
  ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`],
  ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40)],
  ['a chunk size line without an end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(5000)}`],
])('refuses %s', (_, wire) => {
  // A strict reader either breaks at once or never takes anything for a body.
  const { outcome } = readText(wire, { isClosed: true });
  expect(outcome).toMatch(/^broken/);
});
