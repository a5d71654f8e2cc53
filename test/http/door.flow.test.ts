/** The door: who may come in, and HTTP/1.1 read so strictly that nobody can smuggle anything past it. */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { ask, rawClient, requestText } from '../kit/http-raw-client.ts';
import { startRelay } from '../kit/http-relay.ts';
import { jsonType, rawUpstream } from '../kit/raw-upstream.ts';

const ping = '{"jsonrpc":"2.0","id":"p-1","method":"ping"}';
const pong = '{"jsonrpc":"2.0","id":"p-1","result":{}}';

const withHost = (host: string, more: readonly (readonly [string, string])[] = []) =>
  `POST /mcp HTTP/1.1\r\nHost: ${host}\r\n${more.map(([name, value]) => `${name}: ${value}\r\n`).join('')}Content-Type: application/json\r\nContent-Length: ${ping.length}\r\n\r\n${ping}`;

test.each([
  ['Host', withHost('evil.example')],
  ['Host', withHost('127.0.0.1.evil.example:7381')],
  ['Host', withHost('localhost@evil.example')],
  ['Host', withHost('192.168.1.5:7381')],
  ['Host', withHost('127.0.0.1', [['Host', 'evil.example']])],
  ['Origin', withHost('127.0.0.1', [['Origin', 'https://evil.example']])],
  ['Origin', withHost('127.0.0.1', [['Origin', 'null']])],
  ['Origin', withHost('127.0.0.1', [['Origin', 'http://localhost.evil.example']])],
  [
    'Origin',
    withHost('127.0.0.1', [
      ['Origin', 'http://localhost'],
      ['Origin', 'http://evil.example'],
    ]),
  ],
  ['Host', withHost('127.0.0.1').replace('POST /mcp', 'POST http://evil.example/mcp')],
])('checklist 9: a foreign %s is refused with 403 before any forwarding, and recorded: %s', async (field, request) => {
  await using upstream = await rawUpstream(one => one.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, Buffer.from(request));
  expect(response.status).toBe(403);
  const error = JSON.parse(response.body.toString()) as { id: string; error: { code: number; data: { reason: string } } };
  expect([error.id, error.error.code, error.error.data.reason]).toEqual(['p-1', 40301, `FOREIGN_${field.toUpperCase()}`]);
  expect(upstream.connectionCount()).toBe(0);
  expect(relay.record.exchanges).toMatchObject([{ method: 'ping', idText: '"p-1"', status: 'failed', httpStatus: 403 }]);
  expect(relay.record.frames[1]).toMatchObject({ flags: ['own-error'], http: { status: 403 } });
});

test.each(['ftp://evil.example/mcp', 'mcp', 'javascript:x', '/x y'])(
  'a target that is no path and no http URL is refused and recorded: %s',
  async target => {
    await using upstream = await rawUpstream(one => one.answer('200 OK', jsonType, pong));
    await using relay = await startRelay(upstream.url);
    const response = await ask(relay.port, Buffer.from(withHost('127.0.0.1').replace('POST /mcp', `POST ${target}`)));
    expect(response.status).toBe(400);
    expect(upstream.connectionCount()).toBe(0);
    expect(relay.record.frames.length).toBeGreaterThan(0);
  },
);

test.each([
  withHost('localhost'),
  withHost('LOCALHOST:1234'),
  withHost('127.0.0.1:7381', [['Origin', 'http://localhost:6274']]),
  withHost('[::1]:7381', [['Origin', 'https://127.0.0.1']]),
])('checklist 9: local values pass, and Origin goes on unchanged: %s', async request => {
  await using upstream = await rawUpstream(one => one.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  expect((await ask(relay.port, Buffer.from(request))).status).toBe(200);
  expect(upstream.requests[0]?.field('host')).toBe(`127.0.0.1:${upstream.port}`);
  expect(upstream.requests[0]?.field('origin')).toBe(/Origin: (.*)\r/.exec(request)?.[1]);
});

test('checklist 9: the listener is bound to 127.0.0.1 alone', async () => {
  await using upstream = await rawUpstream(() => undefined);
  await using relay = await startRelay(upstream.url);
  // Another loopback address with the same port is free, so we hold only 127.0.0.1.
  const other = createServer();
  const isFree = await new Promise<boolean>(resolve =>
    other.once('error', () => resolve(false)).listen(relay.port, '127.0.0.2', () => resolve(true)),
  );
  expect(isFree).toBe(true);
  await new Promise(resolve => other.close(resolve));
});

test('a refused request never joins the session of a real client', async () => {
  await using upstream = await rawUpstream(one => one.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(withHost('127.0.0.1', [['Mcp-Session-Id', 's']]));
  await wire.response();
  wire.send(withHost('evil.example', [['Mcp-Session-Id', 's']]));
  await wire.response();
  const [real, refused] = relay.record.exchanges;
  expect(refused?.sessionId).not.toBe(real?.sessionId);
});

test.each([
  ['both lengths', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'],
  ['a length that is no number', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: +4\r\n\r\nabcd'],
  ['a coding that only looks like chunked', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['chunked that is not last', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ['space before the colon', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length : 4\r\n\r\nabcd'],
  ['a folded field', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
  ['a bare line feed in the head', 'POST /mcp HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n'],
  ['no Host', 'POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
])('a request with %s is refused with 400 and reaches nobody', async (_, bytes) => {
  await using upstream = await rawUpstream(one => one.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(Buffer.from(bytes, 'latin1'));
  const response = await wire.response();
  expect(response.status).toBe(400);
  await wire.closed;
  expect(upstream.requests).toHaveLength(0);
});

test('malformed bytes are recorded with the answer they got', async () => {
  await using upstream = await rawUpstream(() => undefined);
  await using relay = await startRelay(upstream.url);
  await ask(relay.port, Buffer.from('BREW /pot HTCPCP/1.0\r\n\r\n'));
  expect(relay.record.frames.map(frame => [frame.direction, Buffer.from(frame.body).toString().slice(0, 9), frame.flags])).toEqual([
    ['fromClient', 'BREW /pot', []],
    ['fromServer', '{"jsonrpc', ['own-error']],
  ]);
  expect(relay.record.exchanges).toMatchObject([{ status: 'failed', httpStatus: 400 }]);
});

test('a head over 64 KiB is refused with 431', async () => {
  await using upstream = await rawUpstream(() => undefined);
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(`GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`);
  expect((await wire.response()).status).toBe(431);
});

test('a chunked request body streams through chunked, with its trailers', async () => {
  await using upstream = await rawUpstream(async request => {
    await request.body;
    request.answer('200 OK', jsonType, pong);
  });
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(
    'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n',
  );
  wire.send(`10;ext=1\r\n${ping.slice(0, 16)}\r\n`);
  // Streamed, not collected: the first half is there before the second is sent.
  await expect.poll(() => upstream.requests[0]?.wire().includes(ping.slice(0, 16))).toBe(true);
  wire.send(`${(ping.length - 16).toString(16)}\r\n${ping.slice(16)}\r\n0\r\nX-Sum: 1\r\n\r\n`);
  expect((await wire.response()).body.toString()).toBe(pong);
  expect((await upstream.requests[0]?.body)?.toString()).toBe(ping);
  expect(upstream.requests[0]?.field('transfer-encoding')).toBe('chunked');
  expect(upstream.requests[0]?.wire().toString()).toContain('0\r\nX-Sum: 1\r\n\r\n');
  expect(relay.record.exchanges).toMatchObject([{ method: 'ping', idText: '"p-1"', status: 'ok' }]);
});

test('trailers of an answer pass', async () => {
  await using upstream = await rawUpstream(request =>
    request.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nX-Two: 2\r\n\r\n'),
  );
  await using relay = await startRelay(upstream.url);
  expect((await ask(relay.port, requestText('GET /mcp'))).trailers).toBe('X-Sum: 7\r\nX-Two: 2');
});

test("Expect: 100-continue is the upstream's to answer: the body follows only when it says so", async () => {
  await using upstream = await rawUpstream(async request => {
    if (request.path === '/no') {
      request.answer('417 Expectation Failed', {}, '');
      return;
    }
    request.send('HTTP/1.1 100 Continue\r\n\r\n');
    await request.body;
    request.answer('200 OK', jsonType, pong);
  });
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(
    `POST /mcp HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: ${ping.length}\r\n\r\n`,
  );
  expect((await wire.response()).status).toBe(100);
  expect(upstream.requests[0]?.field('expect')).toBe('100-continue');
  wire.send(ping);
  expect((await wire.response()).body.toString()).toBe(pong);
  wire.send(`POST /no HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  expect((await wire.response()).status).toBe(417);
});

test('interim answers pass with their fields, but not to a client of HTTP/1.0', async () => {
  await using upstream = await rawUpstream(request =>
    request.send(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: X-Y\r\nX-Y: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ),
  );
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(requestText('GET /mcp'));
  const answers = [await wire.response(), await wire.response(), await wire.response()];
  expect(answers.map(answer => [answer.statusLine, answer.field('link'), answer.field('x-y'), answer.body.toString()])).toEqual([
    ['HTTP/1.1 102 Processing', undefined, undefined, ''],
    ['HTTP/1.1 103 Early Hints', '</x>', undefined, ''],
    ['HTTP/1.1 200 OK', undefined, undefined, 'ok'],
  ]);
  expect((await ask(relay.port, Buffer.from('GET /mcp HTTP/1.0\r\nHost: localhost\r\n\r\n'))).status).toBe(200);
});

test('a foreign client that waits for 100-continue is refused at once', async () => {
  await using upstream = await rawUpstream(() => undefined);
  await using relay = await startRelay(upstream.url);
  // Without the body, which never comes.
  const response = await ask(
    relay.port,
    Buffer.from('POST /mcp HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'),
  );
  expect(response.status).toBe(403);
});

test.each([
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1234\r\n\r\n', 'HTTP/1.1 200 OK', '1234'],
  ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n', 'HTTP/1.1 304 Not Modified', '99'],
  ['DELETE', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204 No Content', undefined],
  ['POST', 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 202 Accepted', '0'],
])('%s answered without a body keeps the connection in step', async (method, answer, statusLine, length) => {
  await using upstream = await rawUpstream(request =>
    request.send(request.method === 'PUT' ? 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext' : answer),
  );
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(requestText(`${method} /mcp`));
  const response = await wire.response(method);
  expect([response.statusLine, response.field('content-length')]).toEqual([statusLine, length]);
  wire.send(requestText('PUT /mcp'));
  expect((await wire.response('PUT')).body.toString()).toBe('next');
  expect(upstream.connectionCount()).toBe(1);
});

test('a request to upgrade is passed as a plain one', async () => {
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  const response = await ask(
    relay.port,
    requestText('GET /mcp', [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Key', 'x'],
    ]),
  );
  expect(response.status).toBe(200);
  expect(upstream.requests[0]?.field('upgrade')).toBeUndefined();
});

test('pipelined requests are answered in order', async () => {
  await using upstream = await rawUpstream(request =>
    setTimeout(() => request.answer('200 OK', {}, request.path), request.path === '/1' ? 40 : 1),
  );
  await using relay = await startRelay(upstream.url);
  await using wire = await rawClient(relay.port);
  wire.send(Buffer.concat([requestText('GET /1'), requestText('GET /2'), requestText('GET /3')]));
  const bodies = [await wire.response(), await wire.response(), await wire.response()].map(response => response.body.toString());
  expect(bodies).toEqual(['/1', '/2', '/3']);
});

test.each([
  ['/', '/mcp?key=1'],
  ['/mcp', '/mcp?key=1'],
  ['/mcp?own=2', '/mcp?own=2'],
  ['/message?sessionId=a%2Fb', '/message?sessionId=a%2Fb'],
  ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource/mcp'],
  ['/a/../b//c', '/a/../b//c'],
])('the path %s is asked as %s of an upstream at /mcp?key=1', async (path, asked) => {
  await using upstream = await rawUpstream(request => request.answer('200 OK', {}, ''), { path: '/mcp?key=1' });
  await using relay = await startRelay(upstream.url);
  expect(relay.url).toBe(`http://127.0.0.1:${relay.port}/mcp`);
  await ask(relay.port, requestText(`GET ${path}`));
  expect(upstream.requests[0]?.path).toBe(asked);
});
