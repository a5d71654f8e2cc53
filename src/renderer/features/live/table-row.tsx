/** One row. It is drawn again only when its exchange, its place or the columns changed. */
import { memo, type CSSProperties, type ReactNode } from 'react';
import type { ExchangeSummary } from '../../../shared/model/exchange.ts';
import type { Preferences } from '../../../shared/model/preferences.ts';
import type { TimelineRow } from '../../../shared/model/timeline.ts';
import type { ColumnId } from '../../state/columns.ts';
import { rowId } from '../../state/row-identity.ts';
import { cn } from '../../ui/cn.ts';
import { ExchangeCell } from './exchange-cell.tsx';
import { FrameCell } from './frame-cell.tsx';
import { ThinLine } from './thin-line.tsx';
import { TimeCell } from './time-cell.tsx';

interface TableRowProps {
  readonly row: TimelineRow | undefined;
  /** For steps in time; only where a column needs it. */
  readonly before: TimelineRow | undefined;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly columns: readonly ColumnId[];
  readonly isSelected: boolean;
  readonly isNarrow: boolean;
  readonly timeFormat: Preferences['timeFormat'];
  readonly onPick: (id: number, index: number) => void;
}

/** Columns of the two lines of a narrow window, in reading order. */
const narrowColumns: readonly ColumnId[] = ['time', 'direction', 'status', 'duration', 'bar', 'method', 'target'];

export const TableRow = memo(function TableRow(props: TableRowProps) {
  const { row, before, index, top, height, isSelected, isNarrow, timeFormat, onPick } = props;
  const place: CSSProperties = { transform: `translateY(${top}px)`, height: `${height}px` };
  if (row === undefined)
    return (
      <div className="row waiting" role="row" aria-rowindex={index + 2} style={place}>
        <span role="gridcell" className="wait-bar">
          <span className="sr">Loading…</span>
        </span>
      </div>
    );
  const columns = isNarrow ? narrowColumns : props.columns;
  const isThin = row.row === 'exchange' && isThinKind(row.exchange);
  const startedAt = row.row === 'exchange' ? row.exchange.startedAt : row.frame.at;
  const beforeAt = before === undefined ? undefined : before.row === 'exchange' ? before.exchange.startedAt : before.frame.at;
  return (
    // The grid has the focus and the keys; a row is only picked by pointer.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={`row-${index}`}
      className={cn('row', isThin && 'thin')}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={place}
      onClick={() => onPick(rowId(row), index)}
    >
      {isThin && row.row === 'exchange' ? (
        <ThinLine exchange={row.exchange} columns={columns} time={<TimeCell at={startedAt} beforeAt={beforeAt} format={timeFormat} />} />
      ) : (
        columns.map(column => (
          <Cell key={column} row={row} column={column}>
            {column === 'time' ? (
              <TimeCell at={startedAt} beforeAt={beforeAt} format={timeFormat} />
            ) : column === 'delta' ? (
              <TimeCell at={startedAt} beforeAt={beforeAt} format="delta" />
            ) : undefined}
          </Cell>
        ))
      )}
    </div>
  );
});

function Cell({ row, column, children }: { readonly row: TimelineRow; readonly column: ColumnId; readonly children: ReactNode }) {
  if (children !== undefined)
    return (
      <span role="gridcell" className={`c-${column}`}>
        {children}
      </span>
    );
  if (row.row === 'exchange') return <ExchangeCell exchange={row.exchange} column={column} />;
  return <FrameCell frame={row.frame} id={row.id} clientName={row.clientName} serverName={row.serverName} column={column} />;
}

/** Rows without an outcome: they tell one thing in one line. */
export function isThinKind(exchange: ExchangeSummary): boolean {
  return exchange.kind !== 'request' && exchange.kind !== 'response';
}
