/** Metrics, health and audit behind the admin listener, over real sockets and a real store: what a scraper and a balancer see. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdminActions } from '../../src/main/admin/admin-calls.ts';
import { type AdminServer, openAdminServer } from '../../src/main/admin/admin-server.ts';
import { gatewayHealth } from '../../src/main/admin/health.ts';
import { type AuditTrail, openAuditTrail } from '../../src/main/audit/audit-trail.ts';
import { type EventLoopMonitor, eventLoopMonitor } from '../../src/main/metrics/event-loop-delay.ts';
import { type GatewayMetrics, gatewayMetrics } from '../../src/main/metrics/gateway-metrics.ts';
import { silentLogger, systemClock as clock } from '../../src/main/ports.ts';
import type { GatewayEvent } from '../../src/shared/model/gateway-event.ts';
import { anExchangeEvent, anUpstream } from '../kit/gateway-events.ts';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { openTestStore, type TestStore } from '../kit/store-kit.ts';

let kit: TestStore;
let audit: AuditTrail;
let metrics: GatewayMetrics;
let eventLoop: EventLoopMonitor;
let server: AdminServer;
let isDraining = false;

const emit = (event: GatewayEvent) => {
  metrics.observe(event);
  audit.observe(event);
};

beforeAll(async () => {
  kit = await openTestStore();
  const { store, directory } = kit;
  const config = () => ({ enabled: true, arguments: false, maxFile: 64 * 1024 * 1024, maxFiles: 10 });
  audit = await openAuditTrail({ dir: join(directory, 'audit'), store, clock, config, log: silentLogger });
  eventLoop = eventLoopMonitor();
  const upstreams = () => [anUpstream()];
  metrics = gatewayMetrics({
    clock,
    version: '1.2.3',
    catalogue: { meta: (_, tool) => (tool === 'read_file' ? {} : undefined) },
    eventLoop,
    read: {
      upstreams,
      limits: () => [],
      questions: () => [],
      sessions: () => 0,
      live: () => ({ pendingCount: 0, streamCount: 0 }),
      recorder: () => ({ droppedBodyCount: 0, unrecordedFrameCount: 0 }),
      audit: () => audit.state(),
    },
  });
  const health = gatewayHealth({
    clock,
    status: () => ({
      isRunning: true,
      isDraining,
      configHash: 'h',
      configProblems: [],
      listeners: [{ name: 'main', url: 'http://127.0.0.1:7380', routes: [], auth: 'none' as const }],
    }),
    store: () => store.stats(),
    upstreams,
    isRecordRequired: () => false,
    issuers: () => [],
    audit: () => audit.state(),
    others: () => [],
    eventLoop: () => eventLoop.delays(),
    dataDir: directory,
  });
  const actions: AdminActions = {
    status: () => ({}),
    upstreams: () => ({ upstreams: upstreams() }),
    limits: () => ({}),
    sessions: () => ({}),
    audit: query => audit.query(query),
    setBreaker: () => undefined,
    killSession: () => false,
    reloadConfig: () => undefined,
    logLevels: () => ({}),
    setLogLevel: () => undefined,
  };
  server = await openAdminServer({ host: '127.0.0.1', port: 0, health, metrics, actions, emit, clock, log: silentLogger });
});
afterAll(async () => {
  await server.close({ graceMs: 0 });
  metrics.close();
  eventLoop.close();
  await audit.close();
  await kit[Symbol.asyncDispose]();
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${server.url}${path}`, { headers });

test('what a scraper gets is strict OpenMetrics, and the counts are those of what happened', async () => {
  for (let at = 0; at < 200; at += 1) emit(anExchangeEvent({ durationMs: at + 1, target: at % 2 === 0 ? 'read_file' : `free-${at}` }));
  emit(
    anExchangeEvent({ outcome: 'refused', code: 'DENIED', decisions: [{ stage: 'apply-policy', kind: 'refused', id: 'no "quotes"\n\\' }] }),
  );
  await audit.flush();
  // As Prometheus asks.
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1';
  const response = await get('/metrics', { accept });
  expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const families = readOpenMetrics(await response.text());
  const counts = families.get('mcp_server_operation_duration_seconds')?.samples.filter(({ name }) => name.endsWith('_count'));
  expect(counts?.map(({ labels, value }) => [labels['gen_ai_tool_name'], labels['error_type'], value])).toEqual([
    ['read_file', '', 100],
    ['_other', '', 100],
    ['read_file', '40300', 1],
  ]);
  expect(families.get('shadowcat_policy_decisions')?.samples).toMatchObject([
    { labels: { policy: 'no "quotes"\n\\', outcome: 'refused' }, value: 1 },
  ]);
  expect(families.get('shadowcat_audit_rows')?.samples[0]?.value).toBe(202);
  expect(families.get('process_resident_memory_bytes')?.samples[0]?.value).toBeGreaterThan(1e6);
});

test('draining turns ready to 503 while live stays 200', async () => {
  expect((await get('/health/ready')).status).toBe(200);
  isDraining = true;
  const ready = await get('/health/ready');
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'not-ready', reasons: ['draining'], degraded: [] }]);
  expect((await get('/health/live')).status).toBe(200);
  expect((await get('/health')).status).toBe(503);
  isDraining = false;
});

test('an admin call is in the audit, which can be asked for it', async () => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ upstream: 'files', instance: 'a' });
  expect((await fetch(`${server.url}/api/breakers/isolate`, { method: 'POST', headers, body })).status).toBe(200);
  const page = (await (await get('/api/audit?kind=admin')).json()) as { rows: object[] };
  expect(page.rows).toMatchObject([{ kind: 'admin', action: 'breaker.isolate', details: { target: 'files/a', actor: 'local' } }]);
  expect(await audit.verify()).toMatchObject({ problems: [], aheadCount: 0 });
});
