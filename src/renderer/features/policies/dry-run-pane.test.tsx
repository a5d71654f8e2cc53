/** The dry run in a real browser: told as a difference, with rows that lead on, and honest when there is nothing or nothing yet. */
import { expect, test } from 'vitest';
import { render } from 'vitest-browser-react';
import type { DryRunResult, DryRunRow } from '../../../shared/model/gateway-state.ts';
import { DryRunPane } from './dry-run-pane.tsx';
import type { DryRun } from './use-dry-run.ts';

const row = (target: string, now: DryRunRow['now'], draft: DryRunRow['draft'], rest: Partial<DryRunRow> = {}): DryRunRow => ({
  sessionId: 's',
  seq: target.length,
  exchangeId: `s/${target}`,
  at: Date.now(),
  server: 'files',
  method: 'tools/call',
  target,
  now,
  draft,
  ...rest,
});
const result: DryRunResult = {
  callCount: 900,
  allowCount: 897,
  denyCount: 2,
  unknownCount: 1,
  changedCount: 2,
  rows: [
    row('wipe', 'allow', 'deny', { policyId: 'no-wiping', reason: 'Nothing is wiped' }),
    row('read', 'deny', 'allow'),
    row('ask', 'unknown', 'unknown', { reason: 'principal.claims' }),
  ],
  problems: [],
};
const run = (rest: Partial<DryRun> = {}): DryRun => ({
  result,
  tookMs: 12,
  isRunning: false,
  failure: undefined,
  isOld: false,
  again: () => {},
  ...rest,
});

async function shown(dryRun: DryRun, blocked?: string) {
  const opened: unknown[] = [];
  const screen = await render(
    <DryRunPane dryRun={dryRun} limit={1000} blocked={blocked} onLimit={() => {}} onOpen={({ target }) => opened.push(target)} />,
  );
  return { screen, opened };
}

test('how many calls were looked at, what would differ, by which policy and why', async () => {
  const { screen, opened } = await shown(run());
  await expect.element(screen.getByRole('status')).toHaveTextContent('900 recorded calls judged by this text, 2 otherwise than now');
  expect(
    screen
      .getByRole('group', { name: 'Show only' })
      .getByRole('button')
      .elements()
      .map(button => button.textContent),
  ).toEqual(['897 would passsame as now', '2 would be deniedsame as now', '1 cannot be toldsame as now']);
  await expect.element(screen.getByText('no-wiping: Nothing is wiped')).toBeInTheDocument();
  await screen.getByRole('button', { name: /wipe/ }).click();
  expect(opened).toEqual(['wipe']);
  await screen.getByRole('button', { name: /cannot be told/ }).click();
  expect(screen.getByRole('listitem').elements()).toHaveLength(1);
});

test('it says when nothing is recorded, when it is not done, and what keeps it from being done', async () => {
  const none = { ...result, callCount: 0, allowCount: 0, denyCount: 0, unknownCount: 0, changedCount: 0, rows: [] };
  const empty = await shown(run({ result: none }));
  await expect.element(empty.screen.getByText(/^Nothing is recorded/)).toBeInTheDocument();
  await empty.screen.unmount();
  const waiting = await shown(run({ isRunning: true }));
  await expect.element(waiting.screen.getByRole('status')).toHaveTextContent('Judging recorded calls…');
  await waiting.screen.unmount();
  const blocked = await shown(run(), 'Mend it first');
  await expect.element(blocked.screen.getByRole('status')).toHaveTextContent('Mend it first');
  await expect.element(blocked.screen.getByRole('button', { name: 'Run again' })).toBeDisabled();
});
