/** The tree of a payload: folding, large containers, JSON inside of texts, paths. */
import { describe, expect, test } from 'vitest';
import { jsonLines, noFolding, pathText, withMoreShown, withToggled } from './json-lines.ts';

describe('jsonLines', () => {
  test('unfolds the upper levels', () => {
    const lines = jsonLines({ a: 1, b: { c: [true, null] } }, noFolding);
    expect(lines.map(line => `${'  '.repeat(line.depth)}${line.label ?? ''}:${line.shape}`)).toEqual([
      ':object',
      '  a:leaf',
      '  b:object',
      '    c:array',
      '      :leaf',
      '      :leaf',
      '    :close',
      '  :close',
      ':close',
    ]);
  });

  test('folds what is toggled', () => {
    const folded = withToggled(noFolding, '$/b');
    expect(jsonLines({ a: 1, b: { c: 2 } }, folded).map(line => line.label ?? line.shape)).toEqual(['object', 'a', 'b', 'close']);
    expect(jsonLines({ b: { c: 2 } }, withToggled(folded, '$/b'))).toHaveLength(5);
  });

  test('keys with slashes stay apart', () => {
    const keys = jsonLines({ 'a/b': {}, a: { b: {} } }, noFolding).map(line => line.key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('a long array shows its first part, then more on request', () => {
    const value = Array.from({ length: 5000 }, (_, at) => at);
    const lines = jsonLines(value, noFolding);
    expect(lines).toHaveLength(203);
    expect(lines.at(-2)).toMatchObject({ shape: 'more', count: 4800 });
    expect(jsonLines(value, withMoreShown(noFolding, '$'))).toHaveLength(1203);
  });

  test('a text that is JSON unfolds in place', () => {
    const value = { text: '{"message":"rate limit","status":403}', plain: '{not json}' };
    expect(jsonLines(value, noFolding).map(line => line.shape)).toEqual(['object', 'embedded', 'leaf', 'close']);
    const open = jsonLines(value, withToggled(noFolding, '$/text'));
    expect(open.map(line => line.label)).toEqual([undefined, 'text', 'message', 'status', 'plain', undefined]);
    expect(pathText(open[2]?.path ?? [])).toBe('text.message');
  });
});

test('paths read as in a program', () => {
  expect(pathText(['result', 'content', 0, 'text'])).toBe('result.content[0].text');
  expect(pathText(['_meta', 'io.example/key'])).toBe('_meta["io.example/key"]');
});
