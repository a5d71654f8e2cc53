/** What a person must know now: the host is gone, recording stopped by itself, the sample plays. */
import { CircleAlert, Play, TriangleAlert, WifiOff } from 'lucide-react';
import { useAct, useNow, useStatus, useWireState, useWorkbench } from '../state/use-workbench.ts';

export function Banners() {
  return (
    <div className="banners">
      <HostGone />
      <RecordingProblem />
      <SampleProgress />
    </div>
  );
}

function HostGone() {
  const wire = useWireState();
  const isLost = wire.kind === 'lost';
  const now = useNow(isLost);
  if (wire.kind === 'unauthorised')
    return (
      <div className="banner error" role="alert">
        <WifiOff className="i" aria-hidden="true" />
        <p>
          <b>The host was restarted and does not know this window any more.</b> What you see is its last state. Open the address that it
          printed, in this browser; this window then goes on by itself.
        </p>
      </div>
    );
  if (!isLost) return null;
  const seconds = Math.max(0, Math.round((now - wire.sinceAt) / 1000));
  return (
    <div className="banner error" role="alert">
      <WifiOff className="i" aria-hidden="true" />
      <p>
        <b>The host cannot be reached.</b> What you see is its last state. Reconnecting by itself
        {/* The running second is for eyes only, or a reader would say it again and again. */}
        <span aria-hidden="true">{seconds > 2 ? ` (for ${seconds} s)` : ''}</span>…
      </p>
    </div>
  );
}

function RecordingProblem() {
  const status = useStatus();
  const { host } = useWorkbench();
  const act = useAct();
  if (status === undefined) return null;
  const problem =
    status.recording.problem ?? (status.store.state === 'ok' ? undefined : (status.store.problem ?? `The store is ${status.store.state}.`));
  if (problem !== undefined)
    return (
      <div className="banner error" role="alert">
        <CircleAlert className="i" aria-hidden="true" />
        <p>
          <b>Recording stopped, traffic goes on.</b> {problem}
        </p>
      </div>
    );
  if (status.recording.isOn) return null;
  return (
    <div className="banner warn" role="status">
      <TriangleAlert className="i" aria-hidden="true" />
      <p>
        <b>Recording is off.</b> Messages pass unrecorded and do not appear here.
      </p>
      <button type="button" className="btn" onClick={() => act(() => host.call('recording.set', { isOn: true }))}>
        Record again
      </button>
    </div>
  );
}

function SampleProgress() {
  const sample = useStatus()?.sample;
  const { host } = useWorkbench();
  const act = useAct();
  if (sample === undefined) return null;
  if (!sample.isRunning)
    return sample.problem === undefined ? null : (
      <div className="banner error" role="alert">
        <CircleAlert className="i" aria-hidden="true" />
        <p>
          <b>The sample session stopped.</b> {sample.problem}
        </p>
      </div>
    );
  return (
    <div className="banner plain" role="status">
      <Play className="i" aria-hidden="true" />
      <p>
        <b>Sample session:</b> {sample.step}
      </p>
      <progress value={sample.done} max={Math.max(1, sample.total)} aria-label="Progress of the sample session" />
      <span className="quiet">
        {sample.done} of {sample.total}
      </span>
      <button type="button" className="btn" onClick={() => act(() => host.call('sample.stop', {}))}>
        Stop
      </button>
    </div>
  );
}
