/** `connect` against a server on a bare socket: what it sends, what it makes of answers, and how it ends. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { initialize, legacy, modern } from '../kit/bridged.ts';
import { connected, type Connected, type ConnectedOptions } from '../kit/connected.ts';
import { jsonType, rawUpstream, type RawRequest, type RawUpstream } from '../kit/raw-upstream.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

interface Talk extends AsyncDisposable {
  readonly upstream: RawUpstream;
  readonly client: Connected;
  requests(method: string): RawRequest[];
}

type Script = (request: RawRequest, body: string) => unknown;

/** A server whose handshake works and whose GET is refused, unless the script answers by itself (anything but undefined). */
async function talk(script: Script, options: ConnectedOptions = {}): Promise<Talk> {
  const upstream = await rawUpstream(async request => {
    const body = request.method === 'POST' ? (await request.body).toString() : '';
    if (script(request, body) !== undefined) return;
    if (request.method === 'GET') request.answer('405 Method Not Allowed', {}, '');
    else if (request.method === 'DELETE') request.answer('200 OK', {}, '');
    else if (body.includes('"initialize"'))
      request.answer(
        '200 OK',
        { ...jsonType, 'Mcp-Session-Id': 's-1' },
        '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}',
      );
    else request.answer('202 Accepted', {}, '');
  });
  const client = connected(upstream.url, home.path, options);
  return {
    upstream,
    client,
    requests: method => upstream.requests.filter(request => request.method === method),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

async function shakeHands({ client }: Talk): Promise<void> {
  client.send(initialize('c'));
  await client.untilLines(1);
  client.send(initialized);
}

test('a session keeps its id and version, opens its GET stream after the handshake, and ends with DELETE', async () => {
  await using hop = await talk(
    (request, body) =>
      (body.includes('"tools/list"') && (request.answer('200 OK', jsonType, '{"jsonrpc":"2.0","id":1,"result":{}}'), true)) || undefined,
  );
  await shakeHands(hop);
  hop.client.send(legacy(1, 'tools/list'));
  await hop.client.untilLines(2);
  expect(await hop.client.end()).toMatchObject({ code: 0 });
  const fieldsOf = (request?: RawRequest) => ['mcp-session-id', 'mcp-protocol-version', 'mcp-method'].map(name => request?.field(name));
  const [first, second, third] = hop.requests('POST');
  expect([first, second, third, ...hop.requests('GET'), ...hop.requests('DELETE')].map(fieldsOf)).toEqual([
    [undefined, undefined, undefined],
    ['s-1', '2025-11-25', undefined],
    ['s-1', '2025-11-25', undefined],
    ['s-1', '2025-11-25', undefined],
    ['s-1', '2025-11-25', undefined],
  ]);
  expect([first?.field('accept'), first?.field('content-type')]).toEqual(['application/json, text/event-stream', 'application/json']);
  expect(hop.client.process.stderr()).toBe('');
});

test('messages pass exactly, in both directions, however the answer is framed', async () => {
  const sent = '{"big":9007199254740993, "jsonrpc":"2.0","a":1.50,"a":2,"id":"x\\u00fc", "method":"y"}';
  const answers = [
    '{ "result" : {"big":9007199254740993,"a":1, "a":2.50,"t":"\\u00fc\\n"},\t"id":"x\\u00fc", "jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0",\n  "id":"x\\u00fc",\r\n  "result":{"text":"Zürich 世界"}}',
  ];
  const bodies: string[] = [];
  await using hop = await talk((request, body) => {
    bodies.push(body);
    const answer = answers[bodies.length - 1] as string;
    if (bodies.length === 1) return request.answer('200 OK', { 'Content-Type': 'application/json; charset=utf-8' }, answer) ?? true;
    request.startEvents();
    const event = `: hello\r\nid: 1\r\n${answer
      .split(/\r?\n/)
      .map(line => `data: ${line}\r\n`)
      .join('')}\r\n`;
    for (const byte of Buffer.from(event)) request.chunk(Buffer.from([byte]));
    return request.endChunks() ?? true;
  });
  hop.client.send(sent);
  expect(await hop.client.untilLines(1)).toEqual([answers[0]]);
  hop.client.send(sent);
  expect((await hop.client.untilLines(2))[1]).toBe('{"jsonrpc":"2.0",   "id":"x\\u00fc",   "result":{"text":"Zürich 世界"}}');
  expect(bodies).toEqual([sent, sent]);
});

test('a modern request has the headers that its body says, encoded where they must be', async () => {
  const tools = [
    {
      name: 'Zürich',
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          deep: { properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } },
        },
      },
    },
  ];
  await using hop = await talk((request, body) => {
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    const result = method === 'tools/list' ? { tools } : {};
    request.answer('200 OK', jsonType, JSON.stringify({ jsonrpc: '2.0', id, result }));
    return true;
  });
  hop.client.send(modern(1, 'tools/list'));
  await hop.client.untilLines(1);
  hop.client.send(
    modern(2, 'tools/call', { name: 'Zürich', arguments: { region: ' eu', deep: { n: 7 } } }),
    modern(3, 'resources/read', { uri: 'file:///a b' }),
  );
  await hop.client.untilLines(3);
  const [list, ...rest] = hop.requests('POST');
  const [call, read] = rest.sort((one, other) => (one.field('mcp-method') ?? '').localeCompare(other.field('mcp-method') ?? '')).reverse();
  const names = ['mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-param-region', 'mcp-param-n', 'mcp-session-id'];
  expect([list, call, read].map(request => names.map(name => request?.field(name)))).toEqual([
    ['2026-07-28', 'tools/list', undefined, undefined, undefined, undefined],
    [
      '2026-07-28',
      'tools/call',
      `=?base64?${Buffer.from('Zürich').toString('base64')}?=`,
      `=?base64?${Buffer.from(' eu').toString('base64')}?=`,
      '7',
      undefined,
    ],
    ['2026-07-28', 'resources/read', 'file:///a b', undefined, undefined, undefined],
  ]);
});

test('nothing overtakes the handshake, answers to the server pass all the same', async () => {
  const order: string[] = [];
  await using hop = await talk((request, body) => {
    const { method, id } = JSON.parse(body || '{}') as { method?: string; id?: number };
    order.push(request.method === 'POST' ? (method ?? `answer ${id}`) : request.method);
    if (method === 'initialize') {
      request.startEvents({ 'Mcp-Session-Id': 's-1' });
      request.chunk('data: {"jsonrpc":"2.0","id":7,"method":"ping"}\n\n');
      return true;
    }
    if (method === undefined && request.method === 'POST') {
      const [first] = hop.requests('POST');
      request.answer('202 Accepted', {}, '');
      first?.chunk('data: {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}\n\n');
      // The stream stays open: the handshake is over with its answer.
      return true;
    }
    if (method === 'notifications/initialized') {
      setTimeout(() => request.answer('202 Accepted', {}, ''), 100);
      return true;
    }
    return undefined;
  });
  hop.client.send(
    initialize('c'),
    initialized,
    '{"jsonrpc":"2.0","method":"notifications/a"}',
    '{"jsonrpc":"2.0","method":"notifications/b"}',
  );
  await hop.client.untilLines(1);
  hop.client.send('{"jsonrpc":"2.0","id":7,"result":{}}');
  await hop.client.untilLines(2);
  await hop.client.end();
  expect(order.filter(what => what !== 'GET').slice(0, 3)).toEqual(['initialize', 'answer 7', 'notifications/initialized']);
  expect(
    order
      .slice(3)
      .filter(what => what.startsWith('notifications'))
      .sort(),
  ).toEqual(['notifications/a', 'notifications/b']);
  const arrived = hop.requests('POST').map(request => request.field('mcp-session-id'));
  expect(arrived.slice(2)).toEqual(['s-1', 's-1', 's-1']);
});

test('calls go out at once and answers come as they are there', async () => {
  const waiting = new Map<number, RawRequest>();
  await using hop = await talk((request, body) => {
    const { id } = JSON.parse(body) as { id: number };
    waiting.set(id, request);
    return true;
  });
  hop.client.send(legacy(0, 'x'), legacy(1, 'x'), legacy(2, 'x'));
  await expect.poll(() => waiting.size).toBe(3);
  for (const [at, id] of [2, 1, 0].entries()) {
    waiting.get(id)?.answer('200 OK', jsonType, `{"jsonrpc":"2.0","id":${id},"result":{}}`);
    expect((await hop.client.untilLines(at + 1)).at(-1)).toContain(`"id":${id},`);
  }
});

test.each([
  ['503 Busy', { 'Retry-After': '7' }, 'try later', { code: 50300, data: { status: 503, retry_after_ms: 7000, may_have_executed: false } }],
  [
    '500 Broken',
    { 'Content-Type': 'text/html' },
    '<h1>Oops</h1>',
    { code: 50200, message: expect.stringContaining('500 Internal Server Error: Oops'), data: { may_have_executed: true } },
  ],
  ['401 No', {}, '', { code: 40100 }],
  [
    '307 Elsewhere',
    { Location: 'http://elsewhere.example/' },
    '',
    { code: 50200, message: expect.stringContaining('which is not followed') },
  ],
  [
    '400 Bad',
    jsonType,
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No session"}}',
    { code: -32000, message: 'No session' },
  ],
  ['200 OK', jsonType, 'not json', { code: 50200, message: expect.stringContaining('before it answered') }],
  ['202 Accepted', {}, '', { code: 50200, message: expect.stringContaining('before it answered') }],
])('%s becomes an error with the id of the request', async (status, fields, body, error) => {
  await using hop = await talk(request => (request.method === 'POST' ? (request.answer(status, fields, body), true) : undefined));
  hop.client.send('{"jsonrpc":"2.0","method":"notifications/x"}', legacy('my id', 'tools/call'));
  const [line] = await hop.client.untilLines(1);
  expect(JSON.parse(line as string)).toMatchObject({ jsonrpc: '2.0', id: 'my id', error });
  await hop.client.end();
  expect(hop.client.lines()).toHaveLength(1);
});

test("an error of the server's own passes exactly, whatever its status", async () => {
  const error = '{"jsonrpc":"2.0", "id":5,"error":{"code":-32601,"message":"No such method","data":1.0}}';
  await using hop = await talk(request => (request.answer('404 Not Found', jsonType, error), true));
  hop.client.send(modern(5, 'no/such'));
  expect(await hop.client.untilLines(1)).toEqual([error]);
});

test('a connection that breaks says whether the call may have had effects', async () => {
  await using hop = await talk(request => (request.socket.destroy(), true));
  hop.client.send(legacy(1, 'x'));
  expect(JSON.parse((await hop.client.untilLines(1))[0] as string)).toMatchObject({
    id: 1,
    error: { code: 50200, data: { may_have_executed: true } },
  });
  await using down = connected('http://127.0.0.1:1/mcp', home.path);
  down.send(legacy(2, 'x'), '{"jsonrpc":"2.0","method":"notifications/x"}', 'no json');
  const lines = (await down.untilLines(2)).map(line => JSON.parse(line) as { id: unknown });
  expect(lines.sort((one, other) => Number(one.id) - Number(other.id))).toMatchObject([
    { id: null, error: { code: -32700 } },
    { id: 2, error: { code: 50200, data: { may_have_executed: false } } },
  ]);
  expect(await down.end()).toMatchObject({ code: 0 });
  expect(down.lines()).toHaveLength(2);
});

test('a broken stream is taken up where it was, by its last event id', async () => {
  const ownGet = Promise.withResolvers<void>();
  await using hop = await talk((request, body) => {
    if (body.includes('"tools/call"')) {
      request.startEvents();
      request.chunk('id: e1\nretry: 20\ndata:\n\n');
      // Not before the session's own GET is here: what is asked is told apart by its order.
      void ownGet.promise.then(() => setTimeout(() => request.socket.destroy(), 20));
      return true;
    }
    if (request.field('last-event-id') === undefined) {
      if (request.method === 'GET') ownGet.resolve();
      return undefined;
    }
    request.startEvents();
    if (request.field('last-event-id') === 'e1') {
      request.chunk('id: e2\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n');
      setTimeout(() => request.endChunks(), 20);
    } else request.chunk('data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n');
    return true;
  });
  await shakeHands(hop);
  hop.client.send(legacy(1, 'tools/call', { _meta: { progressToken: 1 } }));
  const lines = await hop.client.untilLines(3);
  expect(lines.slice(1).map(line => JSON.parse(line) as object)).toMatchObject([
    { method: 'notifications/progress' },
    { id: 1, result: {} },
  ]);
  expect(hop.requests('GET').map(request => [request.field('last-event-id'), request.field('mcp-session-id')])).toEqual([
    [undefined, 's-1'],
    ['e1', 's-1'],
    ['e2', 's-1'],
  ]);
});

test('a stream that breaks without an event id, or of the modern era, fails its request', async () => {
  await using hop = await talk((request, body) => {
    if (request.method !== 'POST' || body.includes('initialize')) return undefined;
    request.startEvents();
    request.chunk(body.includes('_meta') ? 'id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\n' : ': nothing\n\n');
    setTimeout(() => request.socket.destroy(), 20);
    return true;
  });
  hop.client.send(legacy(1, 'x'), modern(2, 'y'));
  for (const id of [1, 2])
    expect(JSON.parse(await hop.client.line(line => line.includes(`"id":${id}`)))).toMatchObject({
      error: { code: 50200, data: { may_have_executed: true } },
    });
});

test('the GET stream brings what belongs to no request, and is taken up when it breaks', async () => {
  let gets = 0;
  await using hop = await talk(request => {
    if (request.method !== 'GET') return undefined;
    gets += 1;
    request.startEvents();
    request.chunk(`id: g${gets}\nretry: 10\ndata: {"jsonrpc":"2.0","method":"notifications/n","params":${gets}}\n\n`);
    if (gets < 3) setTimeout(() => request.socket.destroy(), 10);
    return true;
  });
  await shakeHands(hop);
  await hop.client.line(line => line.includes('"params":3'));
  expect(hop.requests('GET').map(request => request.field('last-event-id'))).toEqual([undefined, 'g1', 'g2']);
});

test('calling off a modern request closes its stream, a legacy one is told to the server', async () => {
  await using hop = await talk((request, body) => {
    if (body.includes('"slow"')) {
      request.startEvents();
      request.chunk(': here\n\n');
      return true;
    }
    return undefined;
  });
  await shakeHands(hop);
  hop.client.send(modern(1, 'slow'), legacy(2, 'slow'));
  await expect.poll(() => hop.requests('POST').length).toBe(4);
  const cancel = (requestId: number) => `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${requestId}}}`;
  hop.client.send(cancel(1), cancel(2));
  await hop.requests('POST').find(request => request.field('mcp-method') === 'slow')?.closed;
  await expect.poll(() => hop.requests('POST').length).toBe(5);
  expect((await hop.requests('POST')[4]?.body)?.toString()).toBe(cancel(2));
  expect(await hop.client.end()).toMatchObject({ code: 0 });
  expect(hop.client.lines()).toHaveLength(1);
});

test('at the end of stdin what is pending is finished first', async () => {
  await using hop = await talk((request, body) => {
    if (!body.includes('"slow"')) return undefined;
    setTimeout(() => request.answer('200 OK', jsonType, '{"jsonrpc":"2.0","id":1,"result":{}}'), 500);
    return true;
  });
  await shakeHands(hop);
  hop.client.send(legacy(1, 'slow'), modern(2, 'subscriptions/listen'));
  expect(await hop.client.end()).toMatchObject({ code: 0 });
  expect(hop.client.lines()).toContain('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(hop.requests('DELETE')).toHaveLength(1);
});

test('SIGTERM ends it at once, whatever is pending', async () => {
  await using hop = await talk((request, body) => (body.includes('"slow"') ? true : undefined));
  await shakeHands(hop);
  hop.client.send(legacy(1, 'slow'));
  await expect.poll(() => hop.requests('POST').length).toBe(3);
  const startedAt = performance.now();
  hop.client.process.child.kill('SIGTERM');
  expect(await hop.client.process.exited).toMatchObject({ code: 0 });
  // What is pending is pending for ever.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(hop.client.lines()).toHaveLength(1);
});

test('fields and secrets go with every request, the secrets from the environment', async () => {
  const flags = ['--header', 'X-One: a: b', '--header', 'X-Two:2', '--bearer-env', 'MY_TOKEN', '--api-key-env', 'MY_KEY'];
  await using hop = await talk(() => undefined, { flags, env: { MY_TOKEN: 'secret-token', MY_KEY: 'secret-key' } });
  await shakeHands(hop);
  await expect.poll(() => hop.requests('GET').length).toBe(1);
  await hop.client.end();
  for (const request of hop.upstream.requests)
    expect(['x-one', 'x-two', 'authorization', 'x-api-key'].map(name => request.field(name))).toEqual([
      'a: b',
      '2',
      'Bearer secret-token',
      'secret-key',
    ]);
  expect(hop.requests('DELETE')).toHaveLength(1);
});

test.each([
  [['--bearer-env', 'NOT_SET'], 'NOT_SET is not set'],
  [['--header', 'no colon'], '--header needs "Name: value"'],
  [['--header', 'A: b\r\nEvil: c'], '--header needs "Name: value"'],
  [['--header', 'Content-Length: 3'], 'cannot set Content-Length'],
])('%j is wrong usage', async (flags, message) => {
  await using client = connected('http://127.0.0.1:1/mcp', home.path, { flags });
  expect(await client.process.exited).toMatchObject({ code: 2 });
  expect([client.process.stdout(), client.process.stderr()]).toEqual(['', expect.stringContaining(message)]);
});

test('a batch is posted whole, and its answer is one line', async () => {
  const batch = `[${legacy(1, 'a')},${legacy(2, 'b')}]`;
  await using hop = await talk((request, body) => {
    if (!body.startsWith('[')) return undefined;
    expect(body).toBe(batch);
    request.answer('200 OK', jsonType, '[{"jsonrpc":"2.0","id":2,"result":{}},\n{"jsonrpc":"2.0","id":1,"result":{}}]');
    return true;
  });
  hop.client.send(batch);
  expect(await hop.client.untilLines(1)).toEqual(['[{"jsonrpc":"2.0","id":2,"result":{}}, {"jsonrpc":"2.0","id":1,"result":{}}]']);
  expect(await hop.client.end()).toMatchObject({ code: 0 });
  expect(hop.client.lines()).toHaveLength(1);
});

test('50 MB pass', async () => {
  const big = 'x'.repeat(50_000_000);
  await using hop = await talk(request => {
    request.answer('200 OK', jsonType, `{"jsonrpc":"2.0","id":1,"result":{"text":"${big}"}}`);
    return true;
  });
  let sizeBytes = 0;
  // Instead of keeping all of it.
  hop.client.process.child.stdout?.removeAllListeners('data').on('data', (text: string) => (sizeBytes += text.length));
  hop.client.send(legacy(1, 'x'));
  await expect.poll(() => sizeBytes, { timeout: 20_000 }).toBe(50_000_000 + '{"jsonrpc":"2.0","id":1,"result":{"text":""}}\n'.length);
});
