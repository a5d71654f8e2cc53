/** A dry run as its difference from now: only told where every changed call is there to be counted. */
import { expect, test } from 'vitest';
import type { DryRunResult, DryRunRow } from '../../shared/model/gateway-state.ts';
import { comparedText, differenceFromNow, differenceText } from './dry-run-difference.ts';

const row = (now: DryRunRow['now'], draft: DryRunRow['draft']): DryRunRow => ({
  sessionId: 's',
  seq: 1,
  at: 0,
  server: 'fs',
  method: 'tools/call',
  now,
  draft,
});
const result = (rows: DryRunRow[], changedCount: number) => ({ rows, changedCount }) as DryRunResult;

test('each changed call leaves one side and joins another', () => {
  const rows = [row('allow', 'deny'), row('allow', 'deny'), row('deny', 'unknown'), row('allow', 'allow')];
  expect(differenceFromNow(result(rows, 3))).toEqual({ allow: -2, deny: 1, unknown: 1 });
});

test('nothing is told when more changed than was sent', () => {
  expect(differenceFromNow(result([row('allow', 'deny')], 700))).toBeUndefined();
});

test('in words', () => {
  expect([differenceText(3), differenceText(-1), differenceText(0), differenceText(undefined)]).toEqual([
    '3 more than now',
    '1 fewer than now',
    'same as now',
    '',
  ]);
  expect([comparedText(row('allow', 'deny')), comparedText(row('deny', 'deny'))]).toEqual(['was allowed', 'same as now']);
});
