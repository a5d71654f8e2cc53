/** Moving through rows by keyboard: one cursor, whatever has the focus. */
import { useCallback } from 'react';
import { rowId } from '../../state/row-identity.ts';
import { useShortcut } from '../../state/use-shortcut.ts';
import { useAct, useWorkbench } from '../../state/use-workbench.ts';
import { copyExchange } from './copy-exchange.ts';
import { tableEvents } from './table-events.ts';

const PAGE_STEP = 20;

export function useRowKeys(): void {
  const { host, window: store, timeline } = useWorkbench();
  const act = useAct();

  const moveTo = useCallback(
    (index: number) => {
      const last = timeline.state().matched - 1;
      if (last < 0) return;
      tableEvents.reveal(Math.min(Math.max(index, 0), last), true);
    },
    [timeline],
  );
  const cursor = () => store.getState().selection?.index ?? -1;
  const step = (by: number) => moveTo(cursor() < 0 ? (by > 0 ? tableEvents.firstVisible() : timeline.state().matched - 1) : cursor() + by);

  useShortcut('down', () => step(1));
  useShortcut('up', () => step(-1));
  useShortcut('pageDown', () => step(PAGE_STEP));
  useShortcut('pageUp', () => step(-PAGE_STEP));
  useShortcut('first', () => moveTo(0));
  useShortcut('last', () => moveTo(timeline.state().matched - 1));
  useShortcut('follow', () => store.toggleFollow(timeline.state().matched));
  useShortcut('mode', () => store.setMode(store.getState().mode === 'frames' ? 'exchanges' : 'frames'));
  useShortcut('split', () => store.flipSplit());

  useShortcut('open', () => {
    if (cursor() < 0) step(1);
    store.openDetail();
  });
  useShortcut('back', () => store.closeDetail());
  useShortcut('copy', () => {
    const { selection } = store.getState();
    const row = selection === undefined ? undefined : timeline.rowAt(selection.index);
    if (row === undefined || rowId(row) !== selection?.id) return;
    act(async () => {
      const what = await copyExchange(host, row);
      store.toast(what);
    });
  });

  const findError = (isBackwards: boolean) =>
    act(async () => {
      const index = await timeline.findError(cursor(), isBackwards);
      if (index < 0) store.toast(isBackwards ? 'No error before this row.' : 'No error after this row.');
      else moveTo(index);
    });
  useShortcut('nextError', () => findError(false));
  useShortcut('previousError', () => findError(true));
}
