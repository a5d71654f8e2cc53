/** Keeps what the status strip and the sources tree show. Computed only while somebody looks, at most a few times a second. */
import type { HostStatus, ListenerInfo, RecordingState, Source } from '../../shared/model/host.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { TopicMessage } from '../../shared/contract/topics.ts';
import type { TrafficStore } from '../store/traffic-store.ts';
import type { Latencies } from './latencies.ts';
import { Announcer, newest, Throttle, type TopicHandler } from './topic.ts';

const SOURCES_INTERVAL_MS = 250;
const STATUS_INTERVAL_MS = 500;
/** Sessions that the tree is built from, newest first; more make it `isTruncated`. */
const MAX_SESSIONS = 1000;
const MAX_NODES = 500;
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

  const readSources = async (): Promise<SourcesMessage> => sourcesOf(await newestSessions(deps.store));
  const readStatus = async (): Promise<HostStatus> => {
    const [stats, sessions] = await Promise.all([deps.store.stats(), newestSessions(deps.store)]);
    const live = sessions.sessions.filter(session => session.state === 'live');
    return {
      recording: deps.recordingState(),
      store: stats,
      listeners: [...deps.listeners()],
      liveSessionCount: live.length,
      clientCount: new Set(live.map(session => session.clientName)).size,
      serverCount: new Set(live.map(session => session.serverName)).size,
      pendingCount: live.reduce((sum, session) => sum + session.pendingCount, 0),
      ...deps.latencies.percentiles(),
      sample: deps.sample(),
    };
  };

  const sourcesThrottle = new Throttle(SOURCES_INTERVAL_MS, async () => {
    if (sourcesHeard.isHeard) sourcesHeard.announce(await readSources());
  });
  const statusThrottle = new Throttle(STATUS_INTERVAL_MS, async () => {
    if (statusHeard.isHeard) statusHeard.announce(await readStatus());
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
        push(await readStatus());
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

function newestSessions(store: TrafficStore) {
  return store.sessions({ search: '', sort: 'lastAt', descending: true, offset: 0, limit: MAX_SESSIONS });
}

function joinChanges(older: SessionsMessage, newer: SessionsMessage): SessionsMessage {
  if (older.isAll || newer.isAll) return { changedIds: [], isAll: true };
  const changedIds = [...new Set([...older.changedIds, ...newer.changedIds])];
  return changedIds.length > MAX_NAMED_SESSIONS ? { changedIds: [], isAll: true } : { changedIds, isAll: false };
}

function sourcesOf(page: { readonly sessions: readonly SessionSummary[]; readonly total: number }): SourcesMessage {
  const clients = new Map<string, Source>();
  let nodeCount = 0;
  let isTruncated = page.total > page.sessions.length;
  for (const session of page.sessions) {
    let client = clients.get(session.clientName);
    if (client === undefined) {
      if (nodeCount >= MAX_NODES) {
        isTruncated = true;
        continue;
      }
      client = { clientName: session.clientName, liveSessionCount: 0, exchangeCount: 0, errorCount: 0, servers: [] };
      clients.set(session.clientName, client);
      nodeCount += 1;
    }
    const isLive = session.state === 'live' ? 1 : 0;
    client.liveSessionCount += isLive;
    client.exchangeCount += session.exchangeCount;
    client.errorCount += session.errorCount;
    const server = client.servers.find(known => known.serverName === session.serverName);
    if (server !== undefined) {
      server.liveSessionCount += isLive;
      server.pendingCount += isLive * session.pendingCount;
      server.exchangeCount += session.exchangeCount;
      server.errorCount += session.errorCount;
      server.lastAt = Math.max(server.lastAt, session.lastAt);
      if (session.state === 'live') server.state = 'live';
    } else if (nodeCount < MAX_NODES) {
      nodeCount += 1;
      client.servers.push({
        serverName: session.serverName,
        transport: session.transport,
        state: session.state,
        liveSessionCount: isLive,
        pendingCount: isLive * session.pendingCount,
        exchangeCount: session.exchangeCount,
        errorCount: session.errorCount,
        lastAt: session.lastAt,
      });
    } else isTruncated = true;
  }
  const sources = [...clients.values()].sort((one, other) => one.clientName.localeCompare(other.clientName));
  for (const client of sources) client.servers.sort((one, other) => one.serverName.localeCompare(other.serverName));
  return { sources, isTruncated };
}
