/** Bodies of guarded routes, in parts as clients may send them. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { receiveWholeBody, type ReceivedBody } from './http-request-body.ts';

function arriving(headers: Readonly<Record<string, string>>) {
  const request = Object.assign(new EventEmitter(), { headers });
  const taken: ReceivedBody[] = [];
  receiveWholeBody(
    request as unknown as IncomingMessage,
    1_000_000,
    () => () => true,
    received => taken.push(received),
  );
  const bytes = () => taken.map(({ body }) => (body.kind === 'whole' ? Buffer.from(body.bytes).toString('latin1') : body.kind));
  return { request, bytes };
}

const text = Array.from({ length: 5000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join('');

test.each([
  ['chunked', { 'transfer-encoding': 'chunked' }],
  ['of a known length', { 'content-length': String(text.length) }],
])('a body %s that comes byte by byte is put together without keeping a part for each', (_, headers) => {
  const { request, bytes } = arriving(headers);
  request.emit('data', Buffer.from(text[0] as string));
  // The same memory every time: whoever kept it instead of what it holds would end with one letter throughout.
  const part = Buffer.alloc(1);
  for (const letter of text.slice(1)) {
    part.write(letter);
    request.emit('data', part);
  }
  request.emit('end');
  expect(bytes()).toEqual([text]);
});

test('a body that comes at once is handed on as it came, an empty one as nothing', () => {
  const once = arriving({ 'transfer-encoding': 'chunked' });
  once.request.emit('data', Buffer.from(text));
  once.request.emit('end');
  const empty = arriving({ 'transfer-encoding': 'chunked' });
  empty.request.emit('end');
  expect([once.bytes(), empty.bytes()]).toEqual([[text], ['']]);
});
