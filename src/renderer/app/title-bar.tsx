/** The title bar: recording and pausing, and the way to every command. */
import { Circle, Pause, Play, Search } from 'lucide-react';
import { shortcuts } from '../state/shortcuts.ts';
import { useAct, useStatus, useWindow, useWireState, useWorkbench } from '../state/use-workbench.ts';
import { Mark } from '../ui/mark.tsx';

export function TitleBar() {
  const { host, window: store } = useWorkbench();
  const act = useAct();
  const status = useStatus();
  const isConnected = useWireState().kind === 'connected';
  const isPaused = useWindow(state => state.isPaused);
  const page = useWindow(state => state.page);
  const isOn = status?.recording.isOn ?? false;
  return (
    <header className="title">
      <div className="mark">
        <Mark />
      </div>
      <button
        type="button"
        role="switch"
        className="btn record"
        aria-checked={isOn}
        aria-label="Recording"
        disabled={status === undefined || !isConnected}
        title={
          isOn ? 'Every message is stored. Click to let traffic pass unrecorded.' : 'Traffic passes unrecorded. Click to record again.'
        }
        onClick={() => act(() => host.call('recording.set', { isOn: !isOn }))}
      >
        <Circle className="i s rec-dot" aria-hidden="true" />
        <span className="opt">{isOn ? 'Recording' : 'Not recording'}</span>
      </button>
      {page === 'live' && (
        <button
          type="button"
          className="btn plain"
          aria-pressed={isPaused}
          title="Freezes the view only; recording goes on (Space)"
          onClick={() => store.setPaused(!isPaused)}
        >
          {isPaused ? <Play className="i" aria-hidden="true" /> : <Pause className="i" aria-hidden="true" />}
          <span className="opt">{isPaused ? 'Resume view' : 'Pause view'}</span>
        </button>
      )}
      <button type="button" className="palette-button" aria-haspopup="dialog" onClick={() => store.setOverlay('palette')}>
        <Search className="i" aria-hidden="true" />
        <span className="hint">Commands and search</span>
        <span className="grow" />
        <kbd aria-hidden="true">{shortcuts.palette.shown.join(' ')}</kbd>
      </button>
    </header>
  );
}
