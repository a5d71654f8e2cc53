/** What the draft would have said to the calls that are recorded: how many otherwise than now, and which. */
import { useState } from 'react';
import type { DryRunResult, DryRunRow } from '../../../shared/model/gateway-state.ts';
import { count, counted } from '../../formats/size.ts';
import { duration } from '../../formats/time.ts';
import { differenceFromNow, differenceText, isChanged, type Judgement } from '../../state/dry-run-difference.ts';
import { cn } from '../../ui/cn.ts';
import { Segmented } from '../../ui/segmented.tsx';
import { DryRunRows } from './dry-run-rows.tsx';
import type { DryRun } from './use-dry-run.ts';

const limits = ['100', '1000', '10000'] as const;

interface DryRunPaneProps {
  readonly dryRun: DryRun;
  readonly limit: number;
  /** Why nothing is judged now. */
  readonly blocked: string | undefined;
  readonly onLimit: (limit: number) => void;
  readonly onOpen: (row: DryRunRow) => void;
}

export function DryRunPane({ dryRun, limit, blocked, onLimit, onOpen }: DryRunPaneProps) {
  const { result, tookMs, isRunning, isOld, failure, again } = dryRun;
  return (
    <section className="pane dry" aria-label="Dry run" aria-busy={isRunning}>
      <div className="pane-head">
        <h3>Dry run</h3>
        <span className="second clip" role="status">
          {headline(dryRun, blocked)}
        </span>
        <span className="end">
          {tookMs !== undefined && <span className="quiet opt">{isOld ? 'newer calls are recorded' : duration(tookMs)}</span>}
          <Segmented<string>
            label="How many calls are judged"
            value={String(limit)}
            options={limits.map(value => ({ value, label: count(Number(value)), title: `The newest ${count(Number(value))} calls` }))}
            onChange={value => onLimit(Number(value))}
          />
          <button type="button" className="btn plain" disabled={blocked !== undefined || isRunning} onClick={again}>
            Run again
          </button>
        </span>
      </div>
      {failure !== undefined && (
        <p className="pane-note error" role="alert">
          {failure}
        </p>
      )}
      {result !== undefined && result.callCount > 0 && <Found result={result} onOpen={onOpen} />}
      {result?.callCount === 0 && result.problems.length === 0 && (
        <p className="pane-note">
          Nothing is recorded that a policy would be asked about. Calls that pass while Shadowcat records are judged here, newest first.
        </p>
      )}
    </section>
  );
}

function headline({ result, isRunning }: DryRun, blocked: string | undefined): string {
  if (blocked !== undefined) return blocked;
  if (isRunning) return 'Judging recorded calls…';
  if (result === undefined) return '';
  return `${counted(result.callCount, 'recorded call')} judged by this text${result.changedCount === 0 ? ', none otherwise than now' : `, ${count(result.changedCount)} otherwise than now`}`;
}

const words: Readonly<Record<Judgement, string>> = { allow: 'would pass', deny: 'would be denied', unknown: 'cannot be told' };

function Found({ result, onOpen }: { readonly result: DryRunResult; readonly onOpen: (row: DryRunRow) => void }) {
  const [wanted, setWanted] = useState<Judgement | 'changed'>();
  const { allowCount, denyCount, unknownCount, rows } = result;
  const by = differenceFromNow(result);
  const counts: Readonly<Record<Judgement, number>> = { allow: allowCount, deny: denyCount, unknown: unknownCount };
  const shown = rows.filter(row => wanted === undefined || (wanted === 'changed' ? isChanged(row) : row.draft === wanted));
  const total = result.callCount;
  return (
    <>
      <div className="dry-sum" role="group" aria-label="Show only">
        {(['allow', 'deny', 'unknown'] as const).map(kind => (
          <button
            key={kind}
            type="button"
            className={cn(kind)}
            aria-pressed={wanted === kind}
            onClick={() => setWanted(wanted === kind ? undefined : kind)}
          >
            <b>{count(counts[kind])}</b> {words[kind]}
            <span className={cn('chg', by !== undefined && by[kind] !== 0 && 'moved')}>{differenceText(by?.[kind])}</span>
          </button>
        ))}
      </div>
      <DryRunRows rows={shown} onOpen={onOpen} />
      {wanted === undefined && rows.length < total && (
        <p className="pane-note quiet">
          {count(rows.length)} of {count(total)} calls are shown: those that differ first, then those that cannot be told.
        </p>
      )}
    </>
  );
}
