/** The guards for wrapped sessions: the same policies and limits, around lines instead of HTTP requests. */
import { makeGuard } from '../pipeline/make-guard.ts';
import { anonymous, type BoundSession, type GuardedRoute } from '../pipeline/guard.ts';
import type { EffectOnServer } from '../pipeline/policy/compile-policies.ts';
import type { Next } from '../pipeline/stage.ts';
import type { ServerLine, ServerRuling, StdioPlan, StdioPlans } from '../pipeline/stdio-plan.ts';
import type { Ids } from '../ports.ts';

export interface StdioPlansDeps {
  readonly run: Next;
  readonly ids: Ids;
  /** What the configuration in force could do to this server. */
  readonly effectOn: (serverName: string) => EffectOnServer;
  /** What a server asks or tells by itself is judged by it, and told. */
  readonly judgeServer: (serverName: string, line: ServerLine) => ServerRuling;
  readonly onChanged: (listener: () => void) => () => void;
}

export function stdioPlans({ run, ids, effectOn, judgeServer, onChanged }: StdioPlansDeps): StdioPlans {
  return {
    onChanged,
    planFor(serverName): StdioPlan {
      const { canAct, isClosedOnLoss, judgesServer } = effectOn(serverName);
      const route: GuardedRoute = {
        path: '',
        upstream: serverName,
        // stdio has no status: every refusal is a message.
        refusal: 'in-band',
        scopes: [],
        stepUp: [],
        listener: 'stdio',
        hasAuth: false,
      };
      return {
        isActive: canAct,
        isClosedOnLoss,
        judgesServer,
        judgeServer: line => judgeServer(serverName, line),
        run,
        guardFor({ text, sessionId, clientName }) {
          const guard = makeGuard({ correlationId: ids.next(), route, client: { peerIp: '', ip: '', name: clientName }, text });
          // 2026-07-28 has no sessions, whatever carries it.
          return guard.era === 'legacy' ? { ...guard, session: wrappedSession(sessionId) } : guard;
        },
      };
    },
  };
}

/** One client and one child: there is nothing else to tell of their session than which one it is. */
function wrappedSession(id: string): BoundSession {
  return { id, principalId: anonymous.id, instanceId: '', upstreamSessionId: '', protocolVersion: '' };
}
