/** Keeps the sample to one at a time and tells how far it is. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { HostStatus } from '../../shared/model/host.ts';
import type { Clock, Logger } from '../ports.ts';
import { playSample, type SamplePaths, type SampleStage } from './play-sample.ts';

export interface SamplePlayerDeps {
  readonly paths: SamplePaths;
  readonly stage: SampleStage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChanged: () => void;
  /** Sessions that began at or after a time, whatever they are of. */
  readonly sessionsSince: (
    at: number,
  ) => Promise<readonly { readonly id: string; readonly serverName: string; readonly upstream: string }[]>;
}

export interface SamplePlayer {
  /** Resolves with the ids of the sessions it made. Rejects with CONFLICT while one plays, CANCELLED when stopped. */
  play(): Promise<readonly string[]>;
  stop(): void;
  state(): HostStatus['sample'];
}

const idle: HostStatus['sample'] = { isRunning: false, step: '', done: 0, total: 0 };

/** One per host. */
export function samplePlayer({ paths, stage, clock, log, onChanged, sessionsSince }: SamplePlayerDeps): SamplePlayer {
  let state = idle;
  let running: AbortController | undefined;
  const upstreams = new Set<string>();
  const become = (next: HostStatus['sample']) => {
    state = next;
    onChanged();
  };
  const watched: SampleStage = {
    async openProxy(request) {
      const info = await stage.openProxy(request);
      upstreams.add(info.upstream ?? request.upstream);
      return info;
    },
    closeProxy: id => stage.closeProxy(id),
  };
  return {
    async play() {
      if (running !== undefined) throw new TrafficError('CONFLICT', 'The sample plays already.');
      const mine = (running = new AbortController());
      const startedAt = clock.now();
      upstreams.clear();
      become({ ...idle, isRunning: true, step: 'Starting' });
      try {
        await playSample(paths, watched, mine.signal, progress => become({ isRunning: true, ...progress }));
        become(idle);
      } catch (cause) {
        if (mine.signal.aborted) {
          become(idle);
          throw new TrafficError('CANCELLED', 'The sample was stopped.');
        }
        log.warn('The sample failed', { error: String(cause) });
        become({ ...idle, problem: `The sample failed: ${cause instanceof Error ? cause.message : String(cause)}` });
        throw new TrafficError('UPSTREAM_BROKE', 'The sample failed.', { cause });
      } finally {
        running = undefined;
      }
      const sessions = await sessionsSince(startedAt);
      // A person's own clients may have begun at the same time; those are not the sample's.
      return sessions.filter(({ upstream }) => upstream.includes(paths.stdioServer) || upstreams.has(upstream)).map(({ id }) => id);
    },
    stop: () => running?.abort(),
    state: () => state,
  };
}
