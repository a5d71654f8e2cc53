/** The admin listener over real HTTP: who gets in, what the calls do, and what a page of somebody else cannot. */
import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import { silentLogger, systemClock } from '../ports.ts';
import type { AdminActions } from './admin-calls.ts';
import { type AdminServer, type AdminServerOptions, openAdminServer } from './admin-server.ts';

const opened: AdminServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close({ graceMs: 0 });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask(server: AdminServer, { path, method = 'GET', headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function post(server: AdminServer, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(server, { path, method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
}

async function open(change: Partial<AdminServerOptions> = {}) {
  const done: unknown[] = [];
  const events: GatewayEvent[] = [];
  const actions: AdminActions = {
    status: () => ({ isRunning: true }),
    upstreams: () => ({ upstreams: [] }),
    limits: () => ({ keys: [] }),
    sessions: () => ({ sessions: [] }),
    audit: query => Promise.resolve({ rows: [], cursor: query.limit }),
    setBreaker(asked) {
      if (asked.upstream === 'none') throw new TrafficError('NOT_FOUND', 'There is no upstream none.');
      done.push(asked);
    },
    killSession(asked) {
      done.push(asked);
      return asked.id === 's1';
    },
    reloadConfig: actor => {
      done.push(['reload', actor]);
    },
    logLevels: () => ({ all: 'info' }),
    setLogLevel: asked => void done.push(asked),
  };
  const server = await openAdminServer({
    host: '127.0.0.1',
    port: 0,
    health: {
      ready: () => Promise.resolve({ isReady: true, reasons: [], degraded: [] }),
      detail: () => Promise.resolve({ isReady: true, reasons: [], degraded: ['x'], disk: 1 }),
    },
    metrics: { render: accept => Promise.resolve({ contentType: 'application/openmetrics-text', text: `${accept ?? ''}\n# EOF\n` }) },
    actions,
    emit: event => void events.push(event),
    clock: systemClock,
    log: silentLogger,
    ...change,
  });
  opened.push(server);
  return { server, done, events };
}

test('health and metrics answer everyone who reaches them, with headers that keep them from being used otherwise', async () => {
  const { server } = await open({ token: 'a-token' });
  expect(await ask(server, { path: '/health/live' })).toMatchObject({ status: 200, text: '{"status":"live"}\n' });
  expect(await ask(server, { path: '/health/ready?verbose' })).toMatchObject({ status: 200, text: '{"status":"ready","degraded":[]}\n' });
  expect(JSON.parse((await ask(server, { path: '/health' })).text)).toMatchObject({ status: 'degraded', disk: 1 });
  const metrics = await ask(server, { path: '/metrics', headers: { accept: 'text/plain' } });
  expect(metrics).toMatchObject({ status: 200, text: 'text/plain\n# EOF\n' });
  expect(metrics.headers).toMatchObject({
    'content-type': 'application/openmetrics-text',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(await ask(server, { path: '/health/live', method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
});

test('a gateway that should get no traffic says 503', async () => {
  const not = { isReady: false, reasons: ['draining'], degraded: [] };
  const { server } = await open({ health: { ready: () => Promise.resolve(not), detail: () => Promise.resolve(not) } });
  expect(await ask(server, { path: '/health/ready' })).toMatchObject({
    status: 503,
    text: '{"status":"not-ready","reasons":["draining"],"degraded":[]}\n',
  });
  expect(await ask(server, { path: '/health' })).toMatchObject({ status: 503, text: expect.stringContaining('"status":"failed"') });
  expect((await ask(server, { path: '/health/live' })).status).toBe(200);
});

test('calls do what they say and are told, with who did it', async () => {
  const { server, done, events } = await open();
  expect((await post(server, '/api/breakers/trip', { upstream: 'files', instance: 'a' })).status).toBe(200);
  expect((await post(server, '/api/sessions/kill', { id: 's1', reason: 'odd' })).text).toBe('{"killed":"s1"}\n');
  expect((await post(server, '/api/config/reload', {})).status).toBe(200);
  expect((await post(server, '/api/log/level', { component: 'policy', level: 'debug' })).text).toBe('{"all":"info"}\n');
  expect(done).toEqual([
    { upstream: 'files', instance: 'a', action: 'trip', actor: 'local' },
    { id: 's1', reason: 'odd', actor: 'local' },
    ['reload', 'local'],
    { component: 'policy', level: 'debug', actor: 'local' },
  ]);
  expect(events.map(event => (event.type === 'admin' ? [event.action, event.target, event.actor, event.reason] : event.type))).toEqual([
    ['breaker.trip', 'files/a', 'local', undefined],
    ['session.kill', 's1', 'local', 'odd'],
    ['config.reload', 'configuration', 'local', undefined],
    ['log.level', 'policy', 'local', 'debug'],
  ]);
  for (const path of ['/api/status', '/api/upstreams', '/api/limits', '/api/sessions', '/api/log/levels'])
    expect((await ask(server, { path })).status).toBe(200);
  expect((await ask(server, { path: '/api/audit?kind=auth,policy&limit=7&from=2026-11-22' })).text).toBe('{"rows":[],"cursor":7}\n');
});

test('a call that is wrong, or finds nothing, changes nothing and is not told', async () => {
  const { server, events } = await open();
  const wrong: [string, unknown, number, string][] = [
    ['/api/breakers/trip', { upstream: 'files' }, 400, '\\"instance\\" must be a text'],
    ['/api/breakers/trip', { upstream: 'none', instance: 'a' }, 404, 'There is no upstream none.'],
    ['/api/sessions/kill', { id: 's2' }, 404, 'There is no live session s2.'],
    ['/api/sessions/kill', { id: 7 }, 400, '\\"id\\" must be a text'],
    ['/api/log/level', { level: 'loud' }, 400, '\\"level\\" must be one of'],
    ['/api/log/level', [], 400, 'is a JSON object'],
  ];
  for (const [path, body, status, text] of wrong)
    expect(await post(server, path, body)).toMatchObject({ status, text: expect.stringContaining(text) });
  expect(await ask(server, { path: '/api/audit?limit=0' })).toMatchObject({ status: 400 });
  expect(await ask(server, { path: '/api/breakers/trip' })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  expect(await post(server, '/api/status', {})).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  expect(await ask(server, { path: '/nothing' })).toMatchObject({ status: 404 });
  expect(events).toEqual([]);
});

test('with a token, calls need it, and nothing else lets them in', async () => {
  const { server, done, events } = await open({ token: 'the-right-token' });
  const trip = (headers: Record<string, string>) => post(server, '/api/breakers/trip', { upstream: 'files', instance: 'a' }, headers);
  for (const authorization of ['', 'Bearer wrong', 'Basic the-right-token', 'Bearer the-right-token-and-more'])
    expect(await trip({ authorization })).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="shadowcat-admin"' } });
  expect((await ask(server, { path: '/api/status' })).status).toBe(401);
  expect(done).toEqual([]);
  expect((await trip({ authorization: 'Bearer the-right-token' })).status).toBe(200);
  expect(events).toMatchObject([{ type: 'admin', actor: 'token from 127.0.0.1' }]);
});

test('a page of somebody else cannot call, by whatever name it reaches us', async () => {
  const { server, done } = await open();
  const own = `127.0.0.1:${server.port}`;
  const trip = (headers: Record<string, string>) => post(server, '/api/breakers/trip', { upstream: 'files', instance: 'a' }, headers);
  expect(await trip({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  expect(await trip({ origin: 'null' })).toMatchObject({ status: 403 });
  expect(await trip({ origin: 'http://127.0.0.1:1' })).toMatchObject({ status: 403 });
  expect(await trip({ host: 'evil.example' })).toMatchObject({ status: 403 });
  expect(await trip({ host: `rebound.example:${server.port}`, origin: `http://rebound.example:${server.port}` })).toMatchObject({
    status: 403,
  });
  // What a form or a no-cors fetch can send without asking first.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain; application/json'])
    expect(await trip({ 'content-type': type })).toMatchObject({ status: 415 });
  expect(await ask(server, { path: '/metrics', headers: { host: 'evil.example' } })).toMatchObject({ status: 403 });
  expect(await ask(server, { path: '/api/breakers/trip', method: 'OPTIONS', headers: { origin: 'https://evil.example' } })).toMatchObject({
    status: 403,
  });
  expect(done).toEqual([]);
  expect(await trip({ origin: `http://${own}` })).toMatchObject({ status: 200 });
});

test('a body over the bound is refused before it is read', async () => {
  const { server, done } = await open();
  const body = { upstream: 'files', instance: 'a', more: 'x'.repeat(70_000) };
  expect(await post(server, '/api/breakers/trip', body)).toMatchObject({ status: 413 });
  expect(done).toEqual([]);
});

test('a defect of an action is a 500 that says nothing of it', async () => {
  const { server } = await open({ metrics: { render: () => Promise.reject(new Error('secret detail')) } });
  const answer = await ask(server, { path: '/metrics' });
  expect([answer.status, answer.text.includes('secret detail')]).toEqual([500, false]);
});

test('an address that others reach needs a token, and a taken port is named', async () => {
  await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'BAD_CALL' });
  const { server } = await open({ host: '0.0.0.0', token: 'a-token' });
  // There the token alone decides: a name is whatever the operator gave the machine.
  expect((await ask(server, { path: '/health/live', headers: { host: 'gateway.example' } })).status).toBe(200);
  expect((await ask(server, { path: '/api/status', headers: { host: 'gateway.example' } })).status).toBe(401);
  await expect(open({ port: server.port, host: '0.0.0.0', token: 'b-token' })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('closing waits for answers under way, and not for ever', async () => {
  let finish: ((text: string) => void) | undefined;
  const metrics = {
    render: () =>
      new Promise<{ contentType: string; text: string }>(resolve => (finish = text => resolve({ contentType: 'text/plain', text }))),
  };
  const { server } = await open({ metrics });
  const answer = ask(server, { path: '/metrics' });
  await expect.poll(() => finish).toBeDefined();
  const closed = server.close({ graceMs: 5_000 });
  finish?.('late');
  expect((await answer).text).toBe('late');
  await closed;
  await expect(ask(server, { path: '/health/live' })).rejects.toThrow();

  const { server: stuck } = await open({ metrics: { render: () => new Promise(() => undefined) } });
  const never = ask(stuck, { path: '/metrics' });
  never.catch(() => undefined);
  await ask(stuck, { path: '/health/live' });
  await stuck.close({ graceMs: 50 });
  await expect(never).rejects.toThrow();
});
