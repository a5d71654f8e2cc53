/** Events of a gateway that need only what a test is about. */
import type { GatewayEventOf } from '../../src/shared/model/gateway-event.ts';
import type { InstanceState, UpstreamState } from '../../src/shared/model/gateway-state.ts';

/** 2026-11-22T12:00:00.000Z */
export const eventTime = Date.UTC(2026, 10, 22, 12);

/** An answered call of a tool. */
export function anExchangeEvent(change: Partial<GatewayEventOf<'exchange'>> = {}): GatewayEventOf<'exchange'> {
  return {
    type: 'exchange',
    at: eventTime,
    correlationId: 'c-0123456789',
    sessionId: 's1',
    principalId: 'key:ci',
    listener: 'main',
    route: '/mcp/files',
    upstream: 'files',
    transport: 'streamable-http',
    era: 'modern',
    httpMethod: 'POST',
    method: 'tools/call',
    target: 'read_file',
    argumentsDigest: `sha256:${'0'.repeat(64)}`,
    instance: 'a',
    status: 200,
    outcome: 'answered',
    isEventStream: false,
    durationMs: 42,
    upstreamMs: 40,
    overheadMs: 0.4,
    requestBytes: 100,
    responseBytes: 200,
    attempts: 1,
    decisions: [],
    ...change,
  };
}

export function anInstance(change: Partial<InstanceState> = {}): InstanceState {
  return {
    id: 'a',
    address: 'http://127.0.0.1:3001/mcp',
    transport: 'streamable-http',
    isDisabled: false,
    isHealthy: true,
    healthReason: 'answered',
    breaker: {
      word: 'closed',
      since: eventTime,
      consecutiveFailures: 0,
      consecutiveOpens: 0,
      buckets: [],
      failureRate: 0,
      threshold: 0.5,
    },
    tools: [],
    weight: 1,
    effectiveWeight: 1,
    inFlight: 2,
    openStreams: 0,
    callCount: 10,
    failureCount: 0,
    connections: { open: 3, idle: 1 },
    childCount: 0,
    ...change,
  };
}

export function anUpstream(change: Partial<UpstreamState> = {}): UpstreamState {
  return {
    name: 'files',
    balance: 'round-robin',
    instances: [anInstance()],
    queued: 0,
    maxConcurrent: 100,
    maxQueue: 200,
    rejectedCount: 4,
    retryCount: 5,
    ...change,
  };
}
