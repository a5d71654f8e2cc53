/** Telling the endpoint event of HTTP+SSE from every other beginning of a stream, as early as possible. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { findEndpoint } from './endpoint-event.ts';

const find = (text: string) => findEndpoint(Buffer.from(text));

test.each([
  ['event: endpoint\ndata: /message?sessionId=1\n\n', '/message?sessionId=1'],
  ['event:endpoint\r\ndata:http://127.0.0.1:1/m\r\n\r\n', 'http://127.0.0.1:1/m'],
  ['data: /m\nevent: endpoint\n\n', '/m'],
  ['id: 1\nevent: endpoint\nretry: 5\ndata: /m\n\nevent: message\ndata: {}\n\n', '/m'],
])('finds it: %j', (text, uri) => {
  expect(find(text)).toMatchObject({ kind: 'endpoint', from: 0, uri });
});

test('comments and blank lines before it may go on', () => {
  const text = ': hi\n\n: more\nevent: endpoint\ndata: /m\n\ndata: x\n\n';
  expect(find(text)).toEqual({ kind: 'endpoint', from: 13, to: text.indexOf('data: x'), uri: '/m' });
  expect(find(': hi\n\nevent: end')).toEqual({ kind: 'maybe', passBytes: 6 });
});

test.each([
  ['JSON', 'data: {'],
  ['another event', 'event: message'],
  ['a longer name', 'event: endpoints'],
  ['no event stream at all', '{"jsonrpc"'],
  ['an endpoint event with JSON', 'event: endpoint\ndata: {'],
  ['JSON behind an id', 'id: 1\ndata: {"'],
  ['an unknown field', 'unknown'],
  ['an endless URI', `event: endpoint\ndata: /${'x'.repeat(20_000)}`],
])('holds nothing back of %s', (_, text) => {
  expect(find(text)).toEqual({ kind: 'no' });
});

test('every beginning of the event is held, and none of it is passed', () => {
  const text = 'id: 1\r\nevent: endpoint\r\ndata: /message?sessionId=1\r\n\r\n';
  for (let end = 0; end < text.length - 1; end += 1) expect([end, find(text.slice(0, end)).kind]).toEqual([end, 'maybe']);
  expect(find(text)).toMatchObject({ kind: 'endpoint', to: text.length });
});

test('never throws and never passes more than there is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
      const found = findEndpoint(bytes);
      expect(found.kind === 'maybe' ? found.passBytes : 0).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
