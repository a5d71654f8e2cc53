/** A hostile client and a hostile server at a running gateway: what must not get through, get out, or get lost. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { quickest } from '../kit/quickest.ts';
import { rawUpstream, type RawRequest, type RawUpstream } from '../kit/raw-upstream.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { post } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';

const key = 'a-key-of-a-client';
let home: ScratchHome;
let server: RawUpstream;
let gateway: RunningGateway;
let session: string;

beforeAll(async () => {
  home = await scratchHome();
  server = await rawUpstream(answer);
  const upstream = { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] };
  gateway = await startGateway({
    home: home.path,
    name: 'hostile',
    config: {
      version: 1,
      listeners: [
        {
          name: 'open',
          port: 0,
          routes: [
            { path: '/mcp', upstream: 'one' },
            { path: '/held', upstream: 'held' },
          ],
        },
        {
          name: 'keys',
          port: 0,
          publicUrl: 'https://gw.example',
          auth: { apiKeys: [{ id: 'ci', hash: `sha256:${createHash('sha256').update(key).digest('hex')}` }] },
          routes: [{ path: '/keys', upstream: 'one' }],
        },
      ],
      upstreams: { one: upstream, held: { ...upstream, pinning: 'hold' } },
      limits: [{ id: 'twice', tier: 'endpoint', match: { tools: ['limited'] }, algorithm: 'sliding-window', limit: 2, per: '1m' }],
      policies: [
        { id: 'no-deletes', effect: 'deny', match: { tools: ['delete_*'] } },
        { id: 'not-prod', effect: 'deny', match: { methods: ['tools/call'] }, when: 'has(args.path) && args.path.startsWith("/prod")' },
      ],
      defaults: { effect: 'allow' },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '2s' },
    },
  });
  session = await initialized('/mcp');
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.requests.length = 0;
});

async function answer(request: RawRequest): Promise<void> {
  const { id, params } = JSON.parse((await request.body).toString() || '{}') as {
    id?: unknown;
    params?: { arguments?: { answer?: string } };
  };
  const text = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } });
  if (id === undefined) {
    request.answer('202 Accepted', {}, '');
    return;
  }
  switch (params?.arguments?.answer) {
    case 'redirect':
      request.answer('307 Temporary Redirect', { Location: 'http://127.0.0.1:1/' }, '');
      return;
    case 'trailers':
      request.send('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n');
      request.send(`${text.length.toString(16)}\r\n${text}\r\n0\r\nSet-Cookie: a=b\r\nMcp-Session-Id: other\r\n\r\n`);
      return;
    case 'tools': {
      const tools = Array.from({ length: 60_000 }, (_, at) => ({ name: `tool-${at}`, description: 'x' }));
      request.answer('200 OK', { 'Content-Type': 'application/json' }, JSON.stringify({ jsonrpc: '2.0', id, result: { tools } }));
      return;
    }
    default:
      request.answer('200 OK', { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }, text);
  }
}

const call = (name: string, args: object = {}) => ({ jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name, arguments: args } });
const json = 'Content-Type: application/json';
const portOf = (path: string) => Number(new URL(gateway.url(path)).port);

async function initialized(path: string): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hostile', version: '1' } };
  const { headers } = await post(gateway.url(path), { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  return headers.get('mcp-session-id') ?? '';
}

/** Exactly these bytes; the whole answer. */
function wire(head: readonly string[], body: string | Uint8Array, { method = 'POST', path = '/mcp' } = {}): Promise<string> {
  const bytes = Buffer.from(body);
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', `Mcp-Session-Id: ${session}`, ...head];
  const socket = connect(portOf(path), '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: ${bytes.length}\r\n\r\n`, 'latin1'), bytes]));
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

const overlong = Buffer.concat([
  Buffer.from('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"delete'),
  Buffer.from([0xc1, 0x9f]),
  Buffer.from('file"}}'),
]);
const inUtf7 = JSON.stringify(call('delete+AF8-file'));

test.each<[string, string[], string | Uint8Array, string?]>([
  ['in UTF-7', ['Content-Type: application/json; charset=utf-7'], inUtf7],
  ['in UTF-7 by a second Content-Type', [json, 'Content-Type: application/json; charset=utf-7'], inUtf7],
  ['in UTF-16', ['Content-Type: application/json; charset=utf-16le'], Buffer.from(JSON.stringify(call('delete_file')), 'utf16le')],
  ['in overlong UTF-8', [json], overlong],
  ['in escapes', [json], JSON.stringify(call('delete_file')).replace('delete_', 'd\\u0065lete\\u005f')],
  ['in a batch beside a notification', [json], JSON.stringify([{ jsonrpc: '2.0', method: 'notifications/x' }, call('delete_file')])],
  ['in the body of a GET', [json], inUtf7, 'GET'],
  ['in the body of a DELETE', [json], JSON.stringify(call('read')), 'DELETE'],
  [
    'under a key that is there twice, once escaped',
    [json],
    '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"delete_file","n\\u0061me":"read"}}',
  ],
  [
    'under arguments in another case',
    [json],
    '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"read","Arguments":{"path":"/prod/x"}}}',
  ],
  [
    'under arguments with a long s',
    [json],
    '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"read","argument\\u017f":{"path":"/prod/x"}}}',
  ],
  ['dressed up as an answer', [json], '{"jsonrpc":"2.0","id":5,"Method":"tools/call","params":{"name":"delete_file"},"result":{}}'],
  ['without an id', [json], '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"delete_file"}}'],
])('a denied call does not get through %s', async (_, head, body, method) => {
  const text = await wire(head, body, method === undefined ? {} : { method });
  expect([server.requests.length, /^HTTP\/1\.1 (?:200|4\d\d) /.test(text)]).toEqual([0, true]);
});

test('what a client says of itself, its credentials and its route stays here, however it is spelled', async () => {
  const names = ['AUTHORIZATION', 'X_Api_Key', 'Api-Key', 'X-Auth-Token', 'Cookie', 'Proxy-Authorization', 'X-Forwarded-For', 'Referer'];
  const text = await wire(
    [json, ...names.map(name => `${name}: Bearer hidden`), 'X-HTTP-Method-Override: DELETE', 'Connection: content-type'],
    JSON.stringify(call('read')),
  );
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  const head = server.requests[0]?.head ?? '';
  expect([head.includes('hidden'), /override/i.test(head), /^content-type: application\/json$/im.test(head)]).toEqual([false, false, true]);
  expect(text).not.toMatch(/access-control-allow-origin/i);
});

test('a redirect of a server does not lead a client and its key elsewhere; its trailers end here', async () => {
  const redirected = await wire([json], JSON.stringify(call('read', { answer: 'redirect' })));
  expect([redirected.split('\r\n')[0], /^location:/im.test(redirected)]).toEqual(['HTTP/1.1 502 Bad Gateway', false]);
  const text = await wire([json], JSON.stringify(call('read', { answer: 'trailers' })));
  expect([text.startsWith('HTTP/1.1 200 '), /set-cookie|other/i.test(text)]).toEqual([true, false]);
});

test('arguments nested deep do not keep a call out of the log and the metrics', async () => {
  const nested = (depth: number) =>
    `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"deep-${depth}","arguments":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}}`;
  const countOf = async (code: string) =>
    Number(new RegExp(`^shadowcat_http_requests_total\\{[^}]*code="${code}"[^}]*\\} (\\d+)`, 'm').exec(await gateway.metrics())?.[1] ?? 0);
  const before = [await countOf('200'), await countOf('400')] as const;
  expect(await wire([json], nested(250))).toMatch(/^HTTP\/1\.1 200 /);
  expect(await wire([json], nested(20_000))).toMatch(/^HTTP\/1\.1 400 /);
  await expect.poll(() => gateway.process.stderr().includes('"target":"deep-250"')).toBe(true);
  await expect.poll(async () => [(await countOf('200')) - before[0], (await countOf('400')) - before[1]]).toEqual([1, 1]);
  expect(server.requests).toHaveLength(1);
});

test('bodies that are costly by their shape keep nobody waiting, with or without credentials', async () => {
  const size = 15 * 1024 * 1024;
  const costly = [
    `{"a":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`,
    `[${'1,'.repeat(size / 2)}1]`,
    `[${'{"jsonrpc":"2.0","method":"a"},'.repeat(size / 31)}{}]`,
    `{"a":{${Array.from({ length: 700_000 }, (_, at) => `"key-${at}":1`).join(',')}}}`,
  ];
  for (const body of costly) {
    const tookMs = await quickest(2000, async () => {
      const startedAt = performance.now();
      expect(await wire([json], body, { path: '/keys' })).toMatch(/^HTTP\/1\.1 400 /);
      return performance.now() - startedAt;
    });
    // Before, these took from two to eighteen seconds each.
    expect(tookMs).toBeLessThan(2000);
  }
});

test('calls that leave out their id count against limits like any other', async () => {
  const statuses: number[] = [];
  for (let at = 0; at < 4; at += 1)
    statuses.push(
      (
        await post(gateway.url('/mcp'), '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"limited"}}', {
          'Mcp-Session-Id': session,
        })
      ).status,
    );
  expect([statuses, server.requests.length]).toEqual([[202, 202, 429, 429], 2]);
});

test('a very long list of a server whose changes are held is looked at in time', async () => {
  const held = await initialized('/held');
  const tookMs = await quickest(4000, async () => {
    const startedAt = performance.now();
    const { message } = await post(
      gateway.url('/held'),
      { jsonrpc: '2.0', id: 7, method: 'tools/list', params: { arguments: { answer: 'tools' } } },
      { 'Mcp-Session-Id': held },
    );
    expect(message.result?.['tools']).toHaveLength(2000);
    return performance.now() - startedAt;
  });
  // The record searched the rest of the text for every string in it.
  expect(tookMs).toBeLessThan(4000);
});

test('nobody takes up the session of somebody else, or one that has ended', async () => {
  const used = (path: string, id: string) => post(gateway.url(path), call('read'), { 'Mcp-Session-Id': id });
  const own = await initialized('/mcp');
  expect((await used('/mcp', own)).status).toBe(200);
  for (const [path, id] of [
    ['/held', own],
    ['/mcp', 'chosen-by-the-client'],
    ['/mcp', `${own.slice(0, -2)}${own.endsWith('AA') ? 'BB' : 'AA'}`],
  ] as const)
    expect((await used(path, id)).status).toBe(404);
  const withKey = await post(gateway.url('/keys'), call('read'), { 'Mcp-Session-Id': own, 'X-API-Key': key });
  expect(withKey.status).toBe(404);
  await fetch(gateway.url('/mcp'), { method: 'DELETE', headers: { 'Mcp-Session-Id': own } });
  expect((await used('/mcp', own)).status).toBe(404);
});
