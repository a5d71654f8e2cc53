/** Streams: nothing is held back, nothing waits for another, and every close is passed on at once. */
import { expect, test } from 'vitest';
import { ask, postText, rawClient, requestText, type RawClient } from '../kit/http-raw-client.ts';
import { startRelay } from '../kit/http-relay.ts';
import { quickest } from '../kit/quickest.ts';
import { jsonType, rawUpstream, type RawRequest } from '../kit/raw-upstream.ts';

/** Waits until there is something, and nothing is added any more. */
async function standstill(read: () => number): Promise<void> {
  for (let before = 0, since = performance.now(); before === 0 || performance.now() - since < 500; await sleep(20)) {
    const now = read();
    if (now !== before) since = performance.now();
    before = now;
  }
}
const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const call = (id: number | string, name = 'slow') => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } });
const modern = (id: number | string, method = 'tools/call') => ({
  jsonrpc: '2.0',
  id,
  method,
  params: {
    name: 'slow',
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'probe', version: '1' },
    },
  },
});

test.each(['text/event-stream', 'application/json'])(
  'checklist 1: pieces of %s arrive one by one, each before the next is sent',
  async type => {
    const headSeen = Promise.withResolvers<void>();
    const seen = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const piece = (n: number) =>
      type === 'application/json'
        ? `{"jsonrpc":"2.0","method":"notifications/n${n}"}\n`
        : `data: {"jsonrpc":"2.0","method":"notifications/n${n}"}\n\n`;
    await using upstream = await rawUpstream(async request => {
      request.startEvents({ 'Content-Type': type });
      // The head leaves before the first piece exists.
      await headSeen.promise;
      for (let n = 0; n < 4; n += 1) {
        await sleep(200);
        request.chunk(piece(n));
        await seen[n]?.promise;
      }
      request.endChunks();
    });
    await using relay = await startRelay(upstream.url);
    await using client = await rawClient(relay.port);
    client.send(postText(call(1)));
    const head = await client.head();
    expect(head.status).toBe(200);
    headSeen.resolve();
    for (const [n, { resolve }] of seen.entries()) {
      await client.until(received => received.includes(`notifications/n${n}"`));
      resolve();
    }
    await client.response();
    const frames = await relay.until(record => record.frames.filter(frame => frame.kind === 'notification').length === 4 && record.frames);
    // Recorded as they came, too, not when the answer was over.
    const times = frames.filter(frame => frame.kind === 'notification').map(frame => frame.monotonicUs);
    expect((times[3] as number) - (times[0] as number)).toBeGreaterThan(400_000);
  },
);

test('checklist 2: a server asks the client inside the stream of a call, and the client answers by a second POST', async () => {
  let open: RawRequest | undefined;
  await using upstream = await rawUpstream(async request => {
    const message = JSON.parse((await request.body).toString()) as { method?: string };
    if (message.method === 'tools/call') {
      open = request;
      request.startEvents();
      request.chunk('data: {"jsonrpc":"2.0","id":"s1","method":"elicitation/create","params":{"message":"Sure?"}}\n\n');
    } else {
      request.send('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n');
      open?.chunk('data: {"jsonrpc":"2.0","id":5,"result":{"content":[]}}\n\n');
      open?.endChunks();
    }
  });
  await using relay = await startRelay(upstream.url);
  await using client = await rawClient(relay.port);
  client.send(postText(call(5), [['Mcp-Session-Id', 'one']]));
  await client.until(received => received.includes('elicitation/create'));
  const accepted = await ask(relay.port, postText('{"jsonrpc":"2.0","id":"s1","result":{"action":"accept"}}', [['Mcp-Session-Id', 'one']]));
  expect(accepted.status).toBe(202);
  expect((await client.response()).body.toString()).toContain('"id":5,"result"');
  const { exchanges } = relay.record;
  expect(exchanges).toMatchObject([
    { method: 'tools/call', direction: 'fromClient', status: 'ok' },
    { method: 'elicitation/create', direction: 'fromServer', idText: '"s1"', status: 'ok', target: 'Sure?' },
  ]);
  expect(relay.record.sessions).toHaveLength(1);
});

test.each(['before the answer', 'in the middle of the answer'])(
  'checklist 5: a client that closes %s closes the upstream within 100 ms',
  async when => {
    await using upstream = await rawUpstream(request => {
      if (when !== 'before the answer') {
        request.startEvents();
        request.chunk(': here\n\n');
      }
    });
    await using relay = await startRelay(upstream.url);
    const closedWithinMs = await quickest(100, async () => {
      const count = upstream.requests.length;
      await using client = await rawClient(relay.port);
      client.send(postText(modern(1)));
      if (when === 'before the answer') await expect.poll(() => upstream.requests.length).toBe(count + 1);
      else await client.until(received => received.includes(': here'));
      const leftAt = performance.now();
      client.socket.destroy();
      await upstream.requests[count]?.closed;
      return performance.now() - leftAt;
    });
    expect(closedWithinMs).toBeLessThan(100);
    const exchange = await relay.until(({ exchanges }) => exchanges.find(one => one.status === 'cancelled'));
    expect(exchange).toMatchObject({ method: 'tools/call', era: 'modern', cancelledBy: 'client' });
    expect(exchange.flags).toContain('client-left');
  },
);

test('a client that leaves in the middle of a small body: what came is recorded, and nothing of it is forwarded', async () => {
  await using upstream = await rawUpstream(request => request.answer('200 OK', jsonType, '{}'));
  await using relay = await startRelay(upstream.url);
  await using client = await rawClient(relay.port);
  client.send(
    'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"jsonrpc":"2.0","id":1,',
  );
  await new Promise(resolve => setTimeout(resolve, 50));
  client.socket.destroy();
  const frame = await relay.until(({ frames }) => frames[0]);
  expect(frame).toMatchObject({
    kind: 'invalid',
    direction: 'fromClient',
    sizeBytes: 24,
    flags: ['client-left'],
    http: { method: 'POST', path: '/mcp' },
  });
  expect(relay.record.exchanges).toMatchObject([{ kind: 'invalid', flags: ['client-left'] }]);
  expect(relay.record.sessions).toHaveLength(1);
  expect([relay.record.frames.length, upstream.requests.length]).toEqual([1, 0]);
});

test('checklist 5: a client that closes while the upstream is still being dialled leaves nothing behind', async () => {
  // 192.0.2.0/24 (RFC 5737) has no hosts; whether the dial hangs or fails at once depends on the machine.
  await using relay = await startRelay('http://192.0.2.1:9/mcp', { connectTimeoutMs: 60_000 });
  await using client = await rawClient(relay.port);
  client.send(postText(modern(1)));
  await relay.until(({ frames }) => frames.length > 0);
  client.socket.destroy();
  const exchange = await relay.until(({ exchanges }) => exchanges.find(one => one.status !== 'pending'));
  expect(['cancelled', 'failed']).toContain(exchange.status);
});

test('checklist 5 (legacy): a lost stream is not a cancellation; the answer may come on another stream', async () => {
  await using upstream = await rawUpstream(async request => {
    request.startEvents();
    request.chunk('id: 1\ndata: \n\n');
    if (request.method === 'GET') {
      request.chunk('id: 2\ndata: {"jsonrpc":"2.0","id":9,"result":{}}\n\n');
    }
  });
  await using relay = await startRelay(upstream.url);
  const first = await rawClient(relay.port);
  first.send(postText(call(9), [['Mcp-Session-Id', 'one']]));
  await first.until(received => received.includes('id: 1'));
  first.socket.destroy();
  await relay.until(({ exchanges }) => exchanges[0]?.flags.includes('client-left'));
  expect(relay.record.exchanges[0]).toMatchObject({ status: 'pending' });
  await using second = await rawClient(relay.port);
  second.send(
    requestText('GET /mcp', [
      ['Accept', 'text/event-stream'],
      ['Mcp-Session-Id', 'one'],
      ['Last-Event-ID', '1'],
    ]),
  );
  await second.until(received => received.includes('id: 2'));
  expect(upstream.requests[1]?.field('last-event-id')).toBe('1');
  const exchange = await relay.until(({ exchanges }) => exchanges.find(one => one.status === 'ok' && one.method === 'tools/call'));
  expect(exchange).toMatchObject({ idText: '9' });
});

test.each(['a reset', 'a close'])(
  'checklist 6: %s of the upstream in the middle of a stream aborts the answer, and the record says it was cut',
  async how => {
    await using upstream = await rawUpstream(async request => {
      request.startEvents();
      request.chunk('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n');
      request.chunk('data: {"jsonrpc":"2.0","id":1,"resu');
      await sleep(30);
      if (how === 'a reset') request.socket.resetAndDestroy();
      else request.socket.end();
    });
    await using relay = await startRelay(upstream.url);
    await using client = await rawClient(relay.port);
    client.send(postText(call(1)));
    await client.closed;
    const received = client.received().toString();
    expect(received).toContain('{"jsonrpc":"2.0","id":1,"resu');
    // No last chunk: the client cannot take this for the end.
    expect(received.endsWith('0\r\n\r\n')).toBe(false);
    const exchange = await relay.until(({ exchanges }) => exchanges.find(one => one.method === 'tools/call' && one.status === 'failed'));
    expect(exchange.flags).toContain('stream-cut');
    expect(relay.record.frames.at(-1)).toMatchObject({ delivery: 'event', flags: ['stream-cut'] });
    await expect(fetch(relay.url, { method: 'POST', body: JSON.stringify(call(2)) }).then(response => response.text())).rejects.toThrow();
  },
);

test('checklist 6: an answer shorter than its Content-Length is aborted, not ended', async () => {
  await using upstream = await rawUpstream(request => {
    request.send('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"jsonrpc":"2.0"');
    setTimeout(() => request.socket.end(), 20);
  });
  await using relay = await startRelay(upstream.url);
  await expect(fetch(relay.url, { method: 'POST', body: JSON.stringify(call(1)) }).then(response => response.text())).rejects.toThrow();
  const exchange = await relay.until(({ exchanges }) => exchanges.find(one => one.status === 'failed'));
  expect(exchange.flags).toContain('stream-cut');
});

test('checklist 6: to a client of HTTP/1.0, which knows no chunks, a cut answer is a reset', async () => {
  await using upstream = await rawUpstream(request => {
    request.startEvents();
    request.chunk('data: half');
    setTimeout(() => request.socket.end(), 20);
  });
  await using relay = await startRelay(upstream.url);
  await using client = await rawClient(relay.port);
  client.send('GET /mcp HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
  expect(await client.closed).toEqual({ wasReset: true });
});

test('checklist 17: an idle GET stream is held open without any time-out of ours; 405 passes', async () => {
  await using upstream = await rawUpstream(request => {
    if (request.field('x-none') !== undefined) request.answer('405 Method Not Allowed', { Allow: 'POST' }, '');
    else request.startEvents();
  });
  await using relay = await startRelay(upstream.url);
  const refused = await ask(
    relay.port,
    requestText('GET /mcp', [
      ['Accept', 'text/event-stream'],
      ['X-None', '1'],
    ]),
  );
  expect([refused.status, refused.field('allow')]).toEqual([405, 'POST']);
  await using client = await rawClient(relay.port);
  client.send(requestText('GET /mcp', [['Accept', 'text/event-stream']]));
  await client.head();
  // Ten minutes cannot pass in a test; that no timer is armed on either socket says the same for any time.
  const armed = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  expect(client.socket.destroyed).toBe(false);
  expect(upstream.requests[1]?.socket.destroyed).toBe(false);
  await sleep(1500);
  expect(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length).toBeLessThanOrEqual(armed + 1);
  upstream.requests[1]?.chunk('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n');
  await client.until(received => received.includes('list_changed'));
  expect(relay.record.exchanges).toMatchObject([
    { kind: 'http', method: 'GET', status: 'ok' },
    { kind: 'http', method: 'GET', status: 'open' },
    { kind: 'notification' },
  ]);
});

test('checklist 19: ids, retries, empty data, event names, several data lines, CRLF, CR and comments pass byte for byte', async () => {
  const stream =
    '\ufeffid: 1\r\nretry: 100\r\ndata: \r\n\r\n: keep-alive\n\nevent: message\rid:2\rdata: {"jsonrpc":"2.0",\rdata: "method":"notifications/a"}\r\r\nevent:custom\ndata:x\ndata\n\nid\n\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n';
  await using upstream = await rawUpstream(async request => {
    request.startEvents();
    for (const byte of Buffer.from(stream)) request.chunk(Uint8Array.of(byte));
    request.endChunks();
  });
  await using relay = await startRelay(upstream.url);
  const response = await ask(relay.port, postText(call(1)));
  expect(response.body.toString()).toBe(stream);
  const events = relay.record.frames.filter(frame => frame.delivery === 'event');
  expect(Buffer.concat(events.map(frame => frame.body)).toString()).toBe(stream);
  expect(events.map(frame => [frame.kind, frame.method, frame.eventId])).toEqual([
    ['http', undefined, '1'],
    ['http', undefined, undefined],
    ['notification', 'notifications/a', '2'],
    ['http', undefined, undefined],
    ['http', undefined, ''],
    ['result', undefined, undefined],
  ]);
});

test('checklist 29: a subscription relays its acknowledgement first, keeps the type of its id, and is no hung request', async () => {
  const ack = (id: string) =>
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}}}`;
  await using upstream = await rawUpstream(async request => {
    const { id } = JSON.parse((await request.body).toString()) as { id: unknown };
    request.startEvents();
    request.chunk(`data: ${ack(JSON.stringify(id))}\n\n`);
    if (id === 'graceful') {
      request.chunk('data: {"jsonrpc":"2.0","id":"graceful","result":{"resultType":"complete"}}\n\n');
      request.endChunks();
    }
  });
  await using relay = await startRelay(upstream.url);
  await using numbered = await rawClient(relay.port);
  numbered.send(postText(modern(7, 'subscriptions/listen')));
  await numbered.until(received => received.includes(ack('7')));
  expect((await ask(relay.port, postText(modern('graceful', 'subscriptions/listen')))).body.toString()).toContain(ack('"graceful"'));
  await using cut = await rawClient(relay.port);
  cut.send(postText(modern('cut', 'subscriptions/listen')));
  await cut.until(received => received.includes(ack('"cut"')));
  upstream.requests[2]?.socket.destroy();
  const states = () => relay.record.exchanges.filter(one => one.kind === 'request').map(one => [one.idText, one.status]);
  await expect.poll(states).toEqual([
    ['7', 'open'],
    ['"graceful"', 'ok'],
    ['"cut"', 'failed'],
  ]);
  numbered.socket.destroy();
  await expect.poll(() => states()[0]).toEqual(['7', 'ok']);
});

test('checklist 36: 100 calls in flight beside 20 open streams: none waits for a stream, for another call or for an answer that is withheld', async () => {
  const waiting = new Map<number, RawRequest>();
  const allHere = Promise.withResolvers<void>();
  await using upstream = await rawUpstream(async request => {
    if (request.method === 'GET') {
      request.startEvents();
      return;
    }
    const { id } = JSON.parse((await request.body).toString()) as { id: number };
    waiting.set(id, request);
    // Nothing is answered before all hundred are here: a relay that lets one wait for another never gets this far.
    if (waiting.size === 100) allHere.resolve();
  });
  await using relay = await startRelay(upstream.url);
  const streams = await Promise.all(Array.from({ length: 20 }, () => rawClient(relay.port)));
  for (const stream of streams) stream.send(requestText('GET /mcp', [['Accept', 'text/event-stream']]));
  await Promise.all(streams.map(stream => stream.head()));
  const clients = await Promise.all(Array.from({ length: 100 }, () => rawClient(relay.port)));
  for (const [n, client] of clients.entries()) client.send(postText(call(n)));
  await allHere.promise;

  const answer = (id: number) => waiting.get(id)?.answer('200 OK', jsonType, `{"jsonrpc":"2.0","id":${id},"result":{}}`);
  const bodyOf = async (n: number) => (await (clients[n] as RawClient).response()).body.toString();
  // The last one first, and each client has its answer before the next is given: every answer passes all those that wait.
  for (let id = 99; id > 0; id -= 1) {
    answer(id);
    expect(await bodyOf(id)).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
  }
  expect(relay.record.exchanges.filter(one => one.status === 'pending').map(one => one.idText)).toEqual(['0']);
  answer(0);
  expect(await bodyOf(0)).toContain('"id":0');
  expect(streams.every(stream => !stream.socket.destroyed)).toBe(true);
  for (const { socket } of [...streams, ...clients]) socket.destroy();
});

test('small and large events reach a client that reads late, whole and in order, and the upstream waits for it', async () => {
  const events = Array.from({ length: 8000 }, (_, n) => `data: ${n} ${'x'.repeat(n % 50 === 0 ? 100_000 : 2000)}\n\n`);
  let sentCount = 0;
  await using upstream = await rawUpstream(async request => {
    request.startEvents();
    for (const event of events) {
      request.chunk(event);
      sentCount += 1;
      await request.drained();
    }
    request.endChunks();
  });
  await using relay = await startRelay(upstream.url);
  const response = await fetch(`${relay.url}?late`, { headers: { Accept: 'text/event-stream' } });
  await standstill(() => sentCount);
  expect(sentCount).toBeLessThan(events.length);
  expect((await response.text()) === events.join('')).toBe(true);
});

test('a stream that was asked for behind another one follows it, event by event', async () => {
  await using upstream = await rawUpstream(async request => {
    request.startEvents();
    for (let n = 0; n < 3; n += 1) {
      request.chunk(`data: ${request.path} ${n}\n\n`);
      await sleep(20);
    }
    request.endChunks();
  });
  await using relay = await startRelay(upstream.url);
  await using client = await rawClient(relay.port);
  const get = (path: string) => requestText(`GET ${path}`, [['Accept', 'text/event-stream']]);
  client.send(Buffer.concat([get('/one'), get('/two')]));
  for (const path of ['/one', '/two'])
    expect((await client.response()).body.toString()).toBe([0, 1, 2].map(n => `data: ${path} ${n}\n\n`).join(''));
});

test('back-pressure: a client that does not read stops the upstream, and one that sends too fast is stopped', async () => {
  let writtenBytes = 0;
  await using upstream = await rawUpstream(async request => {
    if (request.method === 'POST') return;
    request.send('HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 200000000\r\n\r\n');
    const chunk = Buffer.alloc(100_000);
    for (let n = 0; n < 2000 && !request.socket.destroyed; n += 1) {
      request.send(chunk);
      writtenBytes += chunk.length;
      await request.drained();
    }
  });
  await using relay = await startRelay(upstream.url);
  await using slow = await rawClient(relay.port);
  slow.socket.pause();
  slow.send(requestText('GET /big'));
  await standstill(() => writtenBytes);
  expect(writtenBytes).toBeLessThan(40_000_000);
  // The other direction: an upstream that does not read.
  await using fast = await rawClient(relay.port);
  fast.send(requestText('POST /mcp', [['Content-Length', '200000000']]));
  await expect.poll(() => upstream.requests.length).toBe(2);
  upstream.requests[1]?.socket.pause();
  const chunk = Buffer.alloc(100_000, 'x');
  let sentBytes = 0;
  while (sentBytes < 100_000_000) {
    const isReady = fast.socket.write(chunk);
    sentBytes += chunk.length;
    if (isReady) continue;
    const drained = await Promise.race([
      new Promise(resolve => fast.socket.once('drain', () => resolve(true))),
      sleep(500).then(() => false),
    ]);
    if (drained === false) break;
  }
  expect(sentBytes).toBeLessThan(40_000_000);
});
