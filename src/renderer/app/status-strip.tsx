/** The status strip: what is connected, how fast it answers, what the store holds. */
import { CircleDashed, CircleMinus, Database, TriangleAlert } from 'lucide-react';
import { bytes, count, counted } from '../formats/size.ts';
import { duration } from '../formats/time.ts';
import { useOpenBreakerCount, useStatus } from '../state/use-workbench.ts';

export function StatusStrip() {
  const status = useStatus();
  const openBreakers = useOpenBreakerCount();
  if (status === undefined) return <footer className="status">Connecting to the host…</footer>;
  const { store, recording } = status;
  const lost = recording.droppedBodyCount + recording.unrecordedFrameCount;
  return (
    <footer className="status" aria-label="Status">
      <span>{counted(status.clientCount, 'client')}</span>
      <span>{counted(status.serverCount, 'server')}</span>
      {status.pendingCount > 0 && (
        <span className="second">
          <CircleDashed className="i s" aria-hidden="true" />
          {count(status.pendingCount)} pending
        </span>
      )}
      {openBreakers > 0 && (
        <span className="error">
          <CircleMinus className="i s" aria-hidden="true" />
          {counted(openBreakers, 'breaker')} open
        </span>
      )}
      {status.p50Ms !== undefined && (
        <span className="opt" title="Median and 95th percentile of the requests answered in the last five minutes">
          p50 {duration(status.p50Ms)}
          {status.p95Ms !== undefined && ` · p95 ${duration(status.p95Ms)}`}
        </span>
      )}
      {lost > 0 && (
        <span
          className="warn"
          title={`${count(recording.droppedBodyCount)} bodies and ${count(recording.unrecordedFrameCount)} frames were not recorded`}
        >
          <TriangleAlert className="i s" aria-hidden="true" />
          {count(lost)} not recorded
        </span>
      )}
      <span className="end" title={store.path}>
        <Database className="i s" aria-hidden="true" />
        {store.frameCount === 0 ? 'store empty' : `${count(store.frameCount)} frames`}
        <span className="opt">· {bytes(store.sizeBytes)}</span>
      </span>
    </footer>
  );
}
