import { expect, test } from 'vitest';
import { readMessages } from './sighting.ts';
import { traceIdOf } from './trace-id.ts';

const one = '0af7651916cd43dd8448eb211c80319c';
const other = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = (id: string) => `00-${id}-b7ad6b7169203331-01`;

function asked(field: string | undefined, meta: unknown): string | undefined {
  const reading = readMessages(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: meta } }));
  return traceIdOf(field === undefined ? [] : ['Traceparent', field], reading.kind === 'messages' ? reading.items : []);
}

test('the field says it, else _meta', () => {
  expect([asked(parent(one), { traceparent: parent(other) }), asked(undefined, { traceparent: parent(other) })]).toEqual([one, other]);
  expect([asked(undefined, {}), asked(undefined, null), traceIdOf([], [])]).toEqual([undefined, undefined, undefined]);
});

test.each([
  'nonsense',
  parent(one.toUpperCase()),
  parent('0'.repeat(32)),
  `00-${one}-0000000000000000-01`,
  `ff-${one}-b7ad6b7169203331-01`,
  `${parent(one)}0`,
])('%s is none', value => {
  expect(asked(value, { traceparent: value })).toBeUndefined();
});

test('a later version may say more', () => {
  expect(asked(`01-${one}-b7ad6b7169203331-01-what-ever`, {})).toBe(one);
});
