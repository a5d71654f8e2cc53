/** HTTP+SSE servers (2024-11-05) behind Streamable HTTP, with a server on a bare socket for what real ones do not do. */
import { expect, test } from 'vitest';
import { randomIds, silentLogger, systemClock } from '../../src/main/ports.ts';
import { httpInstance } from '../../src/main/upstreams/http-instance.ts';
import { httpSseConnection } from '../../src/main/upstreams/http-sse/http-sse-connection.ts';
import { UpstreamConfig } from '../../src/shared/config/schema.ts';
import { TrafficError } from '../../src/shared/errors/error-table.ts';
import { bridgedBy, eventually, initialize, legacy, type Bridged } from '../kit/bridged.ts';
import { rawUpstream, type RawRequest, type RawUpstream } from '../kit/raw-upstream.ts';

interface Scripted extends AsyncDisposable {
  readonly bridge: Bridged;
  readonly upstream: RawUpstream;
  /** The GET stream. */
  stream(): RawRequest;
  posts(): RawRequest[];
}

interface Script {
  /** Data of the `endpoint` event; the port is put in for `PORT`. */
  readonly endpoint?: string;
  readonly onGet?: (request: RawRequest) => void;
  /** What becomes of a POST that is no `initialize`; 202 without it. */
  readonly onPost?: (request: RawRequest, body: string) => void;
  readonly endpointMs?: number;
}

/** A server that answers `initialize` on its stream and leaves everything else to the script. */
async function scripted(script: Script = {}): Promise<Scripted> {
  const upstream = await rawUpstream(
    async request => {
      if (request.method === 'GET') {
        if (script.onGet !== undefined) return script.onGet(request);
        request.startEvents();
        return request.chunk(
          `event: endpoint\ndata: ${(script.endpoint ?? '/message?session=1').replace('PORT', String(upstream.port))}\n\n`,
        );
      }
      const body = (await request.body).toString();
      const id = /"id":(\d+),"method":"initialize"/.exec(body)?.[1];
      if (id === undefined && script.onPost !== undefined) return script.onPost(request, body);
      request.answer('202 Accepted', { 'Content-Type': 'text/plain' }, 'Accepted');
      if (id !== undefined) stream().chunk(`event: message\ndata: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n`);
    },
    { path: '/sse' },
  );
  const stream = () => upstream.requests.find(({ method }) => method === 'GET') as RawRequest;
  const { url } = upstream;
  const http = httpInstance({
    url,
    config: UpstreamConfig.parse({ instances: [{ id: 'one', url }] }),
    clock: systemClock,
    log: silentLogger,
  });
  const { endpointMs = 10_000 } = script;
  const connection = httpSseConnection({
    upstreamName: 'test',
    instanceId: 'one',
    url,
    http,
    clock: systemClock,
    ids: randomIds,
    log: silentLogger,
    endpointMs,
  });
  return {
    bridge: bridgedBy(connection),
    upstream,
    stream,
    posts: () => upstream.requests.filter(({ method }) => method === 'POST'),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const failure = async (promise: Promise<unknown>): Promise<TrafficError> => {
  const error = await promise.then(
    value => new Error(`It did not fail: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof TrafficError) return error;
  throw error;
};

test.each([
  ['/message?session=1', '/message?session=1'],
  ['message', '/message'],
  ['http://127.0.0.1:PORT/deep/message?x=1', '/deep/message?x=1'],
])('an endpoint %s is posted to at %s, with our fields and none of the newer transport', async (endpoint, path) => {
  await using server = await scripted({ endpoint });
  const headers = ['Authorization', 'Bearer ours', 'MCP-Protocol-Version', '2025-11-25', 'X-Kept', 'yes'];
  await (await server.bridge.ask({ body: initialize('a'), headers })).whole();
  const [post] = server.posts();
  expect(post?.path).toBe(path);
  for (const request of [server.stream(), post])
    expect(['authorization', 'x-kept', 'mcp-protocol-version', 'mcp-session-id'].map(name => request?.field(name))).toEqual([
      'Bearer ours',
      'yes',
      undefined,
      undefined,
    ]);
  expect([server.stream().field('accept'), post?.field('content-type')]).toEqual(['text/event-stream', 'application/json']);
});

test.each(['http://127.0.0.1:1/message', '//elsewhere.example/message', 'https://127.0.0.1:PORT/message'])(
  'an endpoint of another origin (%s) is refused, and nothing is posted',
  async endpoint => {
    await using server = await scripted({ endpoint });
    const error = await failure(server.bridge.initialize());
    expect(error).toMatchObject({
      code: 'UPSTREAM_BROKE',
      facts: { may_have_executed: false },
      message: expect.stringContaining('another origin'),
    });
    expect(server.posts()).toEqual([]);
    await server.stream().closed;
  },
);

test('a message over several data fields, with a comment and an id, arrives as it was', async () => {
  await using server = await scripted({
    onPost(request, body) {
      request.answer('200 OK', {}, '');
      const id = /"id":(\d+)/.exec(body)?.[1];
      const text = `: hello\nid: 7\nevent: message\ndata: {"jsonrpc":"2.0", "big":9007199254740993,\ndata:  "id":${id},\ndata: "result":{"text":"ü"}}\n\n`;
      for (const byte of Buffer.from(text)) server.stream().chunk(Buffer.from([byte]));
    },
  });
  const sessionId = await server.bridge.initialize();
  const text = await server.bridge.text(legacy('x', 'tools/list'), { sessionId });
  expect(text).toBe('{"jsonrpc":"2.0", "big":9007199254740993,\n "id":"x",\n"result":{"text":"ü"}}');
});

test('a stream that ends fails what was asked and takes its session along', async () => {
  await using server = await scripted();
  const sessionId = await server.bridge.initialize();
  const waiting = failure(server.bridge.text(legacy(1, 'silent'), { sessionId }));
  await eventually(() => server.posts().length === 2);
  server.stream().endChunks();
  expect(await waiting).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { may_have_executed: true } });
  expect((await failure(server.bridge.text(legacy(1, 'x'), { sessionId }))).code).toBe('SESSION_LOST');
});

test('DELETE closes the stream', async () => {
  await using server = await scripted();
  const sessionId = await server.bridge.initialize();
  expect((await server.bridge.ask({ method: 'DELETE', sessionId })).status).toBe(204);
  await server.stream().closed;
});

test('what the server says to a POST is what becomes of its request', async () => {
  const statuses = ['500 Broken', '400 Bad', '401 Unauthorized', '404 Not Found'];
  await using server = await scripted({ onPost: request => request.answer(statuses.shift() ?? '202 Accepted', {}, '') });
  const sessionId = await server.bridge.initialize();
  const ask = () => server.bridge.text(legacy(1, 'x'), { sessionId });
  expect(await failure(ask())).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { may_have_executed: true } });
  expect(await failure(ask())).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { may_have_executed: false } });
  // Left to whoever holds the credentials.
  expect((await server.bridge.ask({ body: legacy(1, 'x'), sessionId })).status).toBe(401);
  expect((await failure(ask())).code).toBe('SESSION_LOST');
  expect((await failure(ask())).code).toBe('SESSION_LOST');
});

test.each([
  [
    'is none',
    (request: RawRequest) => request.answer('200 OK', { 'Content-Type': 'text/html' }, 'hello'),
    'UPSTREAM_BROKE',
    'opened no event stream',
  ],
  ['names no address', (request: RawRequest) => request.startEvents(), 'UPSTREAM_TIMEOUT', 'named no address within 200 ms'],
  ['never begins', () => undefined, 'UPSTREAM_TIMEOUT', 'did not open its stream within 200 ms'],
  ['ends at once', (request: RawRequest) => (request.startEvents(), request.endChunks()), 'UPSTREAM_BROKE', 'closed its stream'],
])('a stream that %s opens no session', async (_what, onGet, code, message) => {
  // Those that say nothing are given up on soon, those that say something are heard in any case.
  await using server = await scripted({ onGet, ...(code === 'UPSTREAM_TIMEOUT' ? { endpointMs: 200 } : {}) });
  const error = await failure(server.bridge.initialize());
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(server.bridge.connection.connections().open).toBeLessThanOrEqual(1);
});

test('a server that asks for credentials at its stream is answered with its status', async () => {
  await using server = await scripted({ onGet: request => request.answer('401 Unauthorized', {}, '') });
  expect((await server.bridge.ask({ body: initialize('a') })).status).toBe(401);
});

test('a server that cannot be reached fails before anything was sent', async () => {
  const server = await scripted();
  await server.upstream[Symbol.asyncDispose]();
  expect(await failure(server.bridge.initialize())).toMatchObject({ code: 'UPSTREAM_DOWN', facts: { may_have_executed: false } });
  await server.bridge.connection.close();
});
