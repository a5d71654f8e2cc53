/** The stages of a gateway, put together for each kind of traffic. In which order they stand is said in `stages/order.ts`. */
import { RetriesConfig } from '../../shared/config/schema.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import { compose } from '../pipeline/compose.ts';
import type { LiveAnswers } from '../pipeline/live-answers.ts';
import type { Next } from '../pipeline/stage.ts';
import { type GuardDeps, guardedStagesInOrder, openStagesInOrder, stdioStagesInOrder, strayStagesInOrder } from '../stages/order.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { GatewaySessions } from './gateway-sessions.ts';
import type { Guards } from './guards.ts';
import type { InForce } from './in-force.ts';

export interface GatewayPipelines {
  /** All stages of a route. */
  readonly guarded: Next;
  /** For what is answered before any guard. */
  readonly open: Next;
  /** For paths at which nothing is served. */
  readonly stray: Next;
  /** For lines of wrapped sessions. */
  readonly wrapped: Next;
}

export interface PipelineParts {
  readonly inForce: InForce;
  readonly live: LiveAnswers;
  readonly guards: Guards;
  readonly sessions: GatewaySessions;
  readonly emit: EmitEvent;
}

const noRetries = RetriesConfig.parse({});

export function gatewayPipelines(
  { clock, ids, log, random, record }: Pick<GatewayDeps, 'clock' | 'ids' | 'log' | 'random' | 'record'>,
  { inForce, live, guards, sessions, emit }: PipelineParts,
): GatewayPipelines {
  const stages: GuardDeps = {
    record,
    account: { clock, emit, log, live, keepsArguments: () => inForce.config.audit.arguments },
    authenticate: guards.authenticate,
    validate: { catalogue: guards.pins },
    sessions: { seal: () => inForce.seal, table: sessions.table, clock, ids, emit },
    policy: { engine: guards.policies, pins: guards.pins, clock },
    limits: { limiter: guards.limiter },
    retry: { configFor: name => inForce.config.upstreams[name]?.retries ?? noRetries, catalogue: guards.pins, clock, random },
  };
  return {
    guarded: compose(guardedStagesInOrder(stages)),
    open: compose(openStagesInOrder(stages)),
    stray: compose(strayStagesInOrder(stages)),
    wrapped: compose(stdioStagesInOrder(stages)),
  };
}
