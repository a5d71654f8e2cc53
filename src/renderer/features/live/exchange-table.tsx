/**
 * The table of rows. Only what is in sight exists: rows of one height are placed by arithmetic, so a million of them cost as much as fifty.
 * Columns, order and widths are TanStack Table's; what a row shows is ours, because rows are pulled and not held.
 */
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useRef, useSyncExternalStore, type CSSProperties } from 'react';
import { count } from '../../formats/size.ts';
import { newCount } from '../../state/follow.ts';
import { usePreferences, useWindow, useWorkbench } from '../../state/use-workbench.ts';

import { cn } from '../../ui/cn.ts';
import { NARROW, useMedia } from '../../ui/use-media.ts';
import { useSize } from '../../ui/use-size.ts';
import { NoRows } from './no-rows.tsx';
import { TableHead } from './table-head.tsx';
import { TableRow } from './table-row.tsx';
import { useColumns, type Rooms } from './use-columns.ts';
import { useRowWindow } from './use-row-window.ts';
import { useTableCommands } from './use-table-commands.ts';

/** Two lines have their own grid. */
const unknownRooms: Rooms = {};
const HEAD_PX = 26;
const ROW_PX = { compact: 28, comfortable: 34, twoLines: 46 } as const;

export function ExchangeTable() {
  const { window: store, timeline } = useWorkbench();
  useSyncExternalStore(timeline.subscribe, timeline.version);
  const state = timeline.state();
  const { density, timeFormat } = usePreferences();
  const isNarrow = useMedia(NARROW);
  const rowHeight = isNarrow ? ROW_PX.twoLines : ROW_PX[density];

  const scroller = useRef<HTMLDivElement>(null);
  const size = useSize(scroller);
  const viewHeight = Math.max(0, size.height - (isNarrow ? 0 : HEAD_PX));
  const follow = useWindow(window => window.follow);
  const selection = useWindow(window => window.selection);
  const columns = useColumns(size.width);
  const { template, shown } = columns;
  const rooms = isNarrow ? unknownRooms : columns.rooms;

  const { offset, shift, first, last, list, scrollTo, onScroll } = useRowWindow({
    scroller,
    rowHeight,
    viewHeight,
    state,
    cursorIndex: selection?.index,
  });
  useEffect(() => timeline.lookAt(first, last), [timeline, first, last]);

  const cursorIndex = selection?.index;
  useTableCommands({ rowHeight, viewHeight, offset, scrollTo });

  const onPick = useCallback(
    (id: number, index: number) => {
      store.select(id, index);
      store.openDetail();
      // Who reads a row does not want it carried away by the next ones.
      const { matched } = timeline.state();
      store.userScrolled(index === matched - 1 && store.getState().sort.column === 'id', matched);
    },
    [store, timeline],
  );

  const isEmpty = state.viewId !== undefined && state.matched === 0 && state.progress >= 1;
  const unseen = newCount(follow, state.matched);
  const needsBefore = timeFormat === 'delta' || shown.includes('delta');
  const indexes = Array.from({ length: Math.max(0, last - first) }, (_, step) => first + step);
  return (
    <section className="table-pane" aria-label="Traffic">
      <div
        ref={scroller}
        className={cn('grid', isNarrow && 'two-lines')}
        role="grid"
        aria-label="Exchanges"
        aria-rowcount={state.matched + 1}
        aria-colcount={shown.length}
        aria-activedescendant={idInSight(cursorIndex, first, last)}
        aria-busy={state.viewId === undefined}
        tabIndex={0}
        onScroll={onScroll}
        style={{ '--cols': template } as CSSProperties}
      >
        {!isNarrow && <TableHead columns={columns} />}
        <div className="rows" role="rowgroup" style={{ height: `${list.pageHeight}px` }}>
          {indexes.map(index => (
            <TableRow
              // Keyed by place, so that the elements of rows in sight are never moved: reusing them in a ring costs a layout of all of them.
              key={index}
              row={timeline.rowAt(index)}
              before={needsBefore ? timeline.rowAt(index - 1) : undefined}
              index={index}
              top={index * rowHeight - shift}
              height={rowHeight}
              columns={shown}
              rooms={rooms}
              isSelected={cursorIndex === index}
              isNarrow={isNarrow}
              timeFormat={timeFormat}
              onPick={onPick}
            />
          ))}
        </div>
      </div>
      {isEmpty && <NoRows />}
      {unseen > 0 && (
        <button type="button" className="more" onClick={() => store.toggleFollow(state.matched)}>
          <ArrowDown className="i s" aria-hidden="true" />
          {count(unseen)} new
        </button>
      )}
    </section>
  );
}

/** The element of the cursor's row, while it exists. */
function idInSight(index: number | undefined, first: number, last: number): string | undefined {
  return index !== undefined && index >= first && index < last ? `row-${index}` : undefined;
}
