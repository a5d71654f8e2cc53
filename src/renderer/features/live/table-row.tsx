/** One row. It is drawn again only when its exchange, its place or the columns changed. */
import { memo, type CSSProperties } from 'react';
import type { ExchangeSummary } from '../../../shared/model/exchange.ts';
import type { Preferences } from '../../../shared/model/preferences.ts';
import type { TimelineRow } from '../../../shared/model/timeline.ts';
import type { ColumnId } from '../../state/columns.ts';
import { rowId } from '../../state/row-identity.ts';
import { cn } from '../../ui/cn.ts';
import { ExchangeCell } from './exchange-cell.tsx';
import { FrameCell } from './frame-cell.tsx';
import type { Rooms } from './use-columns.ts';
import { ThinLine } from './thin-line.tsx';
import { TimeCell } from './time-cell.tsx';
import { visibleRow } from './visible-row.ts';

interface TableRowProps {
  readonly row: TimelineRow | undefined;
  /** For steps in time; only where a column needs it. */
  readonly before: TimelineRow | undefined;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly columns: readonly ColumnId[];
  readonly rooms: Rooms;
  readonly isSelected: boolean;
  readonly isNarrow: boolean;
  readonly timeFormat: Preferences['timeFormat'];
  readonly onPick: (id: number, index: number) => void;
}

/** Columns of the two lines of a narrow window, in reading order. */
const narrowColumns: readonly ColumnId[] = ['time', 'direction', 'status', 'duration', 'bar', 'method', 'target'];

export const TableRow = memo(function TableRow(props: TableRowProps) {
  const { before, rooms, index, top, height, isSelected, isNarrow, timeFormat, onPick } = props;
  const row = props.row === undefined ? undefined : visibleRow(props.row);
  const place: CSSProperties = { top, height };
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
        <ThinLine
          exchange={row.exchange}
          columns={columns}
          time={<TimeCell at={startedAt} beforeAt={beforeAt} format={timeFormat} room={rooms.time} />}
        />
      ) : (
        columns.map(column =>
          column === 'time' ? (
            <TimeCell key={column} at={startedAt} beforeAt={beforeAt} format={timeFormat} room={rooms.time} />
          ) : column === 'delta' ? (
            <TimeCell key={column} at={startedAt} beforeAt={beforeAt} format="delta" column="delta" room={rooms.delta} />
          ) : row.row === 'exchange' ? (
            <ExchangeCell key={column} exchange={row.exchange} column={column} room={rooms[column]} />
          ) : (
            <FrameCell key={column} {...row} column={column} room={rooms[column]} />
          ),
        )
      )}
    </div>
  );
});

/** Rows without an outcome: they tell one thing in one line. */
export function isThinKind(exchange: ExchangeSummary): boolean {
  return exchange.kind !== 'request' && exchange.kind !== 'response';
}
