/** Bodies that end at the door, and those that a real client sends and that must not. */
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { refusalOfBody, refusalOfShape } from './http-unclear-body.ts';

const wholeOf = (text: string | Uint8Array) => ({ kind: 'whole', bytes: Buffer.from(text) }) as const;
const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"späß"}}';

function refused(rawHeaders: readonly string[], text: string | Uint8Array = body, method = 'POST'): string | undefined {
  return refusalOfBody({ method, rawHeaders } as unknown as IncomingMessage, wholeOf(text))?.code;
}

test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'application/json; charset=utf8'])(
  'passes %s',
  type => {
    expect(refused(['Content-Type', type])).toBeUndefined();
  },
);

test.each([
  'application/json; charset=utf-7',
  'application/json;CHARSET = UTF-7',
  "application/json; charset='utf-7'",
  'application/json; charset="utf-16le"',
  'application/json; charset=utf-8; charset=utf-7',
  "application/json; charset*=utf-7''x",
  'application/json; charset=latin1',
])('refuses %s', type => {
  expect(refused(['Content-Type', type])).toBe('UNSUPPORTED_TYPE');
});

test('refuses two types, bytes that are no UTF-8, and bodies where nobody expects one', () => {
  expect(refused(['Content-Type', 'application/json', 'content-type', 'application/json; charset=utf-7'])).toBe('BAD_REQUEST');
  // 0xC1 0x9F: `_` in two bytes, which lenient decoders take.
  expect(refused([], Buffer.from([0x22, 0xc1, 0x9f, 0x22]))).toBe('BAD_REQUEST');
  for (const method of ['GET', 'DELETE', 'HEAD'])
    expect([refused([], body, method), refused([], '', method)]).toEqual(['BAD_REQUEST', undefined]);
  expect(refusalOfBody({ method: 'GET', rawHeaders: [] } as unknown as IncomingMessage, { kind: 'none' })).toBeUndefined();
});

test('leaves encoded bodies to the stage that says why they cannot be read', () => {
  expect(refused(['Content-Encoding', 'gzip'], Buffer.from([0x1f, 0x8b, 0x08]))).toBeUndefined();
});

const shape = (text: string) => refusalOfShape(wholeOf(text))?.message;

test('refuses to parse what is deep, a long batch, or very many values', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}${' '.repeat(300)}}`;
  expect([shape(nested(255)), shape(nested(256))]).toEqual([undefined, 'The body is nested deeper than 256 levels.']);
  const batch = (count: number) => ` \n[${Array.from({ length: count }, () => '{"jsonrpc":"2.0","method":"a","params":[1,2]}').join(',')}]`;
  expect([shape(batch(200)), shape(batch(201))]).toEqual([undefined, 'A batch has more than 200 messages.']);
  const values = (count: number) => `{"a":[${'1,'.repeat(count - 1)}1]}`;
  expect([shape(values(250_000)), shape(values(250_001))]).toEqual([undefined, 'The body has more than 250000 values.']);
});

test('text does not count: brackets and commas in strings, escaped quotes', () => {
  const text = JSON.stringify({ a: `${'[{,"\\'.repeat(300_000)}`, b: ['\\', '"'] });
  expect(shape(text)).toBeUndefined();
  expect(shape(`["${'x'.repeat(300)}`)).toBeUndefined();
});
