/** The list of policies: the file's, marked by what a draft changes. */
import { expect, test } from 'vitest';
import type { ConfigDraft, DraftPolicy } from '../../shared/model/config-draft.ts';
import { policyCards } from './policy-cards.ts';

const policy = (id: string, rest: Partial<DraftPolicy> = {}): DraftPolicy => ({
  line: 1,
  endLine: 1,
  id,
  effect: 'deny',
  mode: 'enforce',
  match: { tools: ['a'] },
  ...rest,
});
const text = (...policies: DraftPolicy[]) => ({ policies, isReadable: true }) as unknown as ConfigDraft;
const states = (said: ConfigDraft, read: ConfigDraft) =>
  policyCards(said, read).map(({ policy: { id }, index, state }) => `${id} ${index ?? '-'} ${state}`);

test('without a draft every policy is as saved', () => {
  const said = text(policy('a'), policy('b'));
  expect(states(said, said)).toEqual(['a 0 saved', 'b 1 saved']);
});

test('a draft marks what it edits, adds and leaves out; another line is no edit', () => {
  const said = text(policy('a'), policy('b'), policy('c'));
  const read = text(policy('n'), policy('c', { line: 9 }), policy('a', { match: { tools: ['a', 'b'] } }));
  expect(states(said, read)).toEqual(['a 2 edited', 'b - removed', 'c 1 saved', 'n 0 new']);
});

test('a draft that is no YAML at the moment removes nothing', () => {
  const silent = { ...text(), isReadable: false } as ConfigDraft;
  expect(states(text(policy('a')), silent)).toEqual(['a - saved']);
});
