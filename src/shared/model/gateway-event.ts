/** What happened at the gateway: one union that metrics, audit, logs and live topics are all fed from. No tokens, no argument values. */
import { z } from 'zod';

/** What one stage found about one exchange. Pushed by stages, told once, with the exchange. */
export const Decision = z.object({
  /** The stage that decided: `authenticate`, `apply-policy`, `limit-ip`, `limit-rate` … */
  stage: z.string(),
  /** `passed` and `logged` change nothing; `shadow` would have refused; `changed` let something else pass. */
  kind: z.enum(['passed', 'logged', 'shadow', 'changed', 'refused']),
  /** Id of the policy, limit, issuer or key that decided. */
  id: z.string().optional(),
  tier: z.string().optional(),
  reason: z.string().optional(),
  /** Version of what was evaluated: a hash of the policy set. */
  version: z.string().optional(),
  evaluationUs: z.number().optional(),
});
export type Decision = z.infer<typeof Decision>;

export const BreakerWord = z.enum(['closed', 'open', 'half-open', 'isolated']);
export type BreakerWord = z.infer<typeof BreakerWord>;

/** Where and for whom something happened, as far as it is known. */
const common = {
  /** Epoch ms. */
  at: z.number(),
  correlationId: z.string().optional(),
  sessionId: z.string().optional(),
  /** Stable id of who asked (see `Principal.id`); never a token, never a name. */
  principalId: z.string().optional(),
  listener: z.string().optional(),
  route: z.string().optional(),
  upstream: z.string().optional(),
};

export const GatewayEvent = z.discriminatedUnion('type', [
  /** A guarded HTTP request (or a guarded line of a wrapped session) is over. One each, refused ones included. */
  z.object({
    ...common,
    type: z.literal('exchange'),
    transport: z.enum(['stdio', 'streamable-http', 'http-sse']),
    era: z.enum(['legacy', 'modern']),
    httpMethod: z.string(),
    /** What was asked for where no route is, without the query: cut, and escaped to printable ASCII. */
    path: z.string().optional(),
    /** JSON-RPC method of the first message; absent on a GET, a DELETE, an answer. */
    method: z.string().optional(),
    target: z.string().optional(),
    /** SHA-256 of the canonical arguments of a call, or the arguments themselves where the audit is configured to keep them. */
    argumentsDigest: z.string().optional(),
    clientName: z.string().optional(),
    /** Of the `traceparent` that the client sent, for joining the log with traces. */
    traceId: z.string().optional(),
    instance: z.string().optional(),
    status: z.number().int(),
    outcome: z.enum(['answered', 'refused', 'failed', 'cancelled']),
    /** Code of the error table, of refusals and failures. */
    code: z.string().optional(),
    reason: z.string().optional(),
    /** JSON-RPC error code or `tool` for `isError` of an answered call. */
    errorType: z.string().optional(),
    isEventStream: z.boolean(),
    durationMs: z.number(),
    /** Until the upstream's answer head, from sending; absent when nothing was sent. */
    upstreamMs: z.number().optional(),
    /** What we added before sending. */
    overheadMs: z.number(),
    requestBytes: z.number().int(),
    responseBytes: z.number().int(),
    attempts: z.number().int(),
    decisions: z.array(Decision),
  }),
  z.object({
    ...common,
    type: z.literal('breaker'),
    instance: z.string(),
    tool: z.string().optional(),
    from: BreakerWord,
    to: BreakerWord,
    reason: z.string(),
    /** Epoch ms of the next probe, while open. */
    reopensAt: z.number().optional(),
  }),
  z.object({ ...common, type: z.literal('health'), instance: z.string(), isHealthy: z.boolean(), reason: z.string() }),
  z.object({
    ...common,
    type: z.literal('child'),
    instance: z.string(),
    what: z.enum(['started', 'exited', 'killed', 'refused']),
    reason: z.string(),
    pid: z.number().int().optional(),
  }),
  z.object({
    ...common,
    type: z.literal('session'),
    what: z.enum(['opened', 'ended', 'expired', 'killed', 'refused']),
    reason: z.string(),
  }),
  z.object({
    ...common,
    type: z.literal('pin'),
    tool: z.string(),
    what: z.enum(['first-seen', 'changed', 'blocked', 'held', 'approved']),
    /** Names of the members that differ, with hashes before and after. */
    reason: z.string(),
  }),
  z.object({
    ...common,
    type: z.literal('config'),
    outcome: z.enum(['applied', 'rejected', 'rolled-back']),
    hash: z.string(),
    reason: z.string(),
  }),
  z.object({
    ...common,
    type: z.literal('admin'),
    action: z.string(),
    target: z.string(),
    actor: z.string(),
    reason: z.string().optional(),
  }),
  z.object({ ...common, type: z.literal('interception'), ruleId: z.string(), action: z.string(), reason: z.string().optional() }),
  z.object({ ...common, type: z.literal('lifecycle'), what: z.enum(['started', 'draining', 'stopped']), reason: z.string() }),
]);
export type GatewayEvent = z.infer<typeof GatewayEvent>;
export type GatewayEventOf<T extends GatewayEvent['type']> = Extract<GatewayEvent, { type: T }>;

/** Tells an event to everyone who observes. Never throws: observers fail open. */
export type EmitEvent = (event: GatewayEvent) => void;
