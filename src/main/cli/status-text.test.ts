/** The state of a gateway as a person reads it. */
import { expect, test } from 'vitest';
import type { AuthWord } from '../../shared/config/auth-word.ts';
import type { GatewayStatus, InstanceState, LimiterKey, LimitsState, UpstreamState } from '../../shared/model/gateway-state.ts';
import { type Looked, statusText, troublesOf } from './status-text.ts';

const at = new Date(2026, 10, 22, 8, 0, 0).getTime();

const gateway: GatewayStatus = {
  isRunning: true,
  isDraining: false,
  configPath: '/etc/shadowcat.yaml',
  configHash: '9e62ec8bf789bdd22d2e',
  configuredAt: at,
  configProblems: [],
  policyMode: 'enforce',
  listeners: [{ name: 'main', url: 'http://127.0.0.1:7380', routes: [{ path: '/web', upstream: 'web' }], auth: 'required' }],
  sessionCount: 1,
  counters: { requests: 7, refused: 2, failed: 1, unauthorized: 0, limited: 2, denied: 0, retries: 0, inFlight: 3, openStreams: 0 },
  durations: {
    total: { count: 6, p50Ms: 4.218, p90Ms: 80, p95Ms: 81.4, p99Ms: 120 },
    overhead: { count: 6, p50Ms: 0.31, p90Ms: 0.4, p95Ms: 0.4, p99Ms: 0.9 },
  },
  policyHits: [],
  changes: [],
};

const breaker = { since: at, consecutiveFailures: 0, consecutiveOpens: 0, buckets: [], failureRate: 0, threshold: 0.5 };
const instance = (facts: Partial<InstanceState> = {}): InstanceState => ({
  id: 'a',
  address: 'https://web.example/mcp',
  transport: 'streamable-http',
  isDisabled: false,
  isHealthy: true,
  healthReason: '',
  breaker: { ...breaker, word: 'closed' },
  tools: [],
  weight: 1,
  effectiveWeight: 1,
  inFlight: 3,
  openStreams: 0,
  callCount: 7,
  failureCount: 1,
  connections: { open: 1, idle: 0 },
  childCount: 0,
  ...facts,
});
const upstream = (...instances: InstanceState[]): UpstreamState => ({
  name: 'web',
  balance: 'round-robin',
  instances,
  queued: 0,
  maxConcurrent: 10,
  maxQueue: 10,
  rejectedCount: 0,
  retryCount: 0,
});
const key: LimiterKey = {
  limitId: 'per-user',
  tier: 'user',
  key: 'ada',
  algorithm: 'token-bucket',
  mode: 'enforce',
  capacity: 5,
  remaining: 0.5,
  resetMs: 100,
  admittedCount: 5,
  refusedCount: 2,
  lastRefusedAt: at,
  inFlight: 0,
};
const limits: LimitsState = {
  keys: [key, { ...key, key: 'bob', refusedCount: 0 }],
  keyCount: 2,
  admittedCount: 5,
  refusedCount: 2,
  shadowCount: 0,
};

const well: Looked = { gateway, upstreams: [], toolChanges: [], hasFile: true, vault: undefined };

test('routes, instances and limits that refused stand below what is in force', () => {
  expect(statusText({ gateway, upstreams: [upstream(instance())], limits, degraded: [] }, at, 0).split('\n')).toEqual([
    '/etc/shadowcat.yaml 9e62ec8bf789 is in force since 2026-11-22 08:00:00; policy mode enforce.',
    '1 session, 0 open streams; 7 requests: 3 in flight, 2 refused, 1 failed.',
    "The last 6 answers took 4.22 ms (p50), 81 ms (p95), 120 ms (p99), of which 0.31 ms (p50) are the gateway's own.",
    '2 limiter keys in use, 2 refused by limits.',
    '',
    'ROUTE                      UPSTREAM  AUTH',
    'http://127.0.0.1:7380/web  web       required',
    '',
    'UPSTREAM  INSTANCE  HEALTH   BREAKER  IN FLIGHT  CALLS  FAILED  ADDRESS',
    'web       a         healthy  closed           3      7       1  https://web.example/mcp',
    '',
    'LIMIT     TIER  KEY  LEFT  REFUSED  LAST',
    'per-user  user  ada   0/5        2  2026-11-22 08:00:00',
    '',
  ]);
});

test('without a configuration it says how to load one', () => {
  const { isRunning, isDraining, configProblems, policyMode, sessionCount, counters, durations, changes } = gateway;
  const none = {
    isRunning,
    isDraining,
    configProblems,
    policyMode,
    listeners: [],
    policyHits: [],
    sessionCount,
    counters,
    durations,
    changes,
  };
  const empty = { keys: [], keyCount: 0, admittedCount: 0, refusedCount: 0, shadowCount: 0 };
  expect(statusText({ gateway: none, upstreams: [], limits: empty, degraded: [] }, at, 0)).toBe(
    'No configuration is in force. Load one with "shadowcat gateway --config FILE".\n',
  );
});

test.each<[string, Partial<InstanceState>, string]>([
  ['disabled', { isDisabled: true }, 'disabled  closed'],
  ['unhealthy', { isHealthy: false, healthReason: 'refused the connection' }, 'unhealthy: refused the connection  closed'],
  ['ejected', { ejectedUntil: at + 1000 }, 'ejected until 08:00:01  closed'],
  ['paused', { pausedUntil: at + 2000 }, 'paused until 08:00:02  closed'],
  ['isolated', { breaker: { ...breaker, word: 'isolated' } }, 'healthy  isolated'],
])('an upstream whose only instance is %s has none that is usable', (_what, facts, cells) => {
  const upstreams = [upstream(instance(facts))];
  const degraded = troublesOf({ ...well, upstreams }, at);
  expect(degraded).toEqual(['The upstream web has no usable instance.']);
  const text = statusText({ gateway, upstreams, limits, degraded }, at, 0);
  expect(text).toContain('! The upstream web has no usable instance.\n');
  expect(text).toContain(cells);
  expect(troublesOf({ ...well, upstreams: [upstream(instance(facts), instance({ id: 'b' }))] }, at)).toEqual([]);
});

test('a tool whose breaker is open is named beside the breaker of its instance', () => {
  const tools = [{ tool: 'add', breaker: { ...breaker, word: 'open' as const } }];
  expect(statusText({ gateway, upstreams: [upstream(instance({ tools }))], limits, degraded: [] }, at, 0)).toContain('closed; add open');
});

test('a configuration that was not taken, a stopping gateway and a vault without its key are troubles', () => {
  expect(
    troublesOf(
      { ...well, gateway: { ...gateway, isDraining: true, isRunning: false, configProblems: ['line 2'] }, vault: 'The vault has no key.' },
      at,
    ),
  ).toEqual([
    'The gateway is stopping and takes no new sessions.',
    'No listener is open.',
    'The newest configuration was not taken: line 2',
    'The vault has no key.',
  ]);
});

test('a listener without auth that others reach is told of; one that only this machine reaches is not', () => {
  const listener = (url: string, auth: AuthWord) => ({ name: 'main', url, routes: [], auth });
  const told = (url: string, auth: AuthWord = 'none') =>
    troublesOf({ ...well, gateway: { ...gateway, listeners: [listener(url, auth)] } }, at);
  expect(told('http://0.0.0.0:7380')).toEqual(['The listener main has no auth: everybody who reaches 0.0.0.0:7380 may use it.']);
  expect([told('http://[::]:7380').length, told('http://192.0.2.1:7380').length]).toEqual([1, 1]);
  expect(
    [
      told('http://0.0.0.0:7380', 'required'),
      told('http://0.0.0.0:7380', 'optional'),
      told('http://127.0.0.1:7380'),
      told('http://[::1]:7380'),
    ].flat(),
  ).toEqual([]);
});

test('a file that is gone, and tools that are held until somebody looks, are told of; changes that pass are not', () => {
  const change = (upstream: string, isBlocked: boolean) => ({ upstream, isBlocked });
  const toolChanges = [change('web', true), change('files', true), change('web', true), change('crm', false)];
  expect(troublesOf({ ...well, toolChanges, hasFile: false }, at)).toEqual([
    '/etc/shadowcat.yaml is gone; what it said is in force until the host ends.',
    '2 tools of web changed and are held: shadowcat pin list --diff.',
    '1 tool of files changed and is held: shadowcat pin list --diff.',
  ]);
  expect(troublesOf({ ...well, toolChanges: [change('crm', false)] }, at)).toEqual([]);
});
