/** The store as the recorder writes to it, with a clock beside it: how long each commit took is told to whoever asks. */
import type { Clock } from '../ports.ts';
import type { RecorderDeps } from './recorder.ts';

export interface TimedCommits {
  readonly commit: RecorderDeps['store']['commit'];
  /** Called with the ms of each commit that succeeded. */
  onCommitTimed(listener: (durationMs: number) => void): void;
}

export function timedCommits(store: RecorderDeps['store'], clock: Clock): TimedCommits {
  let onTimed: (durationMs: number) => void = () => undefined;
  return {
    async commit(batch) {
      const startedUs = clock.monotonicUs();
      const receipt = await store.commit(batch);
      onTimed((clock.monotonicUs() - startedUs) / 1000);
      return receipt;
    },
    onCommitTimed(listener) {
      onTimed = listener;
    },
  };
}
