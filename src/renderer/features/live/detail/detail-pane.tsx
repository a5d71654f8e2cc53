/** The detail of the selected row: what it was, what went wrong, and its messages. */
import { useState, useSyncExternalStore } from 'react';
import type { TimelineRow } from '../../../../shared/model/timeline.ts';
import { rowId } from '../../../state/row-identity.ts';
import { useCall, useWindow, useWorkbench } from '../../../state/use-workbench.ts';
import { ExchangeDetailView } from './exchange-detail.tsx';
import { FrameDetailView } from './frame-detail.tsx';

export function DetailPane() {
  const { timeline } = useWorkbench();
  const selection = useWindow(state => state.selection);
  const mode = useWindow(state => state.mode);
  useSyncExternalStore(timeline.subscribe, timeline.version);
  const row = useHeldRow(selection);
  if (selection === undefined) return <Empty text="Pick a row to see its messages." />;
  if (mode === 'frames') return row?.row === 'frame' ? <FrameDetailView key={row.id} row={row} /> : <Empty text="Loading…" />;
  return <ExchangeOf id={selection.id} row={row} />;
}

function ExchangeOf({ id, row }: { readonly id: number; readonly row: TimelineRow | undefined }) {
  // The row tells when there is something new to ask for.
  const mark = row?.row === 'exchange' ? `${row.exchange.status} ${row.exchange.frameCount} ${row.exchange.flags.length}` : '';
  const asked = useCall('exchange.get', { id }, `${id} ${mark}`);
  const detail = asked.value;
  if (asked.kind === 'failed') return <Empty text={asked.message} />;
  if (detail === undefined || detail.exchange.id !== id) return <Empty text="Loading…" />;
  return <ExchangeDetailView key={id} detail={detail} />;
}

/** The selected row also after it was scrolled out of the pages that are held. */
function useHeldRow(selection: { readonly id: number; readonly index: number } | undefined): TimelineRow | undefined {
  const { timeline } = useWorkbench();
  const [kept, keep] = useState<TimelineRow>();
  if (selection === undefined) return undefined;
  const atPlace = timeline.rowAt(selection.index);
  const row = atPlace !== undefined && rowId(atPlace) === selection.id ? atPlace : timeline.findHeld(held => rowId(held) === selection.id);
  // The last object seen is what the detail goes on with.
  if (row !== undefined && row !== kept) keep(row);
  const known = row ?? kept;
  return known !== undefined && rowId(known) === selection.id ? known : undefined;
}

function Empty({ text }: { readonly text: string }) {
  return (
    <section className="detail" aria-label="Detail">
      <p className="detail-empty">{text}</p>
    </section>
  );
}
