/** The list in a real browser: sentences, modes, drafts, and no order to change. */
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import { aPolicy } from '../../../../test/kit/a-policy.ts';
import type { ConfigDraft, DraftPolicy } from '../../../shared/model/config-draft.ts';
import { PolicyList } from './policy-list.tsx';

const textOf = (...policies: DraftPolicy[]): ConfigDraft => ({
  text: JSON.stringify(policies),
  problems: [],
  warnings: [],
  isReadable: true,
  policies,
  policyMode: 'enforce',
  defaults: { onError: 'deny', hideDenied: true },
  servers: ['files'],
});

async function shown(said: ConfigDraft, read: ConfigDraft) {
  const done: unknown[] = [];
  const tell =
    (what: string) =>
    (...rest: unknown[]) =>
      void done.push([what, ...rest]);
  const screen = await render(
    <PolicyList
      said={said}
      read={read}
      selectedIndex={0}
      hasDraft={said !== read}
      hits={[{ policyId: 'no-delete', count: 3, lastAt: Date.now() }]}
      onOpen={tell('open')}
      onAdd={tell('add')}
      onMode={({ id }, mode) => done.push(['mode', id, mode])}
      onRemove={({ id }) => done.push(['remove', id])}
      onDefault={tell('default')}
    />,
  );
  return { screen, done };
}

test('each policy is a sentence with its mode, and can be switched, opened and removed', async () => {
  const said = textOf(
    aPolicy('no-delete', { match: { tools: ['delete_*'] }, message: 'No.' }),
    aPolicy('watch', { effect: 'log', mode: 'off' }),
  );
  const { screen, done } = await shown(said, said);
  const cards = screen.getByRole('listitem').elements();
  expect(cards.map(card => card.querySelector('.sentence')?.textContent.trim())).toEqual([
    'When tool delete_* then deny “No.”',
    'Always log',
  ]);
  expect(cards[0]?.getAttribute('aria-current')).toBe('true');
  expect(cards.map(card => card.querySelector('.hits')?.textContent.slice(0, 7))).toEqual(['3 hits,', 'no hits']);
  await screen.getByRole('group', { name: 'Mode of no-delete' }).getByRole('button', { name: 'Shadow' }).click();
  await screen.getByRole('button', { name: 'watch', exact: true }).click();
  await screen.getByRole('button', { name: 'Remove watch' }).click();
  await screen.getByRole('group', { name: 'Where no policy decides' }).getByRole('button', { name: 'Deny' }).click();
  expect(done).toEqual([
    ['mode', 'no-delete', 'shadow'],
    ['open', 1],
    ['remove', 'watch'],
    ['default', 'effect', 'deny'],
  ]);
});

test('what a draft changes is marked, and nothing is removed from under it', async () => {
  const { screen } = await shown(textOf(aPolicy('a'), aPolicy('b')), textOf(aPolicy('a', { effect: 'log' }), aPolicy('c')));
  expect(
    screen
      .getByRole('listitem')
      .elements()
      .map(card => card.querySelector('.badge.warn')?.textContent),
  ).toEqual(['edited, not saved', 'left out of the draft', 'not saved']);
  await expect.element(screen.getByRole('button', { name: /^Remove a:/ })).toBeDisabled();
});

test('a duplicate is a whole policy with a name of its own', async () => {
  const said = textOf(aPolicy('a', { match: { servers: ['x'] }, when: 'true' }));
  const { screen, done } = await shown(said, said);
  await screen.getByRole('button', { name: 'Duplicate a' }).click();
  expect(done).toEqual([['add', { id: 'a-copy', effect: 'deny', match: { servers: ['x'] }, when: 'true' }]]);
});
