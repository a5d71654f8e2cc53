/** The relay changes nothing: bytes, fields, statuses and framing compared at the far end, on bare sockets. */
import { createHash, randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ask, postText, rawClient, requestText } from '../kit/http-raw-client.ts';
import { startRelay } from '../kit/http-relay.ts';
import { jsonType, rawUpstream } from '../kit/raw-upstream.ts';

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const pong = '{"jsonrpc":"2.0","id":1,"result":{}}';

test('checklist 4: every field reaches the upstream in order, case and repeats, unknown ones too', async () => {
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  const fields = [
    ['mcp-method', 'tools/call'],
    ['Mcp-Name', '=?base64?w6TDtsO8?='],
    ['Mcp-Param-City', 'K\u00f6ln'],
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Last-Event-ID', '7'],
    ['Authorization', 'Bearer client-token'],
    ['Origin', 'http://localhost:3000'],
    ['X-Twice', 'one'],
    ['Cookie', 'a=1; b=2'],
    ['x-twice', 'two'],
    ['X-Empty', ''],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ] as const;
  await ask(relay.port, postText(ping, fields));
  const seen = upstream.requests[0]?.fields;
  expect(seen).toEqual([
    ['Host', `127.0.0.1:${upstream.port}`],
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json, text/event-stream'],
    ...fields,
    ['Content-Length', String(JSON.stringify(ping).length)],
  ]);
});

test('checklist 10: numbers, escapes, spacing and duplicate keys pass byte for byte both ways', async () => {
  const odd =
    '{ "jsonrpc":"2.0", "id" : 9007199254740993,"method":"tools/call", "params":{"name":"t","arguments":{"n":1.0,"big":12345678901234567890,"e":1e3,"u":"\\u00e9\\/","k":1,"k":2 ,"s":"ä𝄞"}} }';
  const answer = ' {"result":{"content":[],"n":1.00,"k":1,"k":2,"\\u0061":"\\ud834\\udd1e"},"id":9007199254740993,"jsonrpc":"2.0"}\n';
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, answer));
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, postText(odd));
  expect((await upstream.requests[0]?.body)?.toString()).toBe(odd);
  expect(response.body.toString()).toBe(answer);
  const { frames, exchanges } = relay.record;
  expect(frames.map(frame => Buffer.from(frame.body).toString())).toEqual([odd, answer]);
  expect(exchanges).toMatchObject([{ idText: '9007199254740993', method: 'tools/call', target: 't', status: 'ok' }]);
});

test('an answer keeps its fields in order, case and repeats, and its reason phrase; nothing but the framing of this hop is added', async () => {
  await using upstream = await rawUpstream(request =>
    request.send(
      `HTTP/1.1 200 Quite fine\r\nX-B: 1\r\ncontent-TYPE: application/json\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nMcp-Session-Id: S\r\nRetry-After: 3\r\nX-Accel-Buffering: no\r\nContent-Length: ${pong.length}\r\n\r\n${pong}`,
    ),
  );
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, postText(ping));
  expect(response.statusLine).toBe('HTTP/1.1 200 Quite fine');
  const ownHop = new Set(['Connection', 'Keep-Alive']);
  expect(response.fields.filter(([name]) => !ownHop.has(name))).toEqual([
    ['X-B', '1'],
    ['content-TYPE', 'application/json'],
    ['Set-Cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['Mcp-Session-Id', 'S'],
    ['Retry-After', '3'],
    ['X-Accel-Buffering', 'no'],
    ['Content-Length', String(pong.length)],
  ]);
});

test('checklist 39: hop-by-hop fields and those that Connection names are removed, both ways, and only those', async () => {
  await using upstream = await rawUpstream(request =>
    request.send(
      'HTTP/1.1 200 OK\r\nConnection: X-Up, close\r\nX-Up: gone\r\nX-Stays: 1\r\nProxy-Authenticate: Basic\r\nTrailer: X-T\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ),
  );
  await using relay = await startRelay(upstream.url);
  const response = await ask(
    relay.port,
    requestText(
      'POST /mcp',
      [
        ['Connection', 'X-Foo, keep-alive, Content-Length'],
        ['X-Foo', 'gone'],
        ['X-Bar', 'stays'],
        ['TE', 'trailers'],
        ['Keep-Alive', 'timeout=5'],
        ['Proxy-Authorization', 'x'],
        ['Upgrade', 'websocket'],
        ['Proxy-Connection', 'x'],
      ],
      '{}',
    ),
  );
  expect(upstream.requests[0]?.fields).toEqual([
    ['Host', `127.0.0.1:${upstream.port}`],
    ['X-Bar', 'stays'],
    ['Content-Length', '2'],
  ]);
  expect(response.fields.map(([name]) => name)).toEqual(['X-Stays', 'Connection', 'Keep-Alive', 'Transfer-Encoding']);
  expect(response.body.toString()).toBe('ok');
});

test('checklist 42: traceparent in fields and in _meta passes untouched', async () => {
  const message =
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":"00-aa-bb-01","tracestate":"v=1","baggage":"k=v"}}}';
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, pong));
  await using relay = await startRelay(upstream.url);
  await ask(
    relay.port,
    postText(message, [
      ['Traceparent', '00-cc-dd-01'],
      ['tracestate', 'w=2'],
      ['Baggage', 'a=b'],
    ]),
  );
  expect((await upstream.requests[0]?.body)?.toString()).toBe(message);
  expect(upstream.requests[0]?.head).toContain('Traceparent: 00-cc-dd-01\r\ntracestate: w=2\r\nBaggage: a=b');
});

test('checklist 46: unknown methods, fields, _meta keys and result types pass and are recorded as they are', async () => {
  const message =
    '{"jsonrpc":"2.0","id":"x","method":"vendor/unheard","extra":[1],"params":{"_meta":{"com.example/k":{"deep":1}},"odd":true}}';
  const answer = '{"jsonrpc":"2.0","id":"x","result":{"resultType":"com.example/later","unknown":{"a":[]}},"trailing":1}';
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, answer));
  await using relay = await startRelay(upstream.url);
  expect((await ask(relay.port, postText(message))).body.toString()).toBe(answer);
  expect((await upstream.requests[0]?.body)?.toString()).toBe(message);
  expect(relay.record.exchanges).toMatchObject([{ method: 'vendor/unheard', idText: '"x"', status: 'ok' }]);
  expect(relay.record.frames.map(frame => Buffer.from(frame.body).toString())).toEqual([message, answer]);
});

test.each([
  ['invalid JSON', 'application/json', '{"jsonrpc":"2.0","id":1,', 'invalid'],
  ['another content type', 'text/plain', 'just text', 'http'],
])('checklist 47: %s is forwarded and marked', async (_, type, body, kind) => {
  await using upstream = await rawUpstream(request => request.answer('400 Bad Request', { 'Content-Type': 'text/plain' }, 'no such thing'));
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, requestText('POST /mcp', [['Content-Type', type]], body));
  expect([response.status, response.body.toString()]).toEqual([400, 'no such thing']);
  expect((await upstream.requests[0]?.body)?.toString()).toBe(body);
  expect(relay.record.frames[0]).toMatchObject({ kind });
});

test('checklist 48: a preflight and its CORS fields pass through', async () => {
  await using upstream = await rawUpstream(request =>
    request.send(
      'HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: http://localhost:6274\r\nAccess-Control-Allow-Headers: mcp-session-id, authorization\r\nAccess-Control-Expose-Headers: Mcp-Session-Id\r\n\r\n',
    ),
  );
  await using relay = await startRelay(upstream.url);
  const response = await ask(
    relay.port,
    requestText('OPTIONS /mcp', [
      ['Origin', 'http://localhost:6274'],
      ['Access-Control-Request-Method', 'POST'],
    ]),
  );
  expect(response.status).toBe(204);
  expect(response.field('access-control-allow-origin')).toBe('http://localhost:6274');
  expect(response.field('access-control-expose-headers')).toBe('Mcp-Session-Id');
  expect(upstream.requests[0]).toMatchObject({ method: 'OPTIONS' });
  expect(upstream.requests[0]?.field('origin')).toBe('http://localhost:6274');
});

test.each(['301 Moved Permanently', '307 Temporary Redirect', '308 Permanent Redirect'])(
  'checklist 49: %s goes to the client and is not followed',
  async status => {
    await using elsewhere = await rawUpstream(request => request.answer('200 OK', jsonType, pong));
    await using upstream = await rawUpstream(request => request.answer(status, { Location: elsewhere.url }, ''));
    await using relay = await startRelay(upstream.url);
    const response = await ask(relay.port, postText(ping, [['Authorization', 'Bearer secret']]));
    expect([response.status, response.field('location')]).toEqual([Number(status.slice(0, 3)), elsewhere.url]);
    expect(elsewhere.requests).toHaveLength(0);
  },
);

test.each(['401 Unauthorized', '403 Forbidden'])('checklist 32: the challenge of a %s passes intact', async status => {
  const challenge =
    'Bearer resource_metadata="https://up.example/.well-known/oauth-protected-resource", scope="a b", error="insufficient_scope"';
  await using upstream = await rawUpstream(request => request.answer(status, { 'WWW-Authenticate': challenge }, 'denied'));
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, postText(ping));
  expect([response.status, response.field('www-authenticate'), response.body.toString()]).toEqual([
    Number(status.slice(0, 3)),
    challenge,
    'denied',
  ]);
});

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
] as const)('checklist 38: a %s answer passes unchanged, and the record can read it', async (encoding, compress) => {
  const packed = compress(pong);
  await using upstream = await rawUpstream(request => request.answer('200 OK', { ...jsonType, 'Content-Encoding': encoding }, packed));
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, postText(ping, [['Accept-Encoding', 'gzip, deflate, br']]));
  expect(response.body.equals(packed)).toBe(true);
  expect(upstream.requests[0]?.field('accept-encoding')).toBe('gzip, deflate, br');
  const frame = await relay.until(({ frames }) => frames.find(one => one.direction === 'fromServer'));
  expect(frame).toMatchObject({ kind: 'result', contentEncoding: encoding, sizeBytes: packed.length });
  expect(relay.record.exchanges).toMatchObject([{ method: 'ping', status: 'ok' }]);
});

test('checklist 38: a gzip event stream passes unchanged, and its events are read as they come', async () => {
  const { createGzip, constants } = await import('node:zlib');
  await using upstream = await rawUpstream(request => {
    const gzip = createGzip();
    request.startEvents({ 'Content-Encoding': 'gzip' });
    gzip.on('data', (bytes: Buffer) => request.chunk(bytes));
    gzip.write('data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}\n\n');
    gzip.flush(constants.Z_SYNC_FLUSH);
  });
  await using relay = await startRelay(upstream.url);
  await using client = await rawClient(relay.port);
  client.send(requestText('GET /mcp', [['Accept', 'text/event-stream']]));
  const frame = await relay.until(({ frames }) => frames.find(one => one.delivery === 'event'));
  expect(frame).toMatchObject({ kind: 'notification', method: 'notifications/message' });
});

test.each([
  ['a Content-Length', false],
  ['chunks', true],
])('checklist 37: 50 MB with %s pass byte for byte, the recorded copy is cut and says so', async (_, isChunked) => {
  const piece = randomBytes(512 * 1024)
    .toString('base64')
    .slice(0, 500_000);
  const head = '{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"';
  const tail = '"}]},"id":1}';
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const parts = [head, ...Array.from({ length: 100 }, () => piece), tail].map(part => Buffer.from(part));
  for (const part of parts) {
    hash.update(part);
    sizeBytes += part.length;
  }
  const sent = hash.digest('hex');
  await using upstream = await rawUpstream(async request => {
    request.send(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${sizeBytes}`}\r\n\r\n`,
    );
    for (const part of parts) {
      if (isChunked) request.chunk(part);
      else request.send(part);
      await request.drained();
    }
    if (isChunked) request.endChunks();
  });
  await using relay = await startRelay(upstream.url);
  const response = await fetch(relay.url, { method: 'POST', body: JSON.stringify(ping) });
  const received = createHash('sha256');
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) received.update(chunk);
  expect(received.digest('hex')).toBe(sent);
  const frame = await relay.until(({ frames }) => frames.find(one => one.direction === 'fromServer'));
  expect(frame).toMatchObject({ kind: 'result', idText: '1', sizeBytes, contentHash: sent, flags: ['body-truncated'] });
  expect(frame.body.length).toBe(1024 * 1024);
  expect(relay.record.exchanges).toMatchObject([{ method: 'ping', status: 'ok' }]);
});

test('checklist 37: a 50 MB request body streams through, with a length and chunked', async () => {
  const body = Buffer.concat([
    Buffer.from('{"method":"tools/call","params":{"name":"big","arguments":{"s":"'),
    Buffer.alloc(50_000_000, 'x'),
    Buffer.from('"}},"jsonrpc":"2.0","id":7}'),
  ]);
  const sent = createHash('sha256').update(body).digest('hex');
  const seen: string[] = [];
  await using upstream = await rawUpstream(async request => {
    const hash = createHash('sha256').update(await request.body);
    seen.push(hash.digest('hex'));
    request.answer('200 OK', jsonType, '{"jsonrpc":"2.0","id":7,"result":{}}');
  });
  await using relay = await startRelay(upstream.url);
  const whole = await fetch(relay.url, { method: 'POST', body });
  const streamed = await fetch(relay.url, { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' } as RequestInit);
  expect([whole.status, streamed.status, ...seen]).toEqual([200, 200, sent, sent]);
  await whole.text();
  await streamed.text();
  expect(relay.record.exchanges).toMatchObject([
    { method: 'tools/call', idText: '7', status: 'ok', requestBytes: body.length },
    { method: 'tools/call', idText: '7', status: 'ok', requestBytes: body.length },
  ]);
});
