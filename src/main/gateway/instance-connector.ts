/** Makes the connection of each instance by what it is: a command, a URL, or a URL that speaks HTTP+SSE (2024-11-05). */
import type { InstanceConfig } from '../../shared/config/schema.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { Clock, Ids, Logger } from '../ports.ts';
import type { UpstreamSession } from '../pipeline/session-table.ts';
import type { QuestionTally } from '../upstreams/bridge/question-tally.ts';
import { httpInstance } from '../upstreams/http-instance.ts';
import { httpSseConnection } from '../upstreams/http-sse/http-sse-connection.ts';
import type { ConnectInstance } from '../upstreams/instance-connection.ts';
import { stdioConnection } from '../upstreams/stdio/stdio-connection.ts';
import type { ResolvedSecrets } from './resolved-secrets.ts';

export interface ConnectorDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly emit: EmitEvent;
  readonly questions: QuestionTally;
  /** The environment of this process; children get of it what programs need to run at all. */
  readonly ownEnv: Readonly<Record<string, string | undefined>>;
  /** Those of the configuration in force. */
  readonly secrets: () => ResolvedSecrets;
  readonly maxPending: () => number;
  /** Ends a session whose process is to give way to another; false when it is in use after all. */
  readonly reclaim: (session: UpstreamSession, reason: string) => boolean;
}

export function instanceConnector(deps: ConnectorDeps): (upstream: string) => ConnectInstance {
  const { clock, ids, log, emit, ownEnv, questions } = deps;
  return upstreamName => (instance, config) => {
    const { upstreamTls, environments } = deps.secrets();
    const maxPending = deps.maxPending();
    if (instance.command !== undefined)
      return stdioConnection({
        upstreamName,
        instance,
        config: config.stdio,
        resolvedEnv: environments.get(`${upstreamName}/${instance.id}`) ?? {},
        ownEnv,
        clock,
        ids,
        log,
        emit,
        reclaim: (upstreamSessionId, reason) =>
          deps.reclaim({ upstream: upstreamName, instanceId: instance.id, upstreamSessionId }, reason),
        maxPending,
        questions,
      });
    const url = urlOf(instance);
    const http = httpInstance({ url, config, tls: upstreamTls.get(upstreamName) ?? {}, clock, log });
    if (instance.transport === 'streamable-http') return http;
    return httpSseConnection({ upstreamName, instanceId: instance.id, url, http, clock, ids, log, maxPending, questions });
  };
}

/** The schema lets an instance have exactly one of both. */
function urlOf({ id, url }: InstanceConfig): string {
  if (url === undefined) throw new Error(`Instance ${id} has neither a url nor a command.`);
  return url;
}
