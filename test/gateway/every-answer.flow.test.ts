/** What every answer of a gateway has, whatever became of the request: where limits stand, the id that was asked with, an error that says what happened. */
import { request as httpRequest, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { httpCaller, post } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';

let home: ScratchHome;
let server: ToolServer;
let gateway: RunningGateway;

const kib = 1024;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  gateway = await startGateway({
    home: home.path,
    name: 'answers',
    config: {
      version: 1,
      listeners: [
        {
          name: 'main',
          port: 0,
          maxBody: '64KiB',
          trustedProxies: ['127.0.0.0/8'],
          routes: [
            { path: '/mcp', upstream: 'tools' },
            { path: '/results', upstream: 'tools', refusal: 'tool-result' },
          ],
        },
      ],
      upstreams: {
        tools: {
          health: { kind: 'none' },
          breaker: { enabled: false },
          timeouts: { idle: '400ms' },
          instances: [{ id: 'a', url: server.url }],
        },
      },
      limits: [
        { id: 'all', tier: 'global', algorithm: 'sliding-window', limit: 1000, per: '1h' },
        { id: 'each-address', tier: 'ip', algorithm: 'sliding-window', limit: 20, per: '1h' },
        { id: 'ends', tier: 'endpoint', algorithm: 'sliding-window', limit: 1000, per: '1h' },
        { id: 'once', tier: 'endpoint', match: { tools: ['once_*'] }, algorithm: 'sliding-window', limit: 1, per: '1h' },
      ],
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '2s' },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** Addresses of their own, so that tests do not count against each other. */
const from = (address: string) => ({ 'X-Forwarded-For': address });
const json = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

describe('where limits stand', () => {
  async function session(address: string): Promise<Record<string, string>> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'asker', version: '1' } };
    const { headers } = await post(gateway.url('/mcp'), { jsonrpc: '2.0', id: 0, method: 'initialize', params }, from(address));
    const id = headers.get('mcp-session-id') ?? '';
    return { ...json, ...from(address), 'Mcp-Session-Id': id, 'MCP-Protocol-Version': '2025-11-25' };
  }
  const standing = ({ headers }: Response) => headers.get('ratelimit')?.replaceAll(/;t=\d+/g, '');

  test('is said where nothing is charged as well: notifications, answers, streams and the end of a session', async () => {
    const headers = await session('198.51.100.1');
    const send = (method: string, body?: object) =>
      fetch(gateway.url('/mcp'), { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const notified = await send('POST', { jsonrpc: '2.0', method: 'notifications/initialized' });
    expect(notified.status).toBe(202);
    expect(standing(notified)).toBe('"each-address";r=20, "all";r=1000, "ends";r=1000');
    const answered = await send('POST', { jsonrpc: '2.0', id: 's-1', result: {} });
    expect(standing(answered)).toBe('"each-address";r=20, "all";r=1000');
    const stream = await send('GET');
    expect(standing(stream)).toBe('"each-address";r=19, "all";r=1000');
    await stream.body?.cancel();
    expect(standing(await send('DELETE'))).toBe('"each-address";r=18, "all";r=1000');
    const lost = await send('GET');
    expect([lost.status, standing(lost)]).toEqual([404, '"each-address";r=17']);
  });

  test('paths at which nothing is served count against the address that tries them', async () => {
    const tried = async () => {
      const answer = await fetch(gateway.url('/mcp').replace('/mcp', '/elsewhere'), { headers: from('198.51.100.2') });
      return [answer.status, answer.headers.get('x-ratelimit-remaining'), answer.headers.has('retry-after')];
    };
    expect(await tried()).toEqual([404, '19', false]);
    for (let at = 0; at < 19; at += 1) await tried();
    expect(await tried()).toEqual([429, '0', true]);
    // Looking for well-known documents is free, and others are not affected.
    const document = await fetch(gateway.url('/mcp').replace('/mcp', '/.well-known/openid-configuration'), {
      headers: from('198.51.100.2'),
    });
    expect([document.status, document.headers.has('ratelimit')]).toEqual([404, false]);
    const other = await fetch(gateway.url('/mcp').replace('/mcp', '/elsewhere'), { headers: from('198.51.100.3') });
    expect(other.status).toBe(404);
  });
});

test('a body that is too long is refused with the id of the request, also when it comes in chunks', async () => {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 'mine', method: 'tools/call', params: { name: 'x', arguments: 'x'.repeat(70 * kib) } });
  const refused = await new Promise<[number | undefined, string]>((resolve, reject) => {
    const headers = { ...json, ...from('198.51.100.4'), 'Transfer-Encoding': 'chunked' };
    const request = httpRequest(gateway.url('/mcp'), { method: 'POST', headers }, response => {
      let said = '';
      response.on('data', (chunk: Buffer) => (said += chunk.toString()));
      response.on('end', () => resolve([response.statusCode, said]));
    });
    request.on('error', reject);
    request.end(text);
  });
  expect([refused[0], JSON.parse(refused[1])]).toMatchObject([
    413,
    { id: 'mine', error: { code: 41300, data: { limit_bytes: 64 * kib } } },
  ]);
});

test('a request without a Host is refused in words, and audited like every refusal', async () => {
  const { port } = new URL(gateway.url('/mcp'));
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('POST /mcp HTTP/1.1\r\nX-Correlation-Id: without-host\r\n\r\n'));
    socket.on('data', (part: Buffer) => (text += part.toString()));
    socket.on('close', () => resolve(text)).on('error', reject);
  });
  expect(said).toMatch(/^HTTP\/1\.1 400 .*X-Correlation-Id: without-host.*"code":40000/s);
  const row = () => gateway.audit().find(one => one['correlation_id'] === 'without-host');
  await expect.poll(row, { timeout: 5000 }).toMatchObject({ kind: 'request', action: 'refused', code: 'BAD_REQUEST', status: 400 });
});

test.each(['v1', 'v2'] as const)(
  'a refused call of a tool with an output schema is a result that SDK %s takes: it reads the reason',
  async sdk => {
    const tool = `once_${sdk}`;
    const tools = [{ name: tool, inputSchema: { type: 'object' }, outputSchema: { type: 'object', properties: {}, required: ['n'] } }];
    server.fault = (_, response, body) => {
      if (!body.includes('"tools/list"')) return false;
      const { id } = JSON.parse(body) as { id: unknown };
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result: { tools } }));
      return true;
    };
    const requestInit = { headers: from('198.51.100.6') };
    await using first = await httpCaller(gateway.url('/results'), 'modern', requestInit.headers);
    expect((await first.call(tool)).message.result).toBeDefined();
    const address = new URL(gateway.url('/results'));
    const whoIs = { name: sdk, version: '1' };
    const client = sdk === 'v1' ? new ClientV1(whoIs) : new ClientV2(whoIs);
    try {
      if (client instanceof ClientV1) await client.connect(new TransportV1(address, { requestInit }) as Transport);
      else await client.connect(new TransportV2(address, { requestInit }));
      // It keeps the schema, and would hold a result without structured content against it.
      await client.listTools();
      expect(await client.callTool({ name: tool, arguments: {} })).toMatchObject({
        isError: true,
        content: [{ type: 'text', text: expect.stringContaining('The limit once allows 1 call') as string }],
      });
    } finally {
      server.fault = undefined;
      await client.close();
    }
  },
);

describe('an answer in JSON', () => {
  const whole = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[]}}';
  const head = { 'Content-Type': 'application/json' };

  /** What the client hears when the server answers a call like this; `mine` is the id that it asked with. */
  async function heard(answer: (response: ServerResponse) => void) {
    server.fault = (_, response, body) => {
      if (!body.includes('"tools/call"')) return false;
      answer(response);
      return true;
    };
    try {
      await using caller = await httpCaller(gateway.url('/mcp'), 'modern', from('198.51.100.5'));
      return await caller.call('any');
    } finally {
      server.fault = undefined;
    }
  }

  test.each([
    ['is no JSON', (response: ServerResponse) => response.writeHead(200, head).end('It works!'), 'is no JSON-RPC'],
    ['is no message', (response: ServerResponse) => response.writeHead(200, head).end('{"status":"ok"}'), 'is no JSON-RPC'],
    ['is empty', (response: ServerResponse) => response.writeHead(200, head).end(), 'is no JSON-RPC'],
    ['ends in the middle', (response: ServerResponse) => response.writeHead(200, head).end(whole.slice(0, 50)), 'is no JSON-RPC'],
    [
      'breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { ...head, 'Content-Length': whole.length });
        response.write(whole.slice(0, 50), () => response.destroy());
      },
      'closed before the end of its answer',
    ],
  ])('that %s is an error of the server: 502, with the id, and that the call may have had effects', async (_, answer, words) => {
    const { status, message } = await heard(answer);
    expect([status, message]).toMatchObject([
      502,
      {
        id: 1,
        error: { code: 50200, message: expect.stringContaining(words) as string, data: { upstream: 'tools', may_have_executed: true } },
      },
    ]);
  });

  test('that falls silent in the middle is a time-out: 504, which names its phase', async () => {
    const { status, message } = await heard(response => response.writeHead(200, head).write(whole.slice(0, 50)));
    expect([status, message]).toMatchObject([504, { id: 1, error: { code: 50400, data: { phase: 'idle', may_have_executed: true } } }]);
  });

  test('that comes in parts, and one too large to be held, arrives as it was', async () => {
    const small = await heard(response => {
      response.writeHead(200, head).write(whole.slice(0, 20));
      setImmediate(() => response.end(whole.slice(20)));
    });
    expect(small.message).toEqual(JSON.parse(whole));
    const text = 'x'.repeat(300 * kib);
    const large = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } });
    const { status, message } = await heard(response => response.writeHead(200, head).end(large));
    expect([status, message.result]).toEqual([200, { content: [{ type: 'text', text }] }]);
  });
});
