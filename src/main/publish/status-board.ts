/** Keeps what the status strip and the sources tree show. Computed only while somebody looks, at most a few times a second. */
import type { HostStatus, ListenerInfo, RecordingState } from '../../shared/model/host.ts';
import type { TopicMessage } from '../../shared/contract/topics.ts';
import type { TrafficStore } from '../store/traffic-store.ts';
import type { Latencies } from './latencies.ts';
import { sourceTree } from './source-tree.ts';
import { Announcer, newest, Throttle, type TopicHandler } from './topic.ts';

const SOURCES_INTERVAL_MS = 250;
const STATUS_INTERVAL_MS = 500;
/** Sessions that the tree is built from, newest first; more make it `isTruncated`. */
const MAX_SESSIONS = 1000;
const MAX_NAMED_SESSIONS = 200;

export interface StatusBoardDeps {
  readonly store: TrafficStore;
  readonly latencies: Latencies;
  readonly recordingState: () => RecordingState;
  readonly listeners: () => readonly ListenerInfo[];
  readonly sample: () => HostStatus['sample'];
}

export interface StatusBoard {
  readonly sources: TopicHandler<'sources'>;
  readonly status: TopicHandler<'status'>;
  readonly sessions: TopicHandler<'sessions'>;
  /** Something changed that no commit tells of: a listener, the sample, the recording switch. */
  touch(): void;
  /** A session was renamed, deleted or restored. */
  touchSessions(ids: readonly string[]): void;
  close(): void;
}

type SourcesMessage = TopicMessage<'sources'>;
type SessionsMessage = TopicMessage<'sessions'>;

export function statusBoard(deps: StatusBoardDeps): StatusBoard {
  const sourcesHeard = new Announcer<SourcesMessage>();
  const statusHeard = new Announcer<HostStatus>();
  const sessionsHeard = new Announcer<SessionsMessage>();
  let changed: SessionsMessage = { changedIds: [], isAll: false };

  const readSources = async (): Promise<SourcesMessage> => sourceTree(await newestSessions(deps.store));
  const sourcesThrottle = new Throttle(SOURCES_INTERVAL_MS, async () => {
    if (sourcesHeard.isHeard) sourcesHeard.announce(await readSources());
  });
  const statusThrottle = new Throttle(STATUS_INTERVAL_MS, async () => {
    if (statusHeard.isHeard) statusHeard.announce(await hostStatus(deps));
  });
  const sessionsThrottle = new Throttle(SOURCES_INTERVAL_MS, () => {
    const message = changed;
    changed = { changedIds: [], isAll: false };
    if (message.isAll || message.changedIds.length > 0) sessionsHeard.announce(message);
  });

  const touchSessions = (ids: readonly string[]) => {
    changed = joinChanges(changed, { changedIds: [...ids], isAll: false });
    sessionsThrottle.request();
    sourcesThrottle.request();
    statusThrottle.request();
  };
  const stopListening = deps.store.onCommitted(receipt => touchSessions(receipt.sessionIds));
  // Pending rows, queue depth and disk use change without a commit.
  const heartbeat = setInterval(() => statusThrottle.request(), 5000);
  heartbeat.unref();

  return {
    sources: {
      async subscribe(_params, _caller, push) {
        push(await readSources());
        return sourcesHeard.listen(push);
      },
      conflate: newest,
    },
    status: {
      async subscribe(_params, _caller, push) {
        push(await hostStatus(deps));
        return statusHeard.listen(push);
      },
      conflate: newest,
    },
    sessions: {
      subscribe(_params, _caller, push) {
        push({ changedIds: [], isAll: true });
        return Promise.resolve(sessionsHeard.listen(push));
      },
      conflate: joinChanges,
    },
    touch() {
      statusThrottle.request();
      sourcesThrottle.request();
    },
    touchSessions,
    close() {
      stopListening();
      clearInterval(heartbeat);
      for (const throttle of [sourcesThrottle, statusThrottle, sessionsThrottle]) throttle.stop();
    },
  };
}

async function hostStatus({ store, latencies, recordingState, listeners, sample }: StatusBoardDeps): Promise<HostStatus> {
  const [stats, { sessions }] = await Promise.all([store.stats(), newestSessions(store)]);
  const live = sessions.filter(session => session.state === 'live');
  return {
    recording: recordingState(),
    store: stats,
    listeners: [...listeners()],
    liveSessionCount: live.length,
    clientCount: new Set(live.map(session => session.clientName)).size,
    serverCount: new Set(live.map(session => session.serverName)).size,
    pendingCount: live.reduce((sum, session) => sum + session.pendingCount, 0),
    ...latencies.percentiles(),
    sample: sample(),
  };
}

function newestSessions(store: TrafficStore) {
  return store.sessions({ search: '', sort: 'lastAt', descending: true, offset: 0, limit: MAX_SESSIONS });
}

function joinChanges(older: SessionsMessage, newer: SessionsMessage): SessionsMessage {
  if (older.isAll || newer.isAll) return { changedIds: [], isAll: true };
  const changedIds = [...new Set([...older.changedIds, ...newer.changedIds])];
  return changedIds.length > MAX_NAMED_SESSIONS ? { changedIds: [], isAll: true } : { changedIds, isAll: false };
}
