/** Edits of policies: by path, in the text's own places, one per field. */
import { expect, test } from 'vitest';
import { aPolicy } from '../../../test/kit/a-policy.ts';
import type { ConfigDraft } from '../../shared/model/config-draft.ts';
import { additionOf, editsOf, fieldEdit, freeId, matchEdits, mergedEdits, withPending } from './policy-edits.ts';

const textOf = (...ids: string[]) => ({ policies: ids.map(id => aPolicy(id)) }) as unknown as ConfigDraft;

test('a change finds its policy by id, wherever it stands', () => {
  const change = { kind: 'policy', id: 'b', key: 'mode', value: 'off' } as const;
  expect(editsOf(change, textOf('a', 'b'))).toEqual([{ path: ['policies', 1, 'mode'], value: 'off' }]);
  expect(editsOf(change, textOf('b'))).toEqual([{ path: ['policies', 0, 'mode'], value: 'off' }]);
  expect(editsOf(change, textOf('a'))).toBeUndefined();
  expect(editsOf({ kind: 'remove', id: 'a' }, textOf('a'))).toEqual([{ path: ['policies', 0], remove: true }]);
  expect(editsOf({ kind: 'top', path: ['policyMode'], value: 'off' }, undefined)).toEqual([{ path: ['policyMode'], value: 'off' }]);
});

test('a policy is added after the others; the first one begins the list, and a file where there is none', () => {
  const added = { id: 'n', effect: 'deny' };
  expect(additionOf(added, textOf('a', 'b'), 'version: 1')).toEqual([{ path: ['policies', 2], value: added }]);
  const list = [
    { path: ['policies'], remove: true },
    { path: ['policies'], value: [added] },
  ];
  expect(additionOf(added, textOf(), 'version: 1')).toEqual(list);
  expect(additionOf(added, undefined, '')).toEqual([{ path: ['version'], value: 1 }, ...list]);
});

test('ids stay unlike', () => {
  expect(freeId('a', ['b'])).toBe('a');
  expect(freeId('a', ['a', 'a-2'])).toBe('a-3');
});

test('empty fields leave the file, and the last glob takes match along', () => {
  expect(fieldEdit(1, 'when', '')).toEqual({ path: ['policies', 1, 'when'], remove: true });
  expect(fieldEdit(1, 'id', '')).toEqual({ path: ['policies', 1, 'id'], value: '' });
  const both = aPolicy('a', { match: { tools: ['x'], servers: ['y'] } });
  expect(matchEdits(0, both, 'tools', [])).toEqual([{ path: ['policies', 0, 'match', 'tools'], remove: true }]);
  expect(matchEdits(0, aPolicy('a', { match: { tools: ['x'] } }), 'tools', [])).toEqual([{ path: ['policies', 0, 'match'], remove: true }]);
  expect(matchEdits(0, both, 'prompts', ['p'])).toEqual([{ path: ['policies', 0, 'match', 'prompts'], value: ['p'] }]);
});

test('globs come and go one by one, and the form shows them at once', () => {
  const before = aPolicy('a', { match: { tools: ['a', 'b', 'c'] } });
  const edits = matchEdits(0, before, 'tools', ['b', 'd', 'e']);
  const path = ['policies', 0, 'match', 'tools'];
  expect(edits).toEqual([
    { path: [...path, 2], remove: true },
    { path: [...path, 0], remove: true },
    { path: [...path, 1], value: 'd' },
    { path: [...path, 2], value: 'e' },
  ]);
  expect(withPending(before, 0, mergedEdits([], edits)).match).toEqual({ tools: ['b', 'd', 'e'] });
  const twice = mergedEdits(mergedEdits([], matchEdits(0, before, 'tools', ['b', 'c'])), [{ path: [...path, 0], remove: true }]);
  expect(withPending(before, 0, twice).match).toEqual({ tools: ['c'] });
});

test('of two edits of one place the newer counts, and the form shows what is on its way', () => {
  const typed = mergedEdits(mergedEdits([], [fieldEdit(0, 'when', 'a')]), [fieldEdit(0, 'when', 'ab')]);
  expect(typed).toEqual([{ path: ['policies', 0, 'when'], value: 'ab' }]);
  const all = mergedEdits(typed, [{ path: ['policies', 0, 'match', 'tools'], value: ['t'] }]);
  expect(withPending(aPolicy('a'), 0, all)).toMatchObject({ when: 'ab', match: { tools: ['t'] } });
  expect(withPending(aPolicy('a'), 1, all)).toEqual(aPolicy('a'));
  expect(withPending(aPolicy('a', { match: { tools: ['t'] } }), 0, [{ path: ['policies', 0, 'match'], remove: true }]).match).toEqual({});
});
