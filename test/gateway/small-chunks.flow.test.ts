/** A hostile server that sends its answer a byte at a time costs memory by its bytes, and not a hundred times as much. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawUpstream, type RawRequest, type RawUpstream } from '../kit/raw-upstream.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { httpCaller } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { until } from './kit/until.ts';

const sizeBytes = 2 * 1024 * 1024;
const mebibyte = 1024 * 1024;

let home: ScratchHome;
let server: RawUpstream;
let gateway: RunningGateway;
let stream: RawRequest | undefined;
/** Lets the server finish the event that it has begun. */
let finish = Promise.withResolvers<void>();
let isSent = false;

beforeAll(async () => {
  home = await scratchHome();
  server = await rawUpstream(answer);
  const upstream = (path: string, transport: string) => ({
    health: { kind: 'none' },
    instances: [{ id: 'a', url: `http://127.0.0.1:${server.port}${path}`, transport }],
  });
  gateway = await startGateway({
    home: home.path,
    name: 'small-chunks',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: ['sse', 'http'].map(name => ({ path: `/${name}`, upstream: name })) }],
      upstreams: { sse: upstream('/sse', 'http-sse'), http: upstream('/mcp', 'streamable-http') },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '1s' },
    },
  });
});
afterAll(async () => {
  finish.resolve();
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function answer(request: RawRequest): Promise<void> {
  if (request.method === 'GET') {
    stream = request;
    request.startEvents();
    request.chunk('event: endpoint\ndata: /message\n\n');
    return;
  }
  const { id } = JSON.parse((await request.body).toString()) as { readonly id?: unknown };
  if (request.path === '/message') request.answer('202 Accepted', {}, '');
  else request.startEvents();
  const out = request.path === '/message' ? stream : request;
  if (id === undefined || out === undefined) return;
  out.chunk(`data: {"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resultType":"complete","content":[{"type":"text","text":"`);
  const some = '1\r\nx\r\n'.repeat(64 * 1024);
  for (let sent = 0; sent < sizeBytes; sent += 64 * 1024) {
    out.send(some);
    await out.drained();
  }
  isSent = true;
  await finish.promise;
  out.chunk('"}]}}\n\n');
  if (out === request) out.endChunks();
}

async function memory(): Promise<number> {
  const text = await gateway.metrics();
  const read = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes');
}

test.each(['/sse', '/http'])('an event of chunks of one byte each at %s', async path => {
  finish = Promise.withResolvers();
  isSent = false;
  const caller = await httpCaller(gateway.url(path), 'modern');
  const before = await memory();
  const called = caller.call('large');
  await until('all but the end is sent', () => isSent);
  await until('it was taken in', async () => (await memory()) - before > mebibyte, 5000).catch(() => undefined);
  expect((await memory()) - before).toBeLessThan(80 * mebibyte);
  finish.resolve();
  const { message } = await called;
  const [first] = (message.result?.['content'] ?? []) as { readonly text: string }[];
  expect(first?.text.length).toBe(sizeBytes);
});
