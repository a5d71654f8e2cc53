/** Metrics as a scraper reads them: through a strict reader of the format, with the values that the events imply. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { anExchangeEvent, anInstance, anUpstream, eventTime } from '../../../test/kit/gateway-events.ts';
import { readOpenMetrics } from '../../../test/kit/open-metrics.ts';
import { type GatewayMetrics, gatewayMetrics } from './gateway-metrics.ts';
import type { MetricReads } from './state-metrics.ts';

const opened: GatewayMetrics[] = [];
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.close();
});

const quiet: MetricReads = {
  upstreams: () => [],
  sessions: () => 0,
  live: () => ({ pendingCount: 0, streamCount: 0 }),
  recorder: () => ({ droppedBodyCount: 0, unrecordedFrameCount: 0 }),
  limits: () => [],
  questions: () => [],
  audit: () => ({ rowCount: 0, droppedCount: 0 }),
};
const noDelay = { meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 };

function open(read: Partial<MetricReads> = {}, now = () => eventTime): GatewayMetrics {
  const metrics = gatewayMetrics({
    clock: { now, monotonicUs: () => 0 },
    version: '1.2.3',
    catalogue: { meta: (upstream, tool) => (upstream === 'files' && /^(?:read_file|tool\d+)$/.test(tool) ? {} : undefined) },
    eventLoop: { delays: () => noDelay, close() {} },
    read: { ...quiet, ...read },
  });
  opened.push(metrics);
  return metrics;
}

/** The samples of a metric as `labels value`, labels in order of their names, empty ones left out. */
async function samples(metrics: GatewayMetrics, name: string): Promise<string[]> {
  const families = readOpenMetrics((await metrics.render()).text);
  return [...families.values()]
    .flatMap(family => family.samples)
    .filter(sample => sample.name === name)
    .map(({ labels, value }) => {
      const shown = Object.entries(labels).filter(([, text]) => text !== '');
      return `${shown
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([label, text]) => `${label}=${text}`)
        .join(' ')} ${value}`.trim();
    });
}

test('a fresh gateway renders OpenMetrics that a strict reader takes', async () => {
  const { text, contentType } = await open().render();
  expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const names = [...readOpenMetrics(text).keys()];
  expect(names).toEqual(
    expect.arrayContaining([
      'mcp_server_operation_duration_seconds',
      'mcp_client_operation_duration_seconds',
      'shadowcat_proxy_overhead_seconds',
      'shadowcat_http_requests',
      'shadowcat_inflight_requests',
      'shadowcat_streams_open',
      'shadowcat_auth',
      'shadowcat_ratelimit',
      'shadowcat_policy_decisions',
      'shadowcat_circuit_state',
      'shadowcat_circuit_transitions',
      'shadowcat_circuit_rejected',
      'shadowcat_upstream_healthy',
      'shadowcat_pool_connections',
      'shadowcat_retries',
      'shadowcat_config_reloads',
      'shadowcat_store_write_seconds',
      'shadowcat_recorder_dropped',
      'process_cpu_seconds',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ]),
  );
});

test('an exchange is observed as the client sees it, as the upstream took it, and as overhead', async () => {
  const metrics = open();
  metrics.observe(anExchangeEvent());
  const labels = 'gen_ai_tool_name=read_file mcp_method_name=tools/call network_transport=tcp upstream=files';
  expect(await samples(metrics, 'mcp_server_operation_duration_seconds_sum')).toEqual([`${labels} 0.042`]);
  expect(await samples(metrics, 'mcp_client_operation_duration_seconds_sum')).toEqual([`${labels} 0.04`]);
  const bounds = (await samples(metrics, 'mcp_server_operation_duration_seconds_bucket')).map(line => /le=(\S+)/.exec(line)?.[1]);
  expect(bounds).toEqual(['0.01', '0.02', '0.05', '0.1', '0.2', '0.5', '1', '2', '5', '10', '30', '60', '120', '300', '+Inf']);
  expect(await samples(metrics, 'shadowcat_proxy_overhead_seconds_sum')).toEqual(['route=/mcp/files 0.0004']);
  const overhead = (await samples(metrics, 'shadowcat_proxy_overhead_seconds_bucket')).map(line => /le=(\S+)/.exec(line)?.[1]);
  expect([overhead[0], overhead.at(-2)]).toEqual(['0.00005', '0.25']);
  expect(await samples(metrics, 'shadowcat_http_requests_total')).toEqual(['code=200 reason=ok route=/mcp/files 1']);
});

test('a tool that no list named, an unknown method and a free error code are no labels', async () => {
  const metrics = open();
  metrics.observe(anExchangeEvent({ target: 'made_up_4711' }));
  metrics.observe(anExchangeEvent({ method: 'made/up' }));
  metrics.observe(anExchangeEvent({ method: 'resources/read', target: 'file:///secret' }));
  for (let code = 0; code < 80; code += 1) metrics.observe(anExchangeEvent({ method: 'ping', errorType: String(code) }));
  const { text } = await metrics.render();
  for (const free of ['made_up_4711', 'made/up', 'file:///secret', 'key:ci', 's1"', 'c-0123456789', '"79"'])
    expect(text).not.toContain(free);
  const counts = await samples(metrics, 'mcp_server_operation_duration_seconds_count');
  expect(counts).toContain('gen_ai_tool_name=_other mcp_method_name=tools/call network_transport=tcp upstream=files 1');
  expect(counts).toContain('mcp_method_name=_other network_transport=tcp upstream=files 1');
  expect(counts).toContain('error_type=_OTHER mcp_method_name=ping network_transport=tcp upstream=files 30');
});

test('errors are named as the conventions say: the code of the answer, tool_error, our own code', async () => {
  const metrics = open();
  metrics.observe(anExchangeEvent({ errorType: 'tool' }));
  metrics.observe(anExchangeEvent({ errorType: '-32602' }));
  metrics.observe(anExchangeEvent({ outcome: 'refused', code: 'LIMITED', status: 429 }));
  metrics.observe(anExchangeEvent({ outcome: 'failed', code: 'UPSTREAM_TIMEOUT', status: 504 }));
  const types = (await samples(metrics, 'mcp_server_operation_duration_seconds_count')).map(line => /error_type=(\S+)/.exec(line)?.[1]);
  expect(types).toEqual(['tool_error', '-32602', '42900', '50400']);
  expect(await samples(metrics, 'shadowcat_http_requests_total')).toContain('code=429 reason=LIMITED route=/mcp/files 1');
});

test('decisions count once each, by what decided', async () => {
  const metrics = open();
  metrics.observe(
    anExchangeEvent({
      decisions: [
        { stage: 'authenticate', kind: 'passed', id: 'https://idp.example' },
        { stage: 'apply-policy', kind: 'shadow', id: 'no-delete', evaluationUs: 20 },
        { stage: 'limit-rate', kind: 'refused', id: 'deletes', tier: 'endpoint' },
      ],
    }),
  );
  expect(await samples(metrics, 'shadowcat_ratelimit_total')).toEqual(['outcome=refused policy=deletes tier=endpoint 1']);
  expect(await samples(metrics, 'shadowcat_auth_total')).toEqual(['listener=main outcome=allowed 1']);
  expect(await samples(metrics, 'shadowcat_policy_decisions_total')).toEqual(['outcome=shadow policy=no-delete 1']);
  expect(await samples(metrics, 'shadowcat_policy_evaluation_seconds_sum')).toEqual(['0.00002']);
});

test('what limits let through is read from them, and only grows', async () => {
  let admittedCount = 3;
  const metrics = open({ limits: () => [{ id: 'per-ip', tier: 'ip', admittedCount }] });
  expect(await samples(metrics, 'shadowcat_ratelimit_total')).toEqual(['outcome=allowed policy=per-ip tier=ip 3']);
  admittedCount = 5;
  expect(await samples(metrics, 'shadowcat_ratelimit_total')).toEqual(['outcome=allowed policy=per-ip tier=ip 5']);
});

test('states are those of the moment, and an upstream that left is gone', async () => {
  let upstreams = [anUpstream(), anUpstream({ name: 'gone', instances: [anInstance({ isHealthy: false })] })];
  const metrics = open({
    upstreams: () => upstreams,
    sessions: () => 7,
    live: () => ({ pendingCount: 5, streamCount: 2 }),
    recorder: () => ({ droppedBodyCount: 1, unrecordedFrameCount: 2 }),
    audit: () => ({ rowCount: 9, droppedCount: 3 }),
  });
  expect(await samples(metrics, 'shadowcat_upstream_healthy')).toEqual(['instance=a upstream=files 1', 'instance=a upstream=gone 0']);
  upstreams = upstreams.slice(0, 1);
  expect(await samples(metrics, 'shadowcat_upstream_healthy')).toEqual(['instance=a upstream=files 1']);
  expect(await samples(metrics, 'shadowcat_circuit_state')).toEqual([
    'instance=a state=closed upstream=files 1',
    'instance=a state=open upstream=files 0',
    'instance=a state=half-open upstream=files 0',
    'instance=a state=isolated upstream=files 0',
  ]);
  expect(await samples(metrics, 'shadowcat_circuit_rejected_total')).toEqual(['upstream=files 4']);
  expect(await samples(metrics, 'shadowcat_retries_total')).toEqual(['upstream=files 5']);
  expect(await samples(metrics, 'shadowcat_pool_connections')).toEqual([
    'instance=a state=open upstream=files 3',
    'instance=a state=idle upstream=files 1',
  ]);
  expect(await samples(metrics, 'shadowcat_inflight_requests')).toEqual(['3']);
  expect(await samples(metrics, 'shadowcat_streams_open')).toEqual(['2']);
  expect(await samples(metrics, 'shadowcat_sessions')).toEqual(['7']);
  expect(await samples(metrics, 'shadowcat_recorder_dropped_total')).toEqual(['what=body 1', 'what=frame 2']);
  expect(await samples(metrics, 'shadowcat_audit_dropped_total')).toEqual(['3']);
});

test('thousands of different tools and routes stay within the bound, and the overflow is counted', async () => {
  const metrics = open();
  for (let at = 0; at < 3000; at += 1)
    metrics.observe(anExchangeEvent({ route: `/mcp/${at}`, upstream: 'files', target: `tool${at}`, status: 200 + (at % 300) }));
  expect((await samples(metrics, 'mcp_server_operation_duration_seconds_count')).length).toBeLessThanOrEqual(1001);
  expect((await samples(metrics, 'shadowcat_http_requests_total')).length).toBeLessThanOrEqual(1001);
  const [overflow] = await samples(metrics, 'shadowcat_metrics_overflow_total');
  expect(Number(overflow)).toBeGreaterThan(0);
  const total = (await samples(metrics, 'shadowcat_http_requests_total')).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  expect(total).toBe(3000);
});

test('who knows only the older format gets it, also after somebody took OpenMetrics', async () => {
  const metrics = open();
  metrics.observe(anExchangeEvent());
  await metrics.render();
  const { text, contentType } = await metrics.render('text/plain');
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text).toContain('# TYPE shadowcat_http_requests_total counter\nshadowcat_http_requests_total{');
  expect(text).not.toContain('# EOF');
  expect((await metrics.render('text/html,application/xhtml+xml,*/*;q=0.8')).contentType).toBe(contentType);
  expect((await metrics.render('application/openmetrics-text;version=1.0.0,text/plain;q=0.5')).text).toMatch(/# EOF\n$/);
});

test('configurations, breakers and writes of the store', async () => {
  const metrics = open();
  metrics.observe({ type: 'config', at: 1, outcome: 'rejected', hash: '', reason: 'bad' });
  metrics.observe({ type: 'breaker', at: 1, upstream: 'files', instance: 'a', from: 'closed', to: 'open', reason: 'five in a row' });
  metrics.observe({ type: 'breaker', at: 1, upstream: 'files', instance: 'a', tool: 't', from: 'closed', to: 'open', reason: 'x' });
  metrics.storeWritten(20);
  expect(await samples(metrics, 'shadowcat_config_reloads_total')).toEqual([
    'outcome=applied 0',
    'outcome=rejected 1',
    'outcome=rolled-back 0',
  ]);
  expect(await samples(metrics, 'shadowcat_circuit_transitions_total')).toEqual(['from=closed instance=a to=open upstream=files 1']);
  expect(await samples(metrics, 'shadowcat_store_write_seconds_sum')).toEqual(['0.02']);
});

test('the documentation names every metric', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/observability.md'), 'utf8');
  const families = [...readOpenMetrics((await open().render()).text).values()].filter(({ name }) => /^(?:mcp|shadowcat)_/.test(name));
  expect(families.length).toBeGreaterThan(30);
  for (const { name, type } of families) expect(page).toContain(`\`${name}${type === 'counter' ? '_total' : ''}\``);
});

test('percentiles are of the last five minutes, by nearest rank', () => {
  let now = eventTime;
  const metrics = open({}, () => now);
  expect(metrics.percentiles().total).toEqual({ count: 0 });
  for (let ms = 1; ms <= 100; ms += 1) metrics.observe(anExchangeEvent({ durationMs: ms, overheadMs: ms / 100 }));
  expect(metrics.percentiles()).toEqual({
    total: { count: 100, p50Ms: 50, p90Ms: 90, p95Ms: 95, p99Ms: 99 },
    overhead: { count: 100, p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99 },
  });
  now += 301_000;
  expect(metrics.percentiles().total).toEqual({ count: 0 });
});
