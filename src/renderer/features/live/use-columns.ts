/** The columns on screen: what fits the pane or was chosen, with widths that are remembered. */
import {
  columnResizingFeature,
  columnSizingFeature,
  createColumnHelper,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useMemo, useState } from 'react';
import type { TimelineRow } from '../../../shared/model/timeline.ts';
import { columnsFor, columns as known, gridTemplate, widthsOf, withWidths, type ColumnId } from '../../state/columns.ts';
import { useAct, usePreferences, useWindow, useWorkbench } from '../../state/use-workbench.ts';
import { arrivalOrder } from '../../state/window-store.ts';

const features = tableFeatures({ columnSizingFeature, columnResizingFeature, rowSortingFeature });
const helper = createColumnHelper<typeof features, TimelineRow>();
/** Rows are pulled by the place they have on screen; the table only knows columns. */
const noRows: TimelineRow[] = [];

export function useColumns(paneWidth: number) {
  const { window: store, preferences } = useWorkbench();
  const act = useAct();
  const { columns: chosen } = usePreferences();
  const sort = useWindow(state => state.sort);
  const mode = useWindow(state => state.mode);
  // A width being dragged; it becomes a preference when it is let go.
  const [dragged, setDragged] = useState<Record<string, number>>();

  const shown = useMemo(() => columnsFor(paneWidth, chosen), [paneWidth, chosen]);
  const widths = dragged ?? widthsOf(chosen);
  const columns = useMemo(
    () =>
      helper.columns(
        shown.map(id =>
          // Only columns with a value can be sorted; the order itself is made by the store.
          helper.accessor(() => id, {
            id,
            header: known[id].title,
            size: known[id].width,
            minSize: 20,
            maxSize: 2000,
            enableSorting: known[id].sort !== undefined && mode === 'exchanges',
            sortDescFirst: id === 'duration' || id === 'size',
          }),
        ),
      ),
    [shown, mode],
  );

  const keep = (next: Record<string, number>) => {
    setDragged(undefined);
    act(() => preferences.set({ columns: withWidths(shown, next) }));
  };
  const table = useTable({
    features,
    columns,
    data: noRows,
    manualSorting: true,
    enableMultiSort: false,
    columnResizeMode: 'onChange',
    state: {
      columnSizing: widths,
      sorting: shown.filter(id => known[id].sort === sort.column).map(id => ({ id, desc: sort.descending })),
    },
    onColumnSizingChange: updater => setDragged(typeof updater === 'function' ? updater(widths) : updater),
    onSortingChange: updater => {
      const before = shown.filter(id => known[id].sort === sort.column).map(id => ({ id, desc: sort.descending }));
      const [next] = typeof updater === 'function' ? updater(before) : updater;
      const column = next === undefined ? undefined : known[next.id as ColumnId].sort;
      store.setSort(column === undefined || next === undefined ? arrivalOrder : { column, descending: next.desc });
    },
  });

  return {
    table,
    shown,
    template: gridTemplate(shown, widths),
    resize: (id: ColumnId, width: number) => keep({ ...widths, [id]: width }),
    widths,
    dragged,
    keep,
  };
}

export type Columns = ReturnType<typeof useColumns>;
