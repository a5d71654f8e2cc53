/** The form in a real browser: each field writes its own value by path, and what is wrong stands beside it. */
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import { workbenchDouble } from '../../../../test/kit/workbench-double.ts';
import type { ConfigEdit } from '../../../shared/contract/calls.ts';
import type { ConfigDraft, DraftPolicy } from '../../../shared/model/config-draft.ts';
import { FormPane } from './form-pane.tsx';

const policy: DraftPolicy = {
  line: 3,
  endLine: 6,
  id: 'no-delete',
  effect: 'deny',
  mode: 'enforce',
  when: 'args.',
  match: { tools: ['delete_*', 'drop_*'] },
};

const draft = (rest: Partial<ConfigDraft> = {}): ConfigDraft => ({
  text: '',
  problems: [],
  warnings: [],
  isReadable: true,
  policies: [{ ...policy, id: 'other' }, policy],
  policyMode: 'enforce',
  defaults: { onError: 'deny', hideDenied: true },
  servers: ['files'],
  ...rest,
});

async function shown(read: ConfigDraft) {
  const edits: (readonly ConfigEdit[])[] = [];
  const { around } = workbenchDouble({ 'filter.values': () => ({ values: ['wipe'] }) });
  const screen = await render(around(<FormPane read={read} index={1} pending={[]} onEdit={(...made) => edits.push(made)} />));
  return { screen, edits };
}

test('fields write their own value into the policy that is shown', async () => {
  const { screen, edits } = await shown(draft());
  await screen.getByRole('textbox', { name: 'Message' }).fill('No');
  await screen.getByRole('group', { name: 'Effect' }).getByRole('button', { name: 'Require' }).click();
  await screen.getByRole('button', { name: 'Remove tool delete_*' }).click();
  expect(edits).toEqual([
    [{ path: ['policies', 1, 'message'], value: 'No' }],
    [{ path: ['policies', 1, 'effect'], value: 'require' }],
    [{ path: ['policies', 1, 'match', 'tools', 0], remove: true }],
  ]);
});

test('several globs are added at once, and none twice', async () => {
  const { screen, edits } = await shown(draft());
  const field = screen.getByRole('combobox', { name: 'Tool' });
  await field.fill('wipe, drop_* , erase');
  field.element().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  await expect.element(field).toHaveValue('');
  expect(edits).toEqual([
    [
      { path: ['policies', 1, 'match', 'tools', 2], value: 'wipe' },
      { path: ['policies', 1, 'match', 'tools', 3], value: 'erase' },
    ],
  ]);
});

test('a problem stands beside its field, and that of another policy does not', async () => {
  const problem = (path: string, message: string) => ({ line: 1, column: 1, path, message });
  const { screen } = await shown(
    draft({
      problems: [problem('policies[1].when', 'No such name.'), problem('policies[0].id', 'Twice.'), problem('policies[1]', 'Odd.')],
    }),
  );
  expect(
    screen
      .getByRole('alert')
      .elements()
      .map(alert => alert.textContent),
  ).toEqual(['No such name.', 'Odd.']);
});
