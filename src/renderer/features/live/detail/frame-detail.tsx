/** The detail of a single frame, where the table shows one row per frame. */
import { X } from 'lucide-react';
import type { TimelineRow } from '../../../../shared/model/timeline.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { bytes } from '../../../formats/size.ts';
import { clockTime, duration } from '../../../formats/time.ts';
import { useShortcut } from '../../../state/use-shortcut.ts';
import { useWindow, useWorkbench } from '../../../state/use-workbench.ts';
import { IconButton } from '../../../ui/icon-button.tsx';
import { DetailTabs, type TabEntry } from './detail-tabs.tsx';
import { PayloadSide } from './payload-side.tsx';

const tabs: readonly TabEntry[] = [
  { id: 'tree', title: 'Tree' },
  { id: 'raw', title: 'Raw' },
  { id: 'headers', title: 'Headers' },
];

export function FrameDetailView({ row }: { readonly row: Extract<TimelineRow, { row: 'frame' }> }) {
  const { window: store } = useWorkbench();
  const { frame, clientName, serverName } = row;
  const wanted = useWindow(state => state.tab);
  const tab = tabs.some(entry => entry.id === wanted) ? wanted : 'tree';
  useShortcut('tabs', event => {
    const picked = tabs[Number(event.key) - 1];
    if (picked !== undefined) store.setTab(picked.id);
  });
  return (
    <section className="detail" aria-label="Detail">
      <header className="detail-head">
        <div className="line">
          <h2>
            <span>{frame.kind}</span> {visibleText(frame.method ?? '')} {visibleText(frame.target ?? '')}
          </h2>
          <span className="grow" />
          <IconButton icon={X} label="Close the detail" keys="Esc" onClick={() => store.closeDetail()} />
        </div>
        <div className="facts">
          <b>{visibleText(frame.direction === 'fromClient' ? `${clientName} → ${serverName}` : `${serverName} → ${clientName}`)}</b>
          <span>{clockTime(frame.at)}</span>
          {frame.latencyMs !== undefined && <span>{duration(frame.latencyMs)} after the request</span>}
          <span>{bytes(frame.sizeBytes)}</span>
          {frame.idText !== undefined && <span>id {visibleText(frame.idText)}</span>}
          <span>frame {frame.seq} of its session</span>
          <span>
            {frame.transport}, {frame.delivery}
          </span>
        </div>
      </header>
      <DetailTabs tabs={tabs} />
      <div className="tab-body" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        <div className="split single">
          {tab === 'headers' ? <Head frame={frame} /> : <PayloadSide title="Message" frame={frame} view={tab === 'raw' ? 'raw' : 'tree'} />}
        </div>
      </div>
    </section>
  );
}

function Head({ frame }: { readonly frame: Extract<TimelineRow, { row: 'frame' }>['frame'] }) {
  if (frame.http === undefined) return <p className="side-empty">No HTTP head came with this frame.</p>;
  return (
    <div className="headers">
      <dl>
        {frame.http.headers.map(([name, value], at) => (
          // A header may come twice; its place tells the two apart.
          <div key={`${name} ${at}`}>
            <dt>{visibleText(name)}</dt>
            <dd>{visibleText(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
