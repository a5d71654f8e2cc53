/** What the calls of the admin listener do. */
import type { AdminActions } from '../admin/admin-calls.ts';
import { setBreaker } from './breaker-by-hand.ts';
import type { Gateway } from './gateway.ts';
import { setLogLevel } from './log-level-by-hand.ts';

export function adminActions(gateway: Gateway): AdminActions {
  return {
    status: () => gateway.status(),
    upstreams: () => ({ upstreams: gateway.upstreams.states() }),
    limits: () => gateway.guards.limitsState(),
    sessions: () => ({
      sessions: [...gateway.sessions.table.all()].map(({ conversationId, upstream, principalId, issuedAt, lastAt, pendingCount }) => ({
        id: conversationId,
        upstream,
        principalId,
        issuedAt,
        lastAt,
        pendingCount,
      })),
    }),
    audit: query => gateway.observers.audit.query(query),
    setBreaker: change => setBreaker(gateway, change),
    killSession: ({ id, reason }) => gateway.sessions.kill(id, reason),
    async reloadConfig() {
      await gateway.control.reload('reloaded by hand');
      return gateway.status();
    },
    logLevels: () => gateway.logs.levels(),
    setLogLevel: ({ component, level }) => setLogLevel(gateway, component, level),
  };
}
