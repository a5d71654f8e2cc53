/** Taking parts out of JSON texts without touching the rest. */
import { expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { elementSpans, withElements, withoutElements } from './json-spans.ts';

const spansOf = (text: string, ...path: string[]) => elementSpans(text, path)?.map(({ from, to }) => text.slice(from, to));

test('finds the elements of an array under keys, whatever stands around them', () => {
  const text = '{ "x":"]}\\"", "result" : {"a":[[1]],"t\\u006fols":[ {"n":"]"} , 1.0,\n"s,\\\\", [2,3] ,null]}}';
  expect(spansOf(text, 'result', 'tools')).toEqual(['{"n":"]"}', '1.0', '"s,\\\\"', '[2,3]', 'null']);
  expect([spansOf('[]'), spansOf(' [ ] '), spansOf('[1]')]).toEqual([[], [], ['1']]);
});

test('finds nothing where there is no array, and where a key is there twice', () => {
  expect([spansOf('{"a":{"b":1}}', 'a', 'b'), spansOf('{"a":1}', 'b'), spansOf('[1]', 'a'), spansOf('1')]).toEqual(
    Array(4).fill(undefined),
  );
  expect([spansOf('{"a":[1],"a":[2]}', 'a'), spansOf('{"r":{"a":[1]},"r":{"a":[2]}}', 'r', 'a')]).toEqual([undefined, undefined]);
});

test.each([
  ['{"t": [ 1 , 2 ,3 ] }', [true, false, true], '{"t": [ 1 ,3 ] }'],
  ['{"t": [ 1 , 2 ,3 ] }', [false, true, true], '{"t": [ 2 ,3 ] }'],
  ['{"t": [ 1 , 2 ,3 ] }', [true, true, false], '{"t": [ 1 , 2 ] }'],
  ['{"t": [ 1 , 2 ,3 ] }', [false, false, false], '{"t": [  ] }'],
  ['{"t":[]}', [], '{"t":[]}'],
])('%s keeping %j is %s', (text, isKept, expected) => {
  expect(withoutElements(text, elementSpans(text, ['t']) ?? [], isKept)).toBe(expected);
});

test('replaces elements', () => {
  const text = '[1, {"a":[2]} ,3]';
  expect(withElements(text, elementSpans(text) ?? [], [undefined, '"x"', undefined])).toBe('[1, "x" ,3]');
});

test('what is left is what filtering the value gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 8 }),
      fc.jsonValue(),
      fc.constantFrom(0, 1, 2),
      (list, isKept, other, indent) => {
        const value = { other, result: { before: other, tools: list, after: 'x' } };
        const text = JSON.stringify(value, null, indent);
        const spans = elementSpans(text, ['result', 'tools']);
        if (spans === undefined) throw new Error('not found');
        const left = JSON.parse(withoutElements(text, spans, isKept)) as unknown;
        const expected = { ...value, result: { ...value.result, tools: list.filter((_, at) => isKept[at]) } };
        expect(left).toEqual(JSON.parse(JSON.stringify(expected)));
      },
    ),
  );
});
