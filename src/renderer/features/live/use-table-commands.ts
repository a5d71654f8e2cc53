/** What the keys ask of the table: a row in sight, the cursor on a row. */
import { useEffect, useState } from 'react';
import { rowId } from '../../state/row-identity.ts';
import { useWorkbench } from '../../state/use-workbench.ts';
import { tableEvents } from './table-events.ts';

interface TableCommandOptions {
  readonly rowHeight: number;
  readonly viewHeight: number;
  /** Where the list is scrolled to, at this moment. */
  readonly offset: () => number;
  readonly scrollTo: (offset: number) => void;
}

export function useTableCommands({ rowHeight, viewHeight, offset, scrollTo }: TableCommandOptions): void {
  const { window: store, timeline } = useWorkbench();
  // A cursor moved to a row that is not here yet is set when its page arrives.
  const [wantedCursor, setWantedCursor] = useState<number>();
  const wantedRow = wantedCursor === undefined ? undefined : timeline.rowAt(wantedCursor);
  useEffect(() => {
    if (wantedCursor === undefined || wantedRow === undefined) return;
    store.select(rowId(wantedRow), wantedCursor);
    setWantedCursor(undefined);
  }, [store, wantedCursor, wantedRow]);

  useEffect(
    () =>
      tableEvents.attach({
        reveal: (index, isCursor) => {
          const top = index * rowHeight;
          if (top < offset()) scrollTo(top);
          else if (top + rowHeight > offset() + viewHeight) scrollTo(top + rowHeight - viewHeight);
          const isLast = index === timeline.state().matched - 1;
          store.userScrolled(isLast && store.getState().sort.column === 'id', timeline.state().matched);
          const row = timeline.rowAt(index);
          if (!isCursor) return;
          if (row === undefined) setWantedCursor(index);
          else store.select(rowId(row), index);
        },
        firstVisible: () => Math.ceil(offset() / rowHeight),
      }),
    [offset, rowHeight, viewHeight, scrollTo, store, timeline],
  );
}
