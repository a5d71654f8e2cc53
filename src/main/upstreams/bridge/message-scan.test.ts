/** Ids and tokens are found where JSON.parse would see them, and replaced without touching anything else. */
import { expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { batchElements, idKey, scanMessage } from './message-scan.ts';
import { onOneLine, splice } from './splice.ts';

const scan = (text: string) => scanMessage(Buffer.from(text));

test.each([
  ['{"id":1,"method":"a"}', 'request'],
  ['{"method":"a","params":{"id":3}}', 'notification'],
  ['{"id":null,"error":{}}', 'error'],
  ['{"id":"","result":{"method":"x"}}', 'result'],
  ['{"id":{},"method":"a"}', undefined],
  ['{"id":1}', undefined],
  ['{"id":true,"result":1}', undefined],
  ['[1]', undefined],
  ['{"id":1,"method":"a"', undefined],
  ['{"id":1,"method":"a"} x', undefined],
  ['{"id":1 "method":"a"}', undefined],
  ['{"id":1,"method":"a}', undefined],
])('%s is %s', (text, kind) => {
  expect(scan(text)?.kind).toBe(kind);
});

test('finds every place of an id, also behind escapes, and takes the last for the value', () => {
  const message = scan('{"id":1,"m":[{"id":2},"\\"id\\":3"],"i\\u0064" : "x","method":"a","params":{"id":4}}');
  expect(message?.id).toMatchObject({ text: '"x"', key: '"x"' });
  expect(message?.id?.spans).toHaveLength(2);
  expect(splice(message!, [[message?.id, '77']]).toString()).toBe(
    '{"id":77,"m":[{"id":2},"\\"id\\":3"],"i\\u0064" : 77,"method":"a","params":{"id":4}}',
  );
});

test('finds tokens and subscriptions at their own places only', () => {
  const sub = '"io.modelcontextprotocol/subscriptionId":"s"';
  const request = scan(
    `{"id":1,"method":"a","params":{"progressToken":9,"_meta":{"progressToken":"t",${sub},"deep":{"progressToken":0}}}}`,
  );
  expect([request?.metaToken?.text, request?.reportToken?.text, request?.subscriptionId?.text]).toEqual(['"t"', '9', '"s"']);
  expect(scan(`{"id":1,"result":{"_meta":{${sub}}}}`)?.subscriptionId?.text).toBe('"s"');
  expect(scan('{"method":"notifications/cancelled","params":{"requestId":5}}')?.requestId?.key).toBe('5');
  expect(scan('{"method":"a","params>requestId":5,"params":[{"requestId":6}]}')?.requestId).toBeUndefined();
});

test('ids written differently are the same, ids of different types are not', () => {
  expect(['1', '1.0', '1e0', '"a"', '"\\u0061"', '"1"', '9007199254740993', '-0'].map(idKey)).toEqual([
    '1',
    '1',
    '1',
    '"a"',
    '"a"',
    '"1"',
    '9007199254740993',
    '0',
  ]);
});

test('agrees with JSON.parse on any message, in any spacing', () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const meta = fc.record({ progressToken: fc.oneof(fc.integer(), fc.string()), other: value });
  const message = fc.record({
    before: value,
    id: fc.oneof(fc.integer(), fc.string()),
    method: fc.string(),
    params: fc.record({ x: value, _meta: meta }),
  });
  fc.assert(
    fc.property(message, fc.constantFrom(undefined, 1, '\t'), (made, space) => {
      const text = JSON.stringify(made, undefined, space);
      const found = scan(text);
      expect(found?.method).toBe(made.method);
      const replaced = splice(found!, [
        [found?.id, '"new id"'],
        [found?.metaToken, '5'],
      ]);
      const expected = { ...made, id: 'new id', params: { ...made.params, _meta: { ...made.params._meta, progressToken: 5 } } };
      // Compared as text: a parsed `__proto__` is no member that toEqual can see.
      expect(JSON.stringify(JSON.parse(replaced.toString()))).toBe(JSON.stringify(JSON.parse(JSON.stringify(expected))));
      expect(JSON.stringify(JSON.parse(onOneLine(replaced).toString()))).toBe(JSON.stringify(JSON.parse(replaced.toString())));
      expect(onOneLine(replaced).includes(10)).toBe(false);
    }),
  );
});

test('a batch is cut into its elements, exactly', () => {
  expect(batchElements(Buffer.from(' [ {"a":[1,2]} , "x",3]'))?.map(String)).toEqual(['{"a":[1,2]}', '"x"', '3']);
  expect(batchElements(Buffer.from('[]'))).toEqual([]);
  expect(batchElements(Buffer.from('{}'))).toBeUndefined();
  expect(batchElements(Buffer.from('[1'))).toBeUndefined();
});

test('deep nesting and a million members cost no stack', () => {
  expect(scan(`{"id":1,"method":"a","x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)?.kind).toBe('request');
  expect(scan(`{${'"k":0,'.repeat(1_000_000)}"id":1,"method":"a"}`)?.kind).toBe('request');
});
