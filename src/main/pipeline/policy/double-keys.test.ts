/** Keys that are there twice. */
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { doubleKey } from './double-keys.ts';

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
])('%s: %s', (text, key) => {
  expect(doubleKey(text)).toBe(key);
});

test('takes its time in proportion to the text', () => {
  const text = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)},"s":"${'\\"'.repeat(500_000)}"}`;
  const startedAt = performance.now();
  expect(doubleKey(text)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(500);
});
