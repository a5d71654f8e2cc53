/** Judged calls; each opens its exchange in Live. */
import { ChevronRight, CircleHelp, ShieldX } from 'lucide-react';
import type { DryRunRow } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { dayAndTime, shortMoment } from '../../formats/time.ts';
import { comparedText, isChanged } from '../../state/dry-run-difference.ts';
import { useNow } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';

interface DryRunRowsProps {
  readonly rows: readonly DryRunRow[];
  readonly onOpen: (row: DryRunRow) => void;
}

export function DryRunRows({ rows, onOpen }: DryRunRowsProps) {
  const now = useNow(false);
  if (rows.length === 0) return <p className="pane-note">None of the calls that are shown.</p>;
  return (
    <div className="dry-rows">
      <div className="dry-row head" aria-hidden="true">
        <span>Time</span>
        <span>Decision</span>
        <span>Server</span>
        <span>Call</span>
        <span>Compared</span>
        <span className="o">Because</span>
        <span />
      </div>
      <ul aria-label="Judged calls">
        {rows.map(row => (
          <li key={`${row.sessionId} ${row.seq} ${row.exchangeId ?? ''}`}>
            <button type="button" className="dry-row" disabled={row.exchangeId === undefined} onClick={() => onOpen(row)}>
              <Row row={row} now={now} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row({ row, now }: { readonly row: DryRunRow; readonly now: number }) {
  const { at, draft, server, method, target, policyId, reason } = row;
  const because = [policyId, reason].filter(part => part !== undefined && part !== '').join(': ');
  return (
    <>
      <span className="second" title={dayAndTime(at)}>
        {shortMoment(at, now)}
      </span>
      <span className={cn('judged', draft)}>
        {draft === 'deny' && <ShieldX className="i s" aria-hidden="true" />}
        {draft === 'unknown' && <CircleHelp className="i s" aria-hidden="true" />}
        {draft}
      </span>
      <span className="second">{visibleText(server)}</span>
      <span>
        {target === undefined ? visibleText(method) : <b>{visibleText(target)}</b>}
        {target !== undefined && method !== 'tools/call' && <span className="quiet"> {visibleText(method)}</span>}
      </span>
      <span>
        {isChanged(row) ? <span className="badge">{comparedText(row)}</span> : <span className="quiet">{comparedText(row)}</span>}
      </span>
      <span className="second o" title={visibleText(because)}>
        {visibleText(because)}
      </span>
      <ChevronRight className="i s quiet" aria-hidden="true" />
    </>
  );
}
