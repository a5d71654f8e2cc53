/** Failures: the upstream's are passed on, ours carry the request's id, and the record never costs the traffic anything. */
import { expect, test } from 'vitest';
import { freePort } from '../gateway/kit/tap.ts';
import { until } from '../gateway/kit/until.ts';
import { ask, postText, rawClient, requestText } from '../kit/http-raw-client.ts';
import { MemorySink, startRelay } from '../kit/http-relay.ts';
import { jsonType, rawUpstream } from '../kit/raw-upstream.ts';
import { selfSigned } from '../kit/self-signed.ts';
import { silentLogger } from '../../src/main/ports.ts';

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const pong = '{"jsonrpc":"2.0","id":1,"result":{}}';

interface OwnError {
  readonly id: unknown;
  readonly error: { readonly code: number; readonly message: string; readonly data: Record<string, unknown> };
}
const errorOf = (body: Buffer) => JSON.parse(body.toString()) as OwnError;

test.each([
  ['a number', '{"jsonrpc":"2.0","id":42,"method":"m"}', '42'],
  ['a string', '{"jsonrpc":"2.0","id":"a\\u00e9","method":"m"}', '"aé"'],
  ['zero', '{"jsonrpc":"2.0","id":0,"method":"m"}', '0'],
  ['beyond 2^53', '{"jsonrpc":"2.0","id":90071992547409931,"method":"m"}', '90071992547409931'],
  ['a notification', '{"jsonrpc":"2.0","method":"m"}', 'null'],
  ['no JSON', 'nonsense', 'null'],
  ['long, with the id at its end', `{"method":"m","params":{"s":"${'x'.repeat(400_000)}","id":3},"jsonrpc":"2.0","id":44}`, '44'],
])('checklist 25: an upstream that refuses is answered 502 with the id of the request: %s', async (_, body, idText) => {
  await using relay = await startRelay(`http://127.0.0.1:${await freePort()}/mcp`);
  const response = await ask(relay.port, postText(body));
  expect([response.status, response.field('content-type')]).toEqual([502, 'application/json']);
  expect(response.body.toString()).toContain(`"id":${idText},`);
  expect(errorOf(response.body).error).toMatchObject({
    code: 50200,
    data: { reason: 'UPSTREAM_DOWN', phase: 'connect', may_have_executed: false },
  });
  expect(relay.record.frames.at(-1)).toMatchObject({ kind: 'error', flags: ['own-error'], http: { status: 502 } });
  expect(relay.record.exchanges).toMatchObject([{ status: 'failed', httpStatus: 502 }]);
});

test('a handshake that the upstream never answers is a recorded session that ends soon: nobody is there to be live', async () => {
  await using relay = await startRelay(`http://127.0.0.1:${await freePort()}/mcp`);
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
  expect((await ask(relay.port, postText({ jsonrpc: '2.0', id: 0, method: 'initialize', params }))).status).toBe(502);
  expect(relay.record.sessions.map(session => session.endReason)).toEqual([undefined]);
  await until('it has ended', () => relay.record.sessions[0]?.endReason);
  expect(relay.record.sessions).toMatchObject([{ endReason: 'everything was refused' }]);
});

test('checklist 25: a chunked request is answered with its id, too', async () => {
  await using relay = await startRelay(`http://127.0.0.1:${await freePort()}/mcp`);
  await using wire = await rawClient(relay.port);
  const body = JSON.stringify({ ...ping, id: 'chunked' });
  wire.send(`POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`);
  await new Promise(resolve => setTimeout(resolve, 50));
  wire.send('0\r\n\r\n');
  const response = await wire.response();
  expect([response.status, errorOf(response.body).id]).toEqual([502, 'chunked']);
});

test.each(['GET', 'DELETE'])('checklist 25: %s to an upstream that is down is a 502 of its own row', async method => {
  await using relay = await startRelay(`http://127.0.0.1:${await freePort()}/mcp`);
  expect((await ask(relay.port, requestText(`${method} /mcp`))).status).toBe(502);
  expect(relay.record.exchanges).toMatchObject([{ kind: 'http', method, status: 'failed', errorCode: 502 }]);
});

test('checklist 25: a name that does not resolve is a 502', async () => {
  await using relay = await startRelay('http://no-such-host.invalid/mcp');
  const response = await ask(relay.port, postText(ping));
  expect([response.status, errorOf(response.body).error.data.reason]).toEqual([502, 'UPSTREAM_DOWN']);
});

test('checklist 25: an upstream that does not accept in time is a 504 that says so', async () => {
  // A listener that never speaks TLS: the connection is there, the handshake never ends.
  await using upstream = await rawUpstream(() => undefined);
  await using relay = await startRelay(`https://127.0.0.1:${upstream.port}/mcp`, { connectTimeoutMs: 150 });
  const response = await ask(relay.port, postText(ping));
  expect(response.status).toBe(504);
  expect(errorOf(response.body)).toMatchObject({ id: 1, error: { code: 50400, data: { reason: 'UPSTREAM_TIMEOUT', phase: 'connect' } } });
});

test.each([
  ['closes without an answer', ''],
  ['answers half a head', 'HTTP/1.1 200 OK\r\nContent-Ty'],
  ['answers garbage', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['answers with both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['answers with two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
  ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
  ['splits a field', 'HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n'],
])('checklist 25: an upstream that %s is a 502 that warns that the call may have run', async (_, answer) => {
  await using upstream = await rawUpstream(async request => {
    await request.body;
    request.socket.end(answer);
  });
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, postText(ping));
  expect(response.status).toBe(502);
  expect(errorOf(response.body)).toMatchObject({
    id: 1,
    error: { code: 50200, data: { reason: 'UPSTREAM_BROKE', may_have_executed: true } },
  });
  expect(upstream.requests).toHaveLength(1);
});

test('bytes behind an answer are never taken for the next one', async () => {
  let count = 0;
  await using upstream = await rawUpstream(request => {
    count += 1;
    const honest = `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreal${count}`;
    request.send(count === 1 ? `${honest}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake` : honest);
  });
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  const bodies: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    wire.send(postText(ping));
    bodies.push((await wire.response()).body.toString());
  }
  expect(bodies).toEqual(['real1', 'real2', 'real3']);
  expect(upstream.connectionCount()).toBe(2);
});

test('an idle connection that the server closed is not used; GET is repeated on a new one, POST never', async () => {
  await using upstream = await rawUpstream(request => {
    // The second request on a connection finds it closing, as servers with short keep-alive do.
    if (seen.has(request.socket)) request.socket.destroy();
    else request.answer('200 OK', {}, 'ok');
    seen.add(request.socket);
  });
  const seen = new Set<unknown>();
  await using relay = await startRelay(upstream.url);
  expect((await ask(relay.port, requestText('GET /mcp'))).body.toString()).toBe('ok');
  expect((await ask(relay.port, requestText('GET /mcp'))).body.toString()).toBe('ok');
  expect(upstream.requests).toHaveLength(3);
  const post = await ask(relay.port, postText(ping));
  expect([post.status, upstream.requests.length]).toEqual([502, 4]);
});

test('the upstream answers before it has read the body: the answer passes', async () => {
  await using upstream = await rawUpstream(request =>
    request.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig'),
  );
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send('POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n');
  wire.send(Buffer.alloc(300_000, 'x'));
  const response = await wire.response();
  expect([response.status, response.body.toString()]).toEqual([413, 'big']);
});

test('a client that breaks off in the middle of its request never becomes a whole one at the upstream', async () => {
  await using upstream = await rawUpstream(() => undefined);
  await using relay = await startRelay(upstream.url);
  const wire = await rawClient(relay.port);
  wire.send('POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n');
  await expect.poll(() => upstream.requests[0]?.wire().includes('{"id"')).toBe(true);
  wire.socket.destroy();
  await upstream.requests[0]?.closed;
  await expect(upstream.requests[0]?.body).rejects.toThrow('closed before');
});

test('https upstream: a trusted certificate passes, an unknown one is a 502', async () => {
  const pair = selfSigned('127.0.0.1');
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, pong), { tls: pair });
  await using trusting = await startRelay(upstream.url, { ca: pair.cert });
  expect((await ask(trusting.port, postText(ping))).body.toString()).toBe(pong);
  await using wary = await startRelay(upstream.url);
  const response = await ask(wary.port, postText(ping));
  expect(response.status).toBe(502);
  expect(errorOf(response.body).error.message).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY|DEPTH_ZERO/);
});

test('a recorder that throws changes nothing for the client, and complains once per session', async () => {
  const warnings: string[] = [];
  const sink = new MemorySink();
  sink.frame = () => {
    throw new Error('disk full');
  };
  await using upstream = await rawUpstream(request => {
    request.startEvents();
    request.chunk(`data: ${pong}\n\n`);
    request.endChunks();
  });
  await using relay = await startRelay(upstream.url, { sink, log: { ...silentLogger, warn: message => warnings.push(message) } });
  await using wire = await rawClient(relay.port);
  for (let n = 0; n < 3; n += 1) {
    wire.send(postText(ping));
    expect((await wire.response()).body.toString()).toBe(`data: ${pong}\n\n`);
  }
  expect(warnings).toEqual(['Traffic passed but was not recorded']);
});

test('a full recording queue slows the relay down, and it goes on when the wait is over', async () => {
  let waits = 0;
  await using upstream = await rawUpstream(request => {
    request.startEvents();
    for (let n = 0; n < 3; n += 1) request.chunk(`data: ${n}\n\n`);
    request.endChunks();
  });
  await using relay = await startRelay(upstream.url, {
    pressure: () => {
      waits += 1;
      return waits > 2 ? undefined : new Promise(resolve => setTimeout(resolve, 100));
    },
  });
  const startedAt = performance.now();
  const response = await ask(relay.port, postText(ping));
  expect(response.body.toString()).toBe('data: 0\n\ndata: 1\n\ndata: 2\n\n');
  expect(performance.now() - startedAt).toBeGreaterThan(150);
});

test('closing lets answers finish within the grace, then cuts them; new connections are refused at once', async () => {
  await using upstream = await rawUpstream(request => {
    if (request.method === 'GET') request.startEvents();
    else setTimeout(() => request.answer('200 OK', jsonType, pong), 100);
  });
  const relay = await startRelay(upstream.url);
  await using stream = await rawClient(relay.port);
  stream.send(requestText('GET /mcp', [['Accept', 'text/event-stream']]));
  await stream.head();
  await using call = await rawClient(relay.port);
  call.send(postText(ping));
  await expect.poll(() => upstream.requests.length).toBe(2);
  const closing = relay.close(400);
  expect((await call.response()).body.toString()).toBe(pong);
  await expect(rawClient(relay.port)).rejects.toThrow('ECONNREFUSED');
  await closing;
  await stream.closed;
  expect(relay.record.sessions.every(session => session.state === 'closed')).toBe(true);
});
