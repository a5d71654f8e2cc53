/** States of a gateway for tests: healthy where a test does not say otherwise. */
import type {
  BreakerState,
  GatewayStatus,
  InstanceState,
  LimiterKey,
  LimitsState,
  UpstreamState,
} from '../../src/shared/model/gateway-state.ts';

export function aBreaker(change: Partial<BreakerState> = {}): BreakerState {
  return {
    word: 'closed',
    since: 0,
    consecutiveFailures: 0,
    consecutiveOpens: 0,
    buckets: Array.from({ length: 10 }, () => ({ calls: 0, failures: 0 })),
    failureRate: 0,
    threshold: 0.5,
    ...change,
  };
}

export function anInstance(change: Partial<InstanceState> = {}): InstanceState {
  return {
    id: 'a',
    address: 'http://127.0.0.1:9000/mcp',
    transport: 'streamable-http',
    isDisabled: false,
    isHealthy: true,
    healthReason: 'not checked yet',
    breaker: aBreaker(),
    tools: [],
    weight: 1,
    effectiveWeight: 1,
    inFlight: 0,
    openStreams: 0,
    callCount: 0,
    failureCount: 0,
    connections: { open: 0, idle: 0 },
    childCount: 0,
    ...change,
  };
}

export function anUpstream(change: Partial<UpstreamState> = {}): UpstreamState {
  return {
    name: 'billing',
    balance: 'round-robin',
    instances: [anInstance()],
    queued: 0,
    maxConcurrent: 100,
    maxQueue: 200,
    rejectedCount: 0,
    retryCount: 0,
    ...change,
  };
}

export function aKey(change: Partial<LimiterKey> = {}): LimiterKey {
  return {
    limitId: 'all',
    tier: 'global',
    key: 'all',
    algorithm: 'token-bucket',
    mode: 'enforce',
    capacity: 100,
    remaining: 100,
    resetMs: 0,
    admittedCount: 0,
    refusedCount: 0,
    inFlight: 0,
    ...change,
  };
}

export function someLimits(change: Partial<LimitsState> = {}): LimitsState {
  return { keys: [], keyCount: 0, admittedCount: 0, refusedCount: 0, shadowCount: 0, ...change };
}

export function aStatus(change: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    isRunning: true,
    isDraining: false,
    configPath: '/home/sam/.local/share/shadowcat/shadowcat.yaml',
    configHash: 'abcdef0123456789',
    configuredAt: 0,
    configProblems: [],
    policyMode: 'enforce',
    listeners: [],
    sessionCount: 0,
    counters: { requests: 0, refused: 0, failed: 0, unauthorized: 0, limited: 0, denied: 0, retries: 0, inFlight: 0, openStreams: 0 },
    durations: { total: { count: 0 }, overhead: { count: 0 } },
    policyHits: [],
    changes: [],
    ...change,
  };
}
