/** Calls about sessions: list, open, rename, delete with undo, frames. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ApiDeps } from './api-deps.ts';
import type { CallHandlers } from './serve-calls.ts';

/** How long a deletion can be taken back. */
export const undoMs = 10_000;

type SessionCalls = Pick<
  CallHandlers,
  'session.list' | 'session.get' | 'session.rename' | 'session.delete' | 'session.restore' | 'session.frames'
>;

export function sessionCalls({ store, clock, board, log, endSession }: ApiDeps): SessionCalls {
  const existing = async (id: string) => {
    const session = await store.session(id);
    if (session === undefined) throw new TrafficError('NOT_FOUND', `There is no session ${id}.`);
    return session;
  };
  return {
    'session.list': async query => {
      const page = await store.sessions(query);
      return { sessions: [...page.sessions], total: page.total };
    },
    'session.get': ({ id }) => existing(id),
    'session.rename': async ({ id, name }) => {
      await existing(id);
      await store.renameSession(id, name);
      board.touchSessions([id]);
      return existing(id);
    },
    'session.delete': async ({ ids }) => {
      for (const id of ids) {
        const session = await existing(id);
        if (session.state !== 'live') continue;
        // A shim names its session once and for all: whatever came later would be hidden with it.
        if (session.transport === 'stdio')
          throw new TrafficError('CONFLICT', `Session ${id} is still being recorded; end its client or server first, then delete it.`);
        // Over HTTP the next request simply opens a new session, so that nothing is lost out of sight.
        endSession(id, 'deleted while it was live');
      }
      await store.deleteSessions(ids, clock.now());
      board.touchSessions(ids);
      // A second more than promised, so that an undo in the last moment still finds its rows.
      const timer = setTimeout(() => {
        store
          .purgeDeleted(clock.now() - undoMs)
          .catch((error: unknown) => log.warn('Deleted sessions were not purged', { error: String(error) }));
      }, undoMs + 1000);
      timer.unref();
      return { undoMs };
    },
    'session.restore': async ({ ids }) => {
      await store.restoreSessions(ids);
      board.touchSessions(ids);
      return {};
    },
    'session.frames': async ({ id, afterSeq, limit }) => {
      await existing(id);
      const frames = await store.frames({ sessionId: id, afterSeq, limit: limit + 1 });
      return { frames: frames.slice(0, limit), hasMore: frames.length > limit };
    },
  };
}
