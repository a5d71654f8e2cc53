/** A dry run told as its difference from now. */
import type { DryRunResult, DryRunRow } from '../../shared/model/gateway-state.ts';

export type Judgement = DryRunRow['draft'];

/** How many more (or fewer) calls than now; undefined where more differ than the rows that were sent can tell. */
export type Difference = Readonly<Record<Judgement, number>> | undefined;

export function differenceFromNow({ rows, changedCount }: DryRunResult): Difference {
  const changed = rows.filter(isChanged);
  if (changed.length !== changedCount) return undefined;
  const sum = { allow: 0, deny: 0, unknown: 0 };
  for (const { now, draft } of changed) {
    sum[draft] += 1;
    sum[now] -= 1;
  }
  return sum;
}

export function isChanged({ now, draft }: DryRunRow): boolean {
  return now !== draft;
}

/** `3 more than now` */
export function differenceText(by: number | undefined): string {
  if (by === undefined) return '';
  if (by === 0) return 'same as now';
  return by > 0 ? `${by} more than now` : `${-by} fewer than now`;
}

const nowWords = { allow: 'was allowed', deny: 'was denied', unknown: 'could not be told' } as const;

/** What stands beside a row. */
export function comparedText(row: DryRunRow): string {
  return isChanged(row) ? nowWords[row.now] : 'same as now';
}
