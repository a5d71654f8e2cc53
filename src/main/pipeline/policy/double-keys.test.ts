/** Keys that are there twice, or differ from a member of the protocol in case alone. */
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { unclearKey } from './double-keys.ts';

test.each([
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', undefined],
  ['{"method":"x","method":"y"}', 'method'],
  ['{"method":"x","m\\u0065thod":"y"}', 'method'],
  ['{"method":"x","Method":"y"}', 'Method'],
  ['{"params":{"name":"a","NAME":"b"}}', 'NAME'],
  ['[{"params":{"arguments":{"a":1,"A":2}}}]', undefined],
  ['[{"params":{"arguments":{"a":1,"x":["a",{"y":"\\"a\\""}],"a":2}}}]', 'a'],
  ['{"a":"b","b":"a,\\"a\\":"}', undefined],
  ['{}', undefined],
  ['["a","a"]', undefined],
  ['1', undefined],
])('twice, %s: %s', (text, key) => {
  expect(unclearKey(text)).toEqual(key === undefined ? undefined : { key, problem: 'twice' });
});

test.each([
  ['{"Method":"x"}', 'Method'],
  ['{"id":1,"result":{},"METHOD":"x"}', 'METHOD'],
  ['[{"method":"x","Params":{}}]', 'Params'],
  ['{"params":{"name":"a","Arguments":{}}}', 'Arguments'],
  ['{"params":{"name":"a","argument\u017f":{}}}', 'argument\u017f'],
  ['{"paramſ":{}}', 'paramſ'],
  ['{"params":{"arguments":{"Name":1,"Method":2,"id":{"ID":1}},"requestState":"x","inputResponses":{}}}', undefined],
  ['{"params":{"progressToken":1,"Other":2,"K":1}}', undefined],
])('by case, %s: %s', (text, key) => {
  expect(unclearKey(text)).toEqual(key === undefined ? undefined : { key, problem: 'case' });
});

test('takes its time in proportion to the text', () => {
  const text = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)},"s":"${'\\"'.repeat(500_000)}"}`;
  const startedAt = performance.now();
  expect(unclearKey(text)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(500);
});
