/** The head of the table: sort by a click, resize at the edge by pointer or arrow keys. */
import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo, useEffect } from 'react';
import { columns as known, FLEXIBLE, type ColumnId } from '../../state/columns.ts';
import { cn } from '../../ui/cn.ts';
import { useHeadTable, type Columns } from './use-columns.ts';

const KEY_STEP = 8;

export const TableHead = memo(function TableHead({ columns }: { readonly columns: Columns }) {
  const { keep, dragged } = columns;
  const table = useHeadTable(columns);
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const isResizing = table.state.columnResizing.isResizingColumn !== false;

  // Let go: what was dragged becomes the width that is kept.
  useEffect(() => {
    if (!isResizing && dragged !== undefined) keep(dragged);
    // Only the end of a drag is meant, not each of its steps.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isResizing]);

  return (
    <div className="row head" role="row" aria-rowindex={1}>
      {headers.map(header => {
        const id = header.column.id as ColumnId;
        const column = known[id];
        const direction = header.column.getIsSorted();
        const canSort = header.column.getCanSort();
        return (
          <span
            key={header.id}
            role="columnheader"
            className={cn('head-cell', `c-${id}`, column.isNumeric === true && 'num', direction !== false && 'sorted')}
            aria-sort={direction === false ? (canSort ? 'none' : undefined) : direction === 'asc' ? 'ascending' : 'descending'}
          >
            {canSort ? (
              <button
                type="button"
                className="sort"
                onClick={header.column.getToggleSortingHandler()}
                title={`Sort by ${column.name.toLowerCase()}`}
              >
                {column.title}
                {direction === 'asc' && <ArrowUp className="i s" aria-hidden="true" />}
                {direction === 'desc' && <ArrowDown className="i s" aria-hidden="true" />}
              </button>
            ) : column.title === '' ? (
              <span className="sr">{column.name}</span>
            ) : (
              <span title={column.name}>{column.title}</span>
            )}
            {id !== 'direction' && <ResizeHandle columns={columns} id={id} start={header.getResizeHandler()} />}
          </span>
        );
      })}
    </div>
  );
});

interface ResizeHandleProps {
  readonly columns: Columns;
  readonly id: ColumnId;
  readonly start: (event: unknown) => void;
}

function ResizeHandle({ columns, id, start }: ResizeHandleProps) {
  const width = columns.widths[id] ?? known[id].width;
  const name = known[id].name.toLowerCase();
  return (
    // A separator with a value is the pattern for a movable edge; it takes the arrow keys.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <span
      role="separator"
      className="resize"
      tabIndex={-1}
      aria-label={id === FLEXIBLE ? `Least width of ${name}` : `Width of ${name}`}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={20}
      aria-valuemax={2000}
      onMouseDown={start}
      onTouchStart={start}
      onDoubleClick={() => columns.resize(id, known[id].width)}
      onKeyDown={event => {
        const by = event.key === 'ArrowRight' ? KEY_STEP : event.key === 'ArrowLeft' ? -KEY_STEP : 0;
        if (by === 0) return;
        event.preventDefault();
        columns.resize(id, width + by);
      }}
    />
  );
}
