import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { explainFilter } from './explain-filter.ts';
import { filterKeys, type Filter } from './filter-tree.ts';
import { formatFilter } from './format-filter.ts';
import { readFilter } from './read-filter.ts';

function read(text: string): Filter {
  const reading = readFilter(text);
  if (!reading.ok) throw new Error(`${reading.message} at ${reading.start}`);
  return reading.filter;
}

function wrong(text: string): { message: string; at: string } {
  const reading = readFilter(text);
  if (reading.ok) throw new Error(`"${text}" reads as ${formatFilter(reading.filter)}`);
  return { message: reading.message, at: text.slice(reading.start, reading.end) };
}

/** The same tree without places in the text. */
function shape(filter: Filter): unknown {
  return JSON.parse(JSON.stringify(filter, (key, value: unknown) => (key === 'span' ? undefined : value)));
}

test('terms beside each other must all hold; "or" binds weaker, parentheses strongest', () => {
  expect(shape(read('a b or c'))).toEqual({
    kind: 'or',
    parts: [{ kind: 'and', parts: [word('a'), word('b')] }, word('c')],
  });
  expect(shape(read('a AND (b OR c)'))).toEqual({ kind: 'and', parts: [word('a'), { kind: 'or', parts: [word('b'), word('c')] }] });
  expect(shape(read('not a -b'))).toEqual({
    kind: 'and',
    parts: [
      { kind: 'not', part: word('a') },
      { kind: 'not', part: word('b') },
    ],
  });
  expect(shape(read('  '))).toEqual({ kind: 'all' });
});

test('words that only begin like operators are words', () => {
  expect(shape(read('order nothing android'))).toEqual({ kind: 'and', parts: [word('order'), word('nothing'), word('android')] });
});

test('values: lists, globs, quotes, comparisons with units', () => {
  expect(shape(read('tool:search*,"a, *b"'))).toEqual({
    kind: 'match',
    key: 'tool',
    values: [
      { kind: 'glob', pattern: 'search*' },
      { kind: 'exact', text: 'a, *b' },
    ],
  });
  expect(values('dur:>1.5s')).toEqual([{ kind: 'compare', comparison: '>', amount: 1500 }]);
  expect(values('DUR:<=20')).toEqual([{ kind: 'compare', comparison: '<=', amount: 20 }]);
  expect(values('size:>=100KB,<2kib')).toEqual([
    { kind: 'compare', comparison: '>=', amount: 100_000 },
    { kind: 'compare', comparison: '<', amount: 2048 },
  ]);
  expect(values('kind:Request,stderr')).toEqual([
    { kind: 'exact', text: 'req' },
    { kind: 'exact', text: 'stderr' },
  ]);
  expect(values('time:>=2026-11-27T14:02:07.5Z')).toEqual([
    { kind: 'compare', comparison: '>=', amount: Date.UTC(2026, 10, 27, 14, 2, 7, 500) },
  ]);
  expect(values('time:<2026-11-28')).toEqual([{ kind: 'compare', comparison: '<', amount: new Date(2026, 10, 28).getTime() }]);
  expect(values('method:tools/call')).toEqual([{ kind: 'exact', text: 'tools/call' }]);
});

test('what is wrong is said with its place and the nearest key or word', () => {
  expect(wrong('a stauts:ok')).toEqual({ message: expect.stringContaining('Did you mean "status"?') as unknown, at: 'stauts' });
  expect(wrong('status:eror')).toEqual({ message: '"eror" is no status. Did you mean "error"?', at: 'eror' });
  expect(wrong('http://localhost')).toEqual({ message: expect.stringContaining('put it in quotes') as unknown, at: 'http' });
  expect(wrong('a (b or c').at).toBe('(');
  expect(wrong('a) b').at).toBe(')');
  expect(wrong('a "b c').at).toBe('"b c');
  expect(wrong('a or').message).toContain('missing at the end');
  expect(wrong('or a').message).toContain('missing before "or"');
  expect(wrong('tool:').message).toBe('"tool:" needs a value');
  expect(wrong('tool:a,').message).toBe('"tool:" needs a value');
  expect(wrong('dur:fast').message).toContain('dur:>500ms');
  expect(wrong('dur:>5parsecs').at).toBe('>5parsecs');
  expect(wrong('time:>=yesterday').message).toContain('time:>=2026-11-27T14:02:07');
  expect(wrong('time:2026-13-40').at).toBe('2026-13-40');
  expect(wrong('->').message).toContain('letters and digits');
  expect(wrong('('.repeat(40) + 'a' + ')'.repeat(40)).message).toContain('nested');
  expect(wrong('a '.repeat(17)).message).toContain('at most 16 words');
  expect(wrong('id:1 '.repeat(101)).message).toContain('at most 100 terms');
  const values = (count: number) => `tool:${Array.from({ length: count }, (_, at) => `a${at}*`).join(',')}`;
  expect(wrong(values(101))).toEqual({ message: 'A filter has at most 100 terms; each value of a key is one', at: 'a100*' });
  expect(wrong(`id:1 ${values(100)}`).at).toBe('a99*');
  expect(readFilter(values(100)).ok).toBe(true);
});

test('every part knows its place in the text', () => {
  const filter = read('tool:echo -(a or b)');
  expect(filter.kind === 'and' && filter.parts.map(part => part.span)).toEqual([
    { start: 0, end: 9 },
    { start: 10, end: 19 },
  ]);
});

test('a filter is told as a sentence', () => {
  expect(explainFilter(read('tool:search* -status:ok,late dur:>1500ms'))).toBe(
    'Where the tool is like search* and the status is not ok or late and the duration is over 1.5 s',
  );
  expect(explainFilter(read('rate "rate limit" or -x'))).toBe(
    'Where the text has a word beginning with "rate" and the text has "rate limit" or the text lacks a word beginning with "x"',
  );
  expect(explainFilter(read('time:>=2026-11-27T14:02:07Z -time:>2026-11-27T14:03:00+00:00'))).toBe(
    'Where the time is from 2026-11-27T14:02:07.000Z and the time is not after 2026-11-27T14:03:00.000Z',
  );
  expect(explainFilter(read(''))).toBe('Everything');
});

const value = fc.oneof(
  fc.stringMatching(/^[\w*/.-]{1,8}$/),
  fc.string({ minLength: 1, maxLength: 8 }).map(text => JSON.stringify(text)),
);
const term = fc.oneof(
  { weight: 2, arbitrary: fc.stringMatching(/^[a-z_/é]{1,8}$/) },
  fc.constantFrom(
    '"a b"',
    '"q\\"uote\\\\"',
    'dur:>5ms',
    'dur:1e-3',
    'size:>=2.5mb,<1kib',
    'time:>=2026-11-27T14:02,<2026-11-28',
    'kind:req,note',
    'from:server',
    'status:tool-error,late',
  ),
  fc
    .tuple(fc.constantFrom('server', 'client', 'method', 'tool', 'id', 'session'), fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([key, values]) => `${key}:${values.join(',')}`),
);
const text = fc.letrec<{ any: string }>(tie => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    term,
    tie('any').map(inner => `-(${inner})`),
    tie('any').map(inner => `not ${inner}`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `${a} ${b}`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} or ${b})`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `${a} OR ${b}`),
  ),
})).any;

test('the canonical text of a filter reads as the same filter, and is its own canonical text', () => {
  let readCount = 0;
  fc.assert(
    fc.property(text, source => {
      const reading = readFilter(source);
      if (!reading.ok) return;
      readCount += 1;
      const canonical = formatFilter(reading.filter);
      expect(shape(read(canonical))).toEqual(shape(reading.filter));
      expect(formatFilter(read(canonical))).toBe(canonical);
    }),
    { numRuns: 2_000 },
  );
  expect(readCount).toBeGreaterThan(1_000);
});

test('no text makes the reader throw, and places stay inside the text', () => {
  const piece = fc.oneof(
    fc.constantFrom('(', ')', '-', '"', ':', ',', ' or ', ' not ', '\\', '*', '>', ...filterKeys),
    fc.string({ maxLength: 5, unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
      const source = pieces.join('');
      const reading = readFilter(source);
      if (reading.ok) return;
      expect(reading.start).toBeGreaterThanOrEqual(0);
      expect(reading.end).toBeLessThanOrEqual(source.length);
      expect(reading.start).toBeLessThanOrEqual(reading.end);
    }),
    { numRuns: 2_000 },
  );
});

function word(text: string): unknown {
  return { kind: 'text', text, isPhrase: false };
}

function values(text: string): unknown {
  const filter = read(text);
  return filter.kind === 'match' ? filter.values : undefined;
}
