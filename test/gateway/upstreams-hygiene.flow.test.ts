/** What leaves a guarded route and what comes back, read as bytes at the other end. */
import { describe, expect, test } from 'vitest';
import type { UpstreamCredentials } from '../../src/main/pipeline/credentials.ts';
import { TrafficError } from '../../src/shared/errors/error-table.ts';
import { FakeClock } from '../kit/fake-clock.ts';
import { jsonType, rawUpstream } from '../kit/raw-upstream.ts';
import { selfSigned } from '../kit/self-signed.ts';
import { openUpstream, until } from '../kit/upstream-under-test.ts';

const result = '{"jsonrpc":"2.0","id":1,"result":{}}';
const secrets = ['client-token', 'client-key', 'client-cookie', '203.0.113.9', 'evil.example'];
const hostile = [
  'Host',
  'evil.example',
  'authorization',
  'Bearer client-token',
  'AUTHORIZATION',
  'Basic client-token',
  'Cookie',
  'sid=client-cookie',
  'Proxy-Authorization',
  'Basic client-token',
  'Proxy-Anything',
  'client-token',
  'X-API-Key',
  'client-key',
  'X-Gateway-Key',
  'client-key',
  'X-Forwarded-For',
  '203.0.113.9',
  'x-forwarded-proto',
  'https',
  'X-Forwarded-Anything',
  'evil.example',
  'Forwarded',
  'for=203.0.113.9',
  'Origin',
  'https://evil.example',
  'Accept-Encoding',
  'gzip',
  'Connection',
  'X-Named, keep-alive',
  'X-Named',
  'client-token',
  'Keep-Alive',
  'timeout=5',
  'TE',
  'trailers',
  'Upgrade',
  'h2c',
  'Expect',
  '100-continue',
  'Transfer-Encoding',
  'chunked',
  'Mcp-Session-Id',
  'ours-sealed',
  'X-Correlation-Id',
  'of-the-client',
];
const passing = [
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json, text/event-stream'],
  ['mcp-method', 'tools/call'],
  ['Mcp-Name', '=?base64?w6TDtsO8?='],
  ['Mcp-Param-City', 'K\u00f6ln'],
  ['MCP-Protocol-Version', '2025-11-25'],
  ['Last-Event-ID', '7'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['X-Unknown', 'one'],
  ['x-unknown', 'two'],
] as const;
const body = '{ "jsonrpc":"2.0","id" : 9007199254740993,"method":"tools/call","params":{"name":"t","n":1.0,"k":1,"k":2,"u":"\\u00e9"}}';

test('no field that says who the client is leaves; everything else and the body arrive as they were', async () => {
  await using server = await rawUpstream(request => request.answer('200 OK', jsonType, result), { path: '/deep/mcp?tenant=7' });
  await using gateway = openUpstream([server.url], { keyHeaders: ['X-Gateway-Key'] });
  const { status, text } = await gateway.ask({
    path: '/mcp?token=client-token',
    rawHeaders: [...hostile, ...passing.flat()],
    body,
    session: { upstreamSessionId: 'theirs-1' },
  });
  expect([status, text]).toEqual([200, result]);
  const [request] = server.requests;
  expect(request?.path).toBe('/deep/mcp?tenant=7');
  expect(request?.fields).toEqual([
    ['Host', `127.0.0.1:${server.port}`],
    ...passing,
    ['Mcp-Session-Id', 'theirs-1'],
    ['X-Correlation-Id', 'test-0001'],
    ['Content-Length', String(Buffer.byteLength(body))],
  ]);
  expect((await request?.body)?.toString()).toBe(body);
  const wire = request?.wire().toString('latin1') ?? '';
  for (const secret of secrets) expect(wire).not.toContain(secret);
});

test('our own credentials go, and a field of the client with the same name does not', async () => {
  await using server = await rawUpstream(request => request.answer('200 OK', jsonType, result));
  const credentials: UpstreamCredentials = { headers: () => ['X-Token', 'ours', 'Authorization', 'Bearer ours'], rejected: () => false };
  await using gateway = openUpstream([server.url], { credentials });
  await gateway.ask({ rawHeaders: ['Content-Type', 'application/json', 'x-token', 'theirs', 'Authorization', 'Bearer theirs'] });
  const fields = server.requests[0]?.fields ?? [];
  expect(fields.filter(([name]) => /token|authorization/i.test(name))).toEqual([
    ['X-Token', 'ours'],
    ['Authorization', 'Bearer ours'],
  ]);
});

test('a session id goes to its own era only, and not where the server gave none', async () => {
  await using server = await rawUpstream(request => request.answer('200 OK', { ...jsonType, 'Mcp-Session-Id': 'theirs-2' }, result));
  await using gateway = openUpstream([server.url]);
  const modern = await gateway.ask({ era: 'modern', session: {}, rawHeaders: ['Mcp-Session-Id', 'ours-sealed'] });
  const legacy = await gateway.ask({ session: { upstreamSessionId: '' } });
  expect(server.requests.map(request => request.field('mcp-session-id'))).toEqual([undefined, undefined]);
  expect(modern.rawHeaders).not.toContain('theirs-2');
  expect(legacy.rawHeaders).toContain('theirs-2');
});

test('cookies and challenges of the server stop here; the rest of its answer goes on in order', async () => {
  await using server = await rawUpstream(request =>
    request.answer(
      '200 Fine',
      {
        'X-B': '1',
        'Set-Cookie': 'a=1',
        ...jsonType,
        'WWW-Authenticate': 'Bearer',
        'Proxy-Authenticate': 'Basic',
        'Retry-After': '3',
        'X-A': '2',
        'X-Correlation-Id': 'theirs',
      },
      result,
    ),
  );
  await using gateway = openUpstream([server.url]);
  const { rawHeaders } = await gateway.ask({});
  expect(rawHeaders).toEqual([
    'X-B',
    '1',
    'Content-Type',
    'application/json',
    'Retry-After',
    '3',
    'X-A',
    '2',
    'Content-Length',
    String(result.length),
  ]);
});

test('redirects are followed nowhere, and reach no client that would follow them with its key', async () => {
  await using elsewhere = await rawUpstream(request => request.answer('200 OK', jsonType, result));
  await using server = await rawUpstream(request => request.answer('307 Temporary Redirect', { Location: elsewhere.url }, ''));
  await using gateway = openUpstream([server.url], {
    credentials: { headers: () => ['Authorization', 'Bearer ours'], rejected: () => false },
  });
  const { error } = await gateway.ask({});
  expect(error).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { may_have_executed: true } });
  expect(error?.message).not.toContain(elsewhere.url);
  expect(elsewhere.requests).toHaveLength(0);
});

describe('credentials that the server refuses', () => {
  const challenge = { 'WWW-Authenticate': 'Bearer resource_metadata="https://secret.example"' };

  test('401: forgotten, tried once with fresh ones, and the client notices nothing', async () => {
    await using server = await rawUpstream(request =>
      request.field('authorization') === 'Bearer new'
        ? request.answer('200 OK', jsonType, result)
        : request.answer('401 Unauthorized', challenge, ''),
    );
    let token = 'old';
    await using gateway = openUpstream([server.url], {
      credentials: {
        headers: () => Promise.resolve(['Authorization', `Bearer ${token}`]),
        rejected() {
          token = 'new';
          return true;
        },
      },
    });
    const { status, tried } = await gateway.ask({ tool: 'delete' });
    expect([status, tried]).toEqual([200, ['a']]);
    expect(server.requests).toHaveLength(2);
  });

  test('401 again, or without any credentials: a failure of the gateway, never a challenge to the client, never a failure of the server', async () => {
    await using server = await rawUpstream(request => request.answer('401 Unauthorized', challenge, ''));
    await using stubborn = openUpstream([server.url], {
      credentials: { headers: () => ['Authorization', 'Bearer old'], rejected: () => true },
    });
    const { error } = await stubborn.ask({});
    expect(error).toMatchObject({ code: 'UPSTREAM_AUTH', facts: { upstream: 'test', may_have_executed: false } });
    expect(server.requests).toHaveLength(2);
    let refusalCount = 0;
    const rejected = () => {
      refusalCount += 1;
      return false;
    };
    await using fixed = openUpstream([server.url], { credentials: { headers: () => ['Authorization', 'Bearer old'], rejected } });
    await fixed.ask({});
    expect([server.requests.length, refusalCount]).toEqual([3, 1]);
    await using bare = openUpstream([server.url]);
    for (let count = 0; count < 6; count += 1) expect((await bare.ask({})).error?.code).toBe('UPSTREAM_AUTH');
    expect(bare.breakers()).toEqual([]);
  });

  test('403 with a challenge: the status goes on without it', async () => {
    await using server = await rawUpstream(request => request.answer('403 Forbidden', { ...challenge, ...jsonType }, '{"error":1}'));
    await using gateway = openUpstream([server.url]);
    const { status, rawHeaders, text } = await gateway.ask({});
    expect([status, text]).toEqual([403, '{"error":1}']);
    expect(rawHeaders.join()).not.toContain('secret.example');
  });

  test('none to be had: nothing is sent, and the instance is not to blame', async () => {
    await using server = await rawUpstream(request => request.answer('200 OK', jsonType, result));
    await using gateway = openUpstream([server.url], {
      credentials: { headers: () => Promise.reject(new TrafficError('UPSTREAM_AUTH', 'Nobody signed in.')), rejected: () => false },
    });
    for (let count = 0; count < 6; count += 1) {
      const { error, tried } = await gateway.ask({});
      expect(error).toMatchObject({ code: 'UPSTREAM_AUTH', facts: { may_have_executed: false } });
      expect(tried).toEqual([]);
    }
    expect(server.requests).toHaveLength(0);
    expect(gateway.instance('a')).toMatchObject({ inFlight: 0, failureCount: 0, breaker: { word: 'closed' } });
  });
});

test('TLS to the server: its own authority is believed, and our certificate is shown to it', async () => {
  const theirs = selfSigned('127.0.0.1');
  const ours = selfSigned('127.0.0.1');
  const tls = { ...theirs, requestCert: true, rejectUnauthorized: true, ca: ours.cert };
  await using server = await rawUpstream(request => request.answer('200 OK', jsonType, result), { tls });
  await using stranger = openUpstream([server.url], { config: { retries: { attempts: 1 } } });
  expect((await stranger.ask({})).error).toMatchObject({ code: 'UPSTREAM_DOWN', facts: { upstream: 'test', may_have_executed: false } });
  await using anonymous = openUpstream([server.url], { tls: { ca: theirs.cert }, config: { retries: { attempts: 1 } } });
  expect((await anonymous.ask({})).error).toBeDefined();
  expect(server.requests).toHaveLength(0);
  await using gateway = openUpstream([server.url], { tls: { ca: theirs.cert, cert: ours.cert, key: ours.key } });
  expect((await gateway.ask({})).status).toBe(200);
});

test('a pool has its bound, its idle time and its life', async () => {
  await using server = await rawUpstream(request => request.answer('200 OK', jsonType, result));
  const clock = new FakeClock();
  await using gateway = openUpstream([server.url], { config: { pool: { maxOpen: 4, maxIdle: 2, idle: '4s', lifetime: '3s' } }, clock });
  await Promise.all(Array.from({ length: 4 }, () => gateway.ask({})));
  await until(() => gateway.instance('a').connections.open === 2);
  expect(gateway.instance('a').connections.idle).toBe(2);
  await gateway.ask({});
  expect(server.connectionCount()).toBe(4);
  clock.pass(3000);
  await gateway.ask({});
  expect(server.connectionCount()).toBe(5);
  await using slow = await rawUpstream(() => undefined);
  await using full = openUpstream([slow.url], { config: { pool: { maxOpen: 1 }, retries: { attempts: 1 } } });
  const waiting = full.ask({});
  await until(() => slow.requests.length === 1);
  expect((await full.ask({})).error).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'pool-full', may_have_executed: false } });
  expect(full.instance('a').failureCount).toBe(0);
  await full.upstream.close();
  expect((await waiting).error?.code).toBe('UPSTREAM_BROKE');
});
