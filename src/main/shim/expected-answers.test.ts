import { expect, test } from 'vitest';
import { ExpectedAnswers, ownIn } from './expected-answers.ts';
import type { HeldLine } from './lane.ts';
import { LineCopy } from './line-copy.ts';

function held(text: string): HeldLine {
  const copy = new LineCopy(100_000_000);
  copy.push(Buffer.from(text));
  return { whole: copy.take(), isTooLong: false, hasFeed: true, at: 0, monotonicUs: 0, ruling: undefined };
}

const expecting = (...ids: string[]): ExpectedAnswers => {
  const expected = new ExpectedAnswers();
  for (const id of ids) expected.expect(id);
  return expected;
};

test('an answer is found by the JSON text of its id, once for each request', () => {
  const expected = expecting('1', '"1"', '1', '12345678901234567890');
  expect(expected.take(held('{"id":1,"result":{}}')).asked).toEqual(['1']);
  expect(expected.take(held('{"id":"1","error":{"code":1,"message":""}}')).asked).toEqual(['"1"']);
  expect(expected.take(held('{"id":"1","result":{}}')).asked).toEqual([]);
  expect(expected.take(held('{"id":12345678901234567890,"result":{}}')).asked).toEqual(['12345678901234567890']);
  expect(expected.take(held('{"result":{},"id":1}')).asked).toEqual(['1']);
  expect(expected.isEmpty).toBe(true);
});

test('what answers nothing is left alone: requests of the server, notifications, progress, no JSON', () => {
  const expected = expecting('1');
  for (const text of [
    '{"id":1,"method":"ping"}',
    '{"method":"notifications/progress","params":{"id":1,"result":1}}',
    'oops',
    '[]',
    'null',
    '7',
  ])
    expect(expected.take(held(text))).toMatchObject({ asked: [], orphaned: [] });
});

test('an answer cannot be disguised: by a method beside its result, by an escaped name, by its length', () => {
  for (const text of [
    '{"id":1,"method":"notifications/message","result":{}}',
    '{"\\u0069d":1,"\\u0072esult":{}}',
    `{"result":"${'x'.repeat(2_000_000)}","id":1}`,
    '[{"id":1,"result":{}}]',
    ` \t[{"id":1,"result":"${'x'.repeat(2_000_000)}"}]`,
  ])
    expect(expecting('1').take(held(text)).asked).toEqual(['1']);
});

test('nor can a question: by white space before the array that it stands in, however long that is', () => {
  const padding = 'x'.repeat(2_000_000);
  for (const before of ['', ' ', ' '.repeat(100_000)])
    expect(ownIn(held(`${before}[{"id":"q","method":"roots/list","params":"${padding}"}]`))).toEqual(['"q"']);
});

test('when the hub is lost, a closed session keeps in mind what nobody can check any more; an open one forgets it', () => {
  const closed = expecting('1', '2');
  closed.lost(true);
  expect(closed.isEmpty).toBe(false);
  expect(closed.take(held('{"id":2,"result":{}}'))).toEqual({ asked: [], orphaned: ['2'] });
  const open = expecting('1');
  open.lost(false);
  expect(open.isEmpty).toBe(true);
});
