/** When a gateway says that it is ready, and what it tells of what it depends on. */
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { anInstance, anUpstream, eventTime } from '../../../test/kit/gateway-events.ts';
import type { InstanceState } from '../../shared/model/gateway-state.ts';
import { gatewayHealth, type HealthReads } from './health.ts';

const status = {
  isRunning: true,
  isDraining: false,
  configHash: 'h1',
  configProblems: [] as string[],
  listeners: [{ name: 'main', url: 'http://127.0.0.1:7380', routes: [], auth: 'none' as const }],
};

function health(change: Partial<HealthReads> = {}) {
  return gatewayHealth({
    clock: { now: () => eventTime, monotonicUs: () => 0 },
    status: () => status,
    store: () => Promise.resolve({ state: 'ok', sizeBytes: 1 }),
    isRecordRequired: () => true,
    upstreams: () => [anUpstream()],
    issuers: () => [],
    audit: () => ({ rowCount: 0, queuedCount: 0, droppedCount: 0 }),
    others: () => [],
    eventLoop: () => ({ meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 }),
    dataDir: tmpdir(),
    ...change,
  });
}

const withInstances = (...instances: Partial<InstanceState>[]) => ({
  upstreams: () => instances.map((change, at) => anUpstream({ name: `u${at}`, instances: [anInstance(change)] })),
});
const open = { ...anInstance().breaker, word: 'open' as const };

test('all well is ready', async () => {
  expect(await health().ready()).toEqual({ isReady: true, reasons: [], degraded: [] });
});

test.each([
  ['draining', { status: () => ({ ...status, isDraining: true }) }, 'draining'],
  ['no configuration', { status: () => ({ ...status, configHash: undefined }) as never }, 'no configuration is in force'],
  ['no listener', { status: () => ({ ...status, listeners: [] }) }, 'no listener is open'],
  [
    'a full disk',
    { store: () => Promise.resolve({ state: 'full' as const, problem: 'no room', sizeBytes: 1 }) },
    'the store is full: no room',
  ],
  ['a store that fails', { store: () => Promise.reject(new Error('gone')) }, 'the store is failed: Error: gone'],
  ['an unhealthy upstream', withInstances({ isHealthy: false }), 'no upstream has a usable instance'],
  ['an open breaker', withInstances({ breaker: open }), 'no upstream has a usable instance'],
  ['a disabled instance', withInstances({ isDisabled: true }), 'no upstream has a usable instance'],
  ['an ejected instance', withInstances({ ejectedUntil: eventTime + 1 }), 'no upstream has a usable instance'],
])('%s keeps traffic away', async (_, change, reason) => {
  expect(await health(change).ready()).toMatchObject({ isReady: false, reasons: [reason] });
});

test('where recording is not required, a store that fails is a trouble, and no reason to take no traffic', async () => {
  const store = () => Promise.resolve({ state: 'full' as const, problem: 'no room', sizeBytes: 1 });
  expect(await health({ store, isRecordRequired: () => false }).ready()).toEqual({
    isReady: true,
    reasons: [],
    degraded: ['the store is full: no room; traffic passes unrecorded'],
  });
});

test('one upstream of two, a refused configuration or a failing audit are troubles, but no reason to take no traffic', async () => {
  const ready = await health({
    ...withInstances({}, { isHealthy: false }),
    status: () => ({ ...status, configProblems: ['line 3'] }),
    audit: () => ({ rowCount: 0, queuedCount: 0, droppedCount: 0, problem: 'no room' }),
  }).ready();
  expect(ready).toMatchObject({ isReady: true, reasons: [] });
  expect(ready.degraded).toEqual([
    'upstream u1 has no usable instance',
    'the newest configuration was not taken; the one before is in force',
    'the audit cannot be written: no room',
  ]);
});

test('a command that runs as often as it may is a trouble, and no reason to take no traffic', async () => {
  const ready = await health(withInstances({ id: 'a', childCount: 2, maxChildren: 2 }, { childCount: 1, maxChildren: 2 })).ready();
  expect(ready).toEqual({
    isReady: true,
    reasons: [],
    degraded: ['upstream u0: all 2 processes that stdio.maxChildren allows for a are in use'],
  });
});

test('a store that is busy is given its last answer for a while, then it counts as failed', async () => {
  let now = eventTime;
  let answers = true;
  const watched = health({
    clock: { now: () => now, monotonicUs: () => 0 },
    store: () => (answers ? Promise.resolve({ state: 'ok', sizeBytes: 1 }) : new Promise(() => undefined)),
  });
  expect((await watched.ready()).isReady).toBe(true);
  answers = false;
  expect((await watched.ready()).isReady).toBe(true);
  now += 31_000;
  expect(await watched.ready()).toMatchObject({ isReady: false, reasons: ['the store is failed: it does not answer'] });
});

test('the detail names each dependency', async () => {
  const issuers = [{ issuer: 'https://idp.example', keyCount: 2, fetchedAt: eventTime }];
  expect(await health({ issuers: () => issuers }).detail()).toMatchObject({
    isReady: true,
    config: { hash: 'h1', problems: [] },
    listeners: [{ name: 'main' }],
    store: { state: 'ok' },
    upstreams: [{ name: 'files', isUsable: true, instances: [{ id: 'a', isHealthy: true, breaker: 'closed' }] }],
    issuers,
    eventLoop: { p99Ms: 0 },
    disk: { freeBytes: expect.any(Number), totalBytes: expect.any(Number) },
  });
});
