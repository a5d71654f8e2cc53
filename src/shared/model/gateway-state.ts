/** The live state of a gateway, as the window shows it: limiter keys, breakers, instances, counters. Whole states, bounded. */
import { z } from 'zod';
import { authWords } from '../config/auth-word.ts';
import { BreakerWord } from './gateway-event.ts';

export const LimiterKey = z.object({
  limitId: z.string(),
  tier: z.enum(['global', 'ip', 'user', 'session', 'endpoint']),
  /** As it may be shown: addresses and hashes, no tokens. */
  key: z.string(),
  algorithm: z.enum(['token-bucket', 'sliding-window']),
  mode: z.enum(['enforce', 'shadow', 'off']),
  /** Tokens, or calls per window. */
  capacity: z.number(),
  remaining: z.number(),
  /** Until it is full again (bucket) or the window has passed. */
  resetMs: z.number(),
  admittedCount: z.number().int(),
  /** Refused, or in shadow mode: would have been. */
  refusedCount: z.number().int(),
  lastRefusedAt: z.number().optional(),
  inFlight: z.number().int(),
  maxInFlight: z.number().int().optional(),
});
export type LimiterKey = z.infer<typeof LimiterKey>;

export const LimitsState = z.object({
  /** The keys that were refused last first, then the emptiest; at most 200. */
  keys: z.array(LimiterKey),
  /** All keys that are held. */
  keyCount: z.number().int(),
  admittedCount: z.number().int(),
  refusedCount: z.number().int(),
  shadowCount: z.number().int(),
});
export type LimitsState = z.infer<typeof LimitsState>;

export const BreakerState = z.object({
  word: BreakerWord,
  since: z.number(),
  /** Epoch ms of the next probe, while open. */
  reopensAt: z.number().optional(),
  consecutiveFailures: z.number().int(),
  /** Opens since it was last closed for long. */
  consecutiveOpens: z.number().int(),
  /** The window in buckets, oldest first. */
  buckets: z.array(z.object({ calls: z.number().int(), failures: z.number().int() })),
  failureRate: z.number(),
  threshold: z.number(),
  lastTripAt: z.number().optional(),
  lastTripReason: z.string().optional(),
});
export type BreakerState = z.infer<typeof BreakerState>;

export const InstanceState = z.object({
  id: z.string(),
  /** URL without secrets, or the command. */
  address: z.string(),
  transport: z.enum(['streamable-http', 'http-sse', 'stdio']),
  isDisabled: z.boolean(),
  isHealthy: z.boolean(),
  healthReason: z.string(),
  /** Epoch ms until which passive signals keep it out. */
  ejectedUntil: z.number().optional(),
  /** Epoch ms until which a 429 of its own pauses it. */
  pausedUntil: z.number().optional(),
  breaker: BreakerState,
  /** Breakers of single tools that are not closed. */
  tools: z.array(z.object({ tool: z.string(), breaker: BreakerState })),
  weight: z.number(),
  /** After health and slow start. */
  effectiveWeight: z.number(),
  inFlight: z.number().int(),
  openStreams: z.number().int(),
  latencyMs: z.number().optional(),
  callCount: z.number().int(),
  failureCount: z.number().int(),
  connections: z.object({ open: z.number().int(), idle: z.number().int() }),
  /** Processes of a stdio instance. */
  childCount: z.number().int(),
  /** How many of them may run at once; only where the instance is a command. */
  maxChildren: z.number().int().optional(),
});
export type InstanceState = z.infer<typeof InstanceState>;

export const UpstreamState = z.object({
  name: z.string(),
  balance: z.string(),
  instances: z.array(InstanceState),
  queued: z.number().int(),
  maxConcurrent: z.number().int(),
  maxQueue: z.number().int(),
  rejectedCount: z.number().int(),
  retryCount: z.number().int(),
});
export type UpstreamState = z.infer<typeof UpstreamState>;

/** What is wrong in a configuration, and where. */
export const ConfigProblem = z.object({
  /** From 1; 0 where the problem has no place in the text. */
  line: z.number().int(),
  column: z.number().int(),
  /** `listeners[0].routes[1].upstream`. */
  path: z.string(),
  message: z.string(),
  /** The environment variable that the value came from, where it did not come from the file. */
  source: z.string().optional(),
});
export type ConfigProblem = z.infer<typeof ConfigProblem>;

/** The configuration file as it is now. */
export const ConfigFile = z.object({
  path: z.string(),
  /** Empty when there is no file yet. */
  text: z.string(),
  /** Of the text; a change names the hash it was made from, so that nobody overwrites another's. */
  hash: z.string(),
  exists: z.boolean(),
  problems: z.array(ConfigProblem),
  warnings: z.array(ConfigProblem),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

export const ConfigVersion = z.object({ hash: z.string(), at: z.number(), reason: z.string(), isInForce: z.boolean() });
export type ConfigVersion = z.infer<typeof ConfigVersion>;

/** `unknown`: it depends on something that is not recorded. */
const DryRunEffect = z.enum(['allow', 'deny', 'unknown']);

/** One recorded call, as a draft would judge it. */
export const DryRunRow = z.object({
  sessionId: z.string(),
  seq: z.number().int(),
  exchangeId: z.string().optional(),
  at: z.number(),
  server: z.string(),
  method: z.string(),
  target: z.string().optional(),
  /** Who asked, as the audit names them; absent where that is not recorded. */
  principalId: z.string().optional(),
  now: DryRunEffect,
  draft: DryRunEffect,
  /** Which policy decided under the draft, or keeps it open, and why. */
  policyId: z.string().optional(),
  reason: z.string().optional(),
});
export type DryRunRow = z.infer<typeof DryRunRow>;

export const DryRunResult = z.object({
  callCount: z.number().int(),
  allowCount: z.number().int(),
  denyCount: z.number().int(),
  /** Calls of which too little is recorded to tell. */
  unknownCount: z.number().int(),
  /** Calls that would be judged otherwise than now. */
  changedCount: z.number().int(),
  /** The changed ones first, then those that cannot be told, newest first; at most 500. */
  rows: z.array(DryRunRow),
  problems: z.array(ConfigProblem),
});
export type DryRunResult = z.infer<typeof DryRunResult>;

/** Of the newest durations, by nearest rank, ms; without figures when there was none in the last five minutes. */
const Percentiles = z.object({
  count: z.number().int(),
  p50Ms: z.number().optional(),
  p90Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  p99Ms: z.number().optional(),
});

export const GatewayStatus = z.object({
  isRunning: z.boolean(),
  isDraining: z.boolean(),
  /** File that is in force, and since when; absent without a configuration. */
  configPath: z.string().optional(),
  configHash: z.string().optional(),
  configuredAt: z.number().optional(),
  /** Why the newest file was not taken. */
  configProblems: z.array(z.string()),
  policyMode: z.enum(['enforce', 'shadow', 'off']),
  listeners: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      routes: z.array(z.object({ path: z.string(), upstream: z.string() })),
      /** What it asks of clients; with `optional`, who sends no credentials is anonymous. */
      auth: z.enum(authWords),
    }),
  ),
  adminUrl: z.string().optional(),
  sessionCount: z.number().int(),
  counters: z.object({
    requests: z.number().int(),
    refused: z.number().int(),
    failed: z.number().int(),
    unauthorized: z.number().int(),
    limited: z.number().int(),
    denied: z.number().int(),
    retries: z.number().int(),
    inFlight: z.number().int(),
    openStreams: z.number().int(),
  }),
  /** Of exchanges that reached an upstream: all of it, and our own part before the request left. */
  durations: z.object({ total: Percentiles, overhead: Percentiles }),
  /** What policies decided or noted since the host started; those that nothing came to are left out. */
  policyHits: z.array(z.object({ policyId: z.string(), count: z.number().int(), lastAt: z.number() })),
  /** Newest breaker, health and configuration events, newest first; at most 50. */
  changes: z.array(z.object({ at: z.number(), kind: z.string(), subject: z.string(), text: z.string() })),
});
export type GatewayStatus = z.infer<typeof GatewayStatus>;
/** What is in force, and whether it is served. */
export type GatewayCondition = Pick<
  GatewayStatus,
  'isRunning' | 'isDraining' | 'configPath' | 'configHash' | 'configuredAt' | 'configProblems' | 'listeners'
>;
