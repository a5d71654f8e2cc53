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
import { columnsFor, columns as known, gridTemplate, roomsOf, widthsOf, withWidths, type ColumnId } from '../../state/columns.ts';
import { useAct, usePreferences, useWindow, useWorkbench } from '../../state/use-workbench.ts';
import { arrivalOrder } from '../../state/window-store.ts';

const features = tableFeatures({ columnSizingFeature, columnResizingFeature, rowSortingFeature });
const helper = createColumnHelper<typeof features, TimelineRow>();
/** Rows are pulled by the place they have on screen; the table only knows columns. */
const noRows: TimelineRow[] = [];

/** Least pixels of each column, where a row is one line. */
export type Rooms = ReturnType<typeof roomsOf>;

/** Which columns a pane of this width shows, and how wide. The same object until one of them changes, so that a scrolled table leaves its head alone. */
export function useColumns(paneWidth: number) {
  const { preferences } = useWorkbench();
  const act = useAct();
  const { columns: chosen } = usePreferences();
  // A width being dragged; it becomes a preference when it is let go.
  const [dragged, setDragged] = useState<Record<string, number>>();
  const shown = useMemo(() => columnsFor(paneWidth, chosen), [paneWidth, chosen]);
  const widths = useMemo(() => dragged ?? widthsOf(chosen), [dragged, chosen]);
  const roomsKey = JSON.stringify(roomsOf(shown, widths, paneWidth));
  return useMemo(() => {
    const rooms = JSON.parse(roomsKey) as Rooms;
    const keep = (next: Record<string, number>) => {
      setDragged(undefined);
      act(() => preferences.set({ columns: withWidths(shown, next) }));
    };
    const resize = (id: ColumnId, width: number) => keep({ ...widths, [id]: width });
    return { shown, widths, rooms, template: gridTemplate(shown, widths), dragged, drag: setDragged, keep, resize };
  }, [shown, widths, roomsKey, dragged, act, preferences]);
}

export type Columns = ReturnType<typeof useColumns>;

/** TanStack's table of these columns, for what a head does: sorting and widths. */
export function useHeadTable({ shown, widths, drag }: Columns) {
  const { window: store } = useWorkbench();
  const sort = useWindow(state => state.sort);
  const mode = useWindow(state => state.mode);
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
  const sorting = shown.filter(id => known[id].sort === sort.column).map(id => ({ id, desc: sort.descending }));
  return useTable({
    features,
    columns,
    data: noRows,
    manualSorting: true,
    enableMultiSort: false,
    columnResizeMode: 'onChange',
    state: { columnSizing: widths, sorting },
    onColumnSizingChange: updater => drag(typeof updater === 'function' ? updater(widths) : updater),
    onSortingChange: updater => {
      const [next] = typeof updater === 'function' ? updater(sorting) : updater;
      const column = next === undefined ? undefined : known[next.id as ColumnId].sort;
      store.setSort(column === undefined || next === undefined ? arrivalOrder : { column, descending: next.desc });
    },
  });
}
