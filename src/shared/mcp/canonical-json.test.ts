/** Equal values have equal texts, whatever the order of their keys and however deep they are. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { canonicalJson } from './canonical-json.ts';

test('is JSON of the same value, with its keys in order', () => {
  expect(canonicalJson({ b: [1, { z: 'ä', a: null }, []], a: {}, left: undefined, '': true })).toBe(
    '{"":true,"a":{},"b":[1,{"a":null,"z":"ä"},[]]}',
  );
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});

test('is the same whether the keys came in order or not, and whatever numbers they look like', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, member]) => [key, reversed(member)]),
    );
  };
  expect(canonicalJson({ 9: 1, 10: 2, a: [undefined, { 2: 1, 1: undefined }] })).toBe('{"10":2,"9":1,"a":[null,{"2":1}]}');
  expect(canonicalJson({ a: undefined, b: undefined })).toBe('{}');
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
    }),
  );
});

test('takes what JSON.parse took, however deep', () => {
  const depth = 200_000;
  const arrays = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(canonicalJson(JSON.parse(arrays)) === arrays).toBe(true);
  const objects = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  expect(canonicalJson(JSON.parse(objects)) === objects).toBe(true);
});
