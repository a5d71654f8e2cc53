/** A running gateway as its operator watches it: metrics, health, log, audit and admin calls, through the pages and files that they read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLine } from '../cli/command-line.ts';
import { readByReference, reference } from '../kit/open-metrics-reference.ts';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { asJsonObject } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';

const secret = 'our-own-upstream-secret';

let home: ScratchHome;
let server: ToolServer;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  gateway = await startGateway({ home: home.path, name: 'watched', config: config(), words: ['--log-level', 'info'] });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function config(change: object = {}): object {
  return {
    version: 1,
    listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp/tools', upstream: 'tools' }] }],
    upstreams: { tools: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }], credentials: { bearer: secret } } },
    limits: [{ id: 'scarce', tier: 'endpoint', match: { tools: ['scarce_*'] }, algorithm: 'sliding-window', limit: 1, per: '1h' }],
    policies: [{ id: 'no-delete', effect: 'deny', match: { tools: ['delete_*'] } }],
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms', finish: '2s' },
    ...change,
  };
}

/** Samples of one name, as `{labels, value}`. */
async function samples(of: RunningGateway, name: string) {
  const families = readOpenMetrics(await of.metrics());
  return [...families.values()].flatMap(family => family.samples).filter(sample => sample.name === name);
}

const post = (path: string, body: object) =>
  fetch(`${gateway.adminUrl}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

test('calls, refusals and denials are counted, logged and audited once each, and nothing of it shows a secret', async () => {
  const caller = await httpCaller(gateway.url('/mcp/tools'), 'modern');
  await caller.ask('tools/list');
  expect(outcomeOf(await caller.call('read_file', { path: '/a', password: 'argument-secret' }))).toBe('ok');
  expect(outcomeOf(await caller.call('scarce_one'))).toBe('ok');
  expect(outcomeOf(await caller.call('scarce_one'))).toBe(42900);
  expect(outcomeOf(await caller.call('delete_all'))).toBe(40300);

  const response = await fetch(`${gateway.adminUrl}/metrics`);
  expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const text = await response.text();
  readOpenMetrics(text);
  const calls = (await samples(gateway, 'mcp_server_operation_duration_seconds_count')).filter(
    ({ labels }) => labels['mcp_method_name'] === 'tools/call',
  );
  expect(calls.reduce((sum, { value }) => sum + value, 0)).toBe(4);
  expect(calls.find(({ labels }) => labels['error_type'] === '42900')?.value).toBe(1);
  const refused = await samples(gateway, 'shadowcat_ratelimit_total');
  expect(refused.find(({ labels }) => labels['outcome'] === 'refused')).toMatchObject({
    labels: { policy: 'scarce', tier: 'endpoint' },
    value: 1,
  });
  const admitted = refused.filter(({ labels }) => labels['outcome'] === 'allowed' && labels['policy'] === 'scarce');
  expect(admitted.map(({ value }) => value)).toEqual([1]);
  const denied = await samples(gateway, 'shadowcat_policy_decisions_total');
  expect(denied.find(({ labels }) => labels['outcome'] === 'refused')).toMatchObject({ labels: { policy: 'no-delete' }, value: 1 });
  const [leg] = (await samples(gateway, 'mcp_client_operation_duration_seconds_count')).filter(({ labels }) => labels['error_type'] === '');
  expect(leg?.value).toBeGreaterThan(0);

  await expect
    .poll(() => gateway.audit().map(({ kind, action, target }) => [kind, action, target]))
    .toEqual(
      expect.arrayContaining([
        ['call', 'allowed', 'read_file'],
        ['limit', 'refused', 'scarce_one'],
        ['policy', 'refused', 'delete_all'],
      ]),
    );
  const lines = () =>
    gateway.process
      .stderr()
      .split('\n')
      .map(line => asJsonObject(line) ?? {})
      .filter(({ component }) => component === 'access');
  await expect.poll(() => lines().filter(({ method }) => method === 'tools/call').length).toBe(4);
  const line = lines().find(({ refused_by: by }) => typeof by === 'string' && by.startsWith('limit-rate'));
  expect(line).toMatchObject({
    method: 'tools/call',
    target: 'scarce_one',
    server: 'tools',
    status: 429,
    outcome: 'refused',
    code: 'LIMITED',
  });
  for (const shown of [text, JSON.stringify(gateway.audit()), gateway.process.stderr()])
    for (const hidden of [secret, 'argument-secret']) expect(shown).not.toContain(hidden);
});

test.skipIf(reference === undefined)(
  'the reference parser of OpenMetrics reads the same samples (needs python3-prometheus-client)',
  async () => {
    const text = await gateway.metrics();
    const ours = [...readOpenMetrics(text).values()].flatMap(family => family.samples);
    expect(ours.length).toBeGreaterThan(100);
    expect(readByReference(text)).toEqual(ours.map(({ name, labels, value }) => ({ name, labels, value })));
  },
);

test('the audit of a running gateway can be checked beside it', async () => {
  const cli = commandLine(home, 'watched');
  await expect.poll(async () => (await cli.run('audit', 'verify', '--json')).code).toBe(0);
  expect(await cli.json('audit', 'list', '--kind', 'policy')).toMatchObject([{ target: 'delete_all', decisions: [{ id: 'no-delete' }] }]);
});

test('admin calls act on the running gateway and leave a row', async () => {
  expect((await post('/api/breakers/trip', { upstream: 'tools', instance: 'a' })).status).toBe(200);
  const open = (await samples(gateway, 'shadowcat_circuit_state')).find(({ labels }) => labels['state'] === 'open');
  expect(open?.value).toBe(1);
  expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(503);
  const caller = await httpCaller(gateway.url('/mcp/tools'), 'modern');
  expect(outcomeOf(await caller.call('read_file'))).toBe(50300);
  expect((await post('/api/breakers/reset', { upstream: 'tools', instance: 'a' })).status).toBe(200);
  expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(200);
  expect(outcomeOf(await caller.call('read_file'))).toBe('ok');
  await expect
    .poll(() => gateway.audit().flatMap(({ kind, action }) => (kind === 'admin' ? [action] : [])))
    .toEqual(['breaker.trip', 'breaker.reset']);
  expect((await post('/api/breakers/trip', { upstream: 'none', instance: 'a' })).status).toBe(404);
});

test('the level of a component changes while it runs', async () => {
  const logged = (tool: string) =>
    gateway.process
      .stderr()
      .split('\n')
      .filter(line => line.includes('"component":"access"') && line.includes(`"target":"${tool}"`)).length;
  const caller = await httpCaller(gateway.url('/mcp/tools'), 'modern');
  await caller.call('before');
  expect((await post('/api/log/level', { component: 'access', level: 'silent' })).status).toBe(200);
  await caller.call('meanwhile');
  expect((await post('/api/log/level', { component: 'access', level: 'info' })).status).toBe(200);
  await caller.call('after');
  await expect.poll(() => logged('after')).toBe(1);
  // The level is that of the moment in which something happened.
  expect([logged('before'), logged('meanwhile')]).toEqual([1, 0]);
});

test('health tells of each dependency', async () => {
  const response = await fetch(`${gateway.adminUrl}/health`);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await response.json()).toMatchObject({
    status: 'ok',
    store: { state: 'ok' },
    upstreams: [{ name: 'tools', isUsable: true }],
    listeners: [{ name: 'main' }],
    eventLoop: { p99Ms: expect.any(Number) },
    disk: { freeBytes: expect.any(Number) },
    audit: { droppedCount: 0 },
  });
});

test('a gateway that drains says so before it stops accepting, and its audit ends whole', async () => {
  // Long enough for what is asked of it before it stops accepting.
  const shutdown = { readyDelay: '5s', finish: '2s' };
  await using draining = await startGateway({ home: home.path, name: 'draining', config: config({ shutdown }) });
  expect((await fetch(`${draining.adminUrl}/health/ready`)).status).toBe(200);
  draining.process.child.kill('SIGTERM');
  await expect
    .poll(async () => {
      const response = await fetch(`${draining.adminUrl}/health/ready`);
      return { status: response.status, ...((await response.json()) as object) };
    })
    .toMatchObject({ status: 'not-ready', reasons: ['draining'] });
  expect((await fetch(`${draining.adminUrl}/health/live`)).status).toBe(200);
  const caller = await httpCaller(draining.url('/mcp/tools'), 'modern');
  expect(outcomeOf(await caller.call('read_file'))).toBe('ok');
  expect((await draining.process.exited).code).toBe(0);
  const cli = commandLine(home, 'draining');
  expect(await cli.json('audit', 'verify')).toMatchObject({ ok: true, aheadCount: 0, tornBytes: 0 });
  const stages = ((await cli.json('audit', 'list', '--kind', 'lifecycle')) as { action: string }[]).map(({ action }) => action);
  expect(stages).toEqual(['stopped', 'draining', 'started']);
});

test('components that a configuration may name say something under their names', async () => {
  const issuer = 'http://127.0.0.1:9';
  const main = {
    name: 'main',
    port: 0,
    publicUrl: 'http://127.0.0.1:7380',
    auth: { mode: 'optional', issuers: [{ issuer, audiences: ['files'], jwksUri: `${issuer}/jwks` }] },
    routes: [{ path: '/mcp/tools', upstream: 'tools' }],
  };
  const levels = { auth: 'debug', limits: 'debug', policy: 'debug' };
  await using guarded = await startGateway({
    home: home.path,
    name: 'components',
    config: config({ listeners: [main], defaults: { effect: 'allow' }, logging: { level: 'silent', levels } }),
  });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const headers = { Authorization: `Bearer ${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: issuer, aud: 'files' })}.c2ln` };
  expect((await fetch(guarded.url('/mcp/tools'), { method: 'DELETE', headers })).status).toBe(503);
  const caller = await httpCaller(guarded.url('/mcp/tools'), 'modern');
  for (const tool of ['scarce_one', 'scarce_one', 'delete_all']) await caller.call(tool);
  const components = () =>
    guarded.process
      .stderr()
      .split('\n')
      .map(line => asJsonObject(line) ?? {})
      .map(({ component, message }) => `${String(component)}: ${String(message)}`);
  await expect
    .poll(components)
    .toEqual(
      expect.arrayContaining([
        'auth: The keys of an issuer could not be had',
        'auth: A guard decided: refused',
        'limits: A guard decided: refused',
        'policy: A guard decided: refused',
      ]),
    );
});
