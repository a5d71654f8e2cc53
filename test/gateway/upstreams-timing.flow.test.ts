/** Time-outs, the bulkhead and long streams of a guarded upstream, over real sockets. */
import { describe, expect, test } from 'vitest';
import { Departure } from '../../src/main/support/departure.ts';
import { jsonType, rawUpstream, type RawRequest } from '../kit/raw-upstream.ts';
import { FakeClock } from '../kit/fake-clock.ts';
import { openUpstream, outcomeOf, sleep, until } from '../kit/upstream-under-test.ts';

const result = '{"jsonrpc":"2.0","id":1,"result":{}}';
const event = (json: string) => `data: ${json}\n\n`;
/** Time-outs are looked at every 100 ms, so that one that had passed would have been found within this. */
const looksMs = 250;
const bodyOf = async (request: RawRequest) => (await request.body).toString();

describe('time-outs', () => {
  test('connect: nothing was sent, so even a call that may not be repeated is, elsewhere', async () => {
    // It accepts the connection and never says a word of TLS.
    await using mute = await rawUpstream(() => undefined);
    await using b = await rawUpstream(request => request.answer('200 OK', jsonType, result));
    const url = mute.url.replace('http:', 'https:');
    await using gateway = openUpstream([url, b.url], { config: { timeouts: { connect: '1s' } } });
    expect(await gateway.ask({ tool: 'delete' })).toMatchObject({ status: 200, tried: ['a', 'b'] });
    await using alone = openUpstream([url], { config: { timeouts: { connect: '200ms' }, retries: { attempts: 1 } } });
    expect((await alone.ask({})).error).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      facts: { upstream: 'test', phase: 'connect', may_have_executed: false },
    });
  });

  test('an attempt whose credentials were refused leaves no clock behind', async () => {
    await using a = await rawUpstream(async request => {
      if (request.field('authorization') === 'old') return request.answer('401 Unauthorized', {}, '');
      await sleep(500);
      return request.answer('200 OK', jsonType, result);
    });
    let token = 'old';
    const rejected = () => {
      token = 'new';
      return true;
    };
    await using gateway = openUpstream([a.url], {
      config: { timeouts: { idle: '200ms' } },
      credentials: { headers: () => ['Authorization', token], rejected },
    });
    expect(await gateway.ask({ tool: 't' })).toMatchObject({ status: 200, error: undefined });
  });

  test('first byte: by method and tool; the connection is closed; a legacy server is told that nobody waits', async () => {
    const cancels: { body: string; session: string | undefined; version: string | undefined }[] = [];
    let isClosed = false;
    await using a = await rawUpstream(async request => {
      const body = await bodyOf(request);
      if (!body.includes('notifications/cancelled')) return void request.closed.then(() => (isClosed = true));
      cancels.push({ body, session: request.field('mcp-session-id'), version: request.field('mcp-protocol-version') });
      return request.answer('202 Accepted', {}, '');
    });
    await using gateway = openUpstream([a.url], {
      config: { timeouts: { firstByte: '5s', listFirstByte: '200ms', tools: { 'quick_*': { firstByte: '300ms' } } } },
    });
    const startedAt = performance.now();
    const { error } = await gateway.ask({ tool: 'quick_look', id: 42, session: {} });
    const tookMs = performance.now() - startedAt;
    expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT', facts: { upstream: 'test', phase: 'first_byte', may_have_executed: true } });
    expect(tookMs).toBeGreaterThan(280);
    // That of the tool, and not that of the others.
    expect(tookMs).toBeLessThan(4500);
    await until(() => cancels.length === 1 && isClosed);
    expect(JSON.parse(cancels[0]?.body ?? '')).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 42 } });
    expect(cancels[0]).toMatchObject({ session: 'theirs-1', version: '2025-11-25' });
    // Modern: closing says it all. Nor is `initialize` ever cancelled.
    await gateway.ask({ tool: 'quick_look', era: 'modern' });
    await sleep(100);
    expect(cancels).toHaveLength(1);
  });

  test('idle: a stream that falls silent is cut, any part sets the clock anew', async () => {
    const clock = new FakeClock();
    await using a = await rawUpstream(request => request.startEvents());
    await using gateway = openUpstream([a.url], { config: { timeouts: { idle: '300ms' } }, clock });
    const { status, body } = await gateway.send(gateway.exchange({ tool: 't' }));
    let text = '';
    const cut = new Promise(fail => {
      body.start({ data: chunk => (text += Buffer.from(chunk).toString()) !== '', end: () => undefined, fail });
    });
    for (let at = 1; at <= 4; at += 1) {
      clock.pass(200);
      await sleep(looksMs);
      a.requests[0]?.chunk(': working\n\n');
      await until(() => text === ': working\n\n'.repeat(at));
    }
    clock.pass(300);
    expect([status, await cut]).toMatchObject([200, { code: 'UPSTREAM_TIMEOUT', facts: { phase: 'idle', may_have_executed: true } }]);
    expect(gateway.instance('a')).toMatchObject({ failureCount: 1, inFlight: 0 });
  });

  test('total: however busy it is', async () => {
    await using a = await rawUpstream(async request => {
      request.startEvents();
      for (let at = 0; at < 30 && !request.socket.destroyed; at += 1) {
        await sleep(50);
        request.chunk(': working\n\n');
      }
    });
    await using gateway = openUpstream([a.url], { config: { timeouts: { total: '500ms' } } });
    expect((await gateway.ask({ tool: 't' })).error?.facts['phase']).toBe('total');
  });

  test('while the client is asked something, no clock runs; its answer passes a full bulkhead', async () => {
    let call: RawRequest | undefined;
    const clock = new FakeClock();
    await using a = await rawUpstream(async request => {
      const body = await bodyOf(request);
      if (body.includes('"tools/call"')) {
        call = request;
        request.startEvents();
        request.chunk(event('{"jsonrpc":"2.0","id":"ask-1","method":"elicitation/create","params":{}}'));
        return;
      }
      request.answer('202 Accepted', {}, '');
      call?.chunk(event(result));
      call?.endChunks();
    });
    await using gateway = openUpstream([a.url], {
      config: { timeouts: { idle: '200ms', total: '400ms' }, bulkhead: { maxConcurrent: 1, maxQueue: 0 } },
      clock,
    });
    const { status, body } = await gateway.send(gateway.exchange({ tool: 't', session: {} }));
    let text = '';
    const over = new Promise((end, fail) => {
      body.start({ data: chunk => (text += Buffer.from(chunk).toString()) !== '', end, fail });
    });
    await until(() => text.includes('ask-1'));
    clock.pass(900);
    await sleep(looksMs);
    const answered = await gateway.ask({ body: { jsonrpc: '2.0', id: 'ask-1', result: {} }, session: {} });
    expect([status, answered.status]).toEqual([200, 202]);
    await over;
    expect(text).toContain(result);
  });

  test('nor while it is asked on the GET stream of its session; a ping there stops no clock', async () => {
    let call: RawRequest | undefined;
    let stream: RawRequest | undefined;
    const clock = new FakeClock();
    await using a = await rawUpstream(async request => {
      if (request.method === 'GET') {
        stream = request;
        return request.startEvents();
      }
      const body = await bodyOf(request);
      if (!body.includes('"tools/call"')) return request.answer('202 Accepted', {}, '');
      call = request;
    });
    await using gateway = openUpstream([a.url], { config: { timeouts: { firstByte: '400ms' } }, clock });
    const get = await gateway.send(gateway.exchange({ method: 'GET', session: {} }));
    let heard = '';
    get.body.start({ data: chunk => (heard += Buffer.from(chunk).toString()) !== '', end: () => undefined, fail: () => undefined });

    const asking = gateway.ask({ tool: 't', session: {} });
    await until(() => call !== undefined);
    stream?.chunk(event('{"jsonrpc":"2.0","id":"ask-1","method":"sampling/createMessage","params":{}}'));
    await until(() => heard.includes('ask-1'));
    clock.pass(900);
    await sleep(looksMs);
    await gateway.ask({ body: { jsonrpc: '2.0', id: 'ask-1', result: {} }, session: {} });
    call?.answer('200 OK', jsonType, result);
    expect((await asking).status).toBe(200);

    // A question that nobody answers is forgotten with the call that it was asked for.
    call = undefined;
    const unanswered = gateway.ask({ tool: 't', session: {} });
    await until(() => call !== undefined);
    stream?.chunk(event('{"jsonrpc":"2.0","id":"ask-3","method":"elicitation/create","params":{}}'));
    await until(() => heard.includes('ask-3'));
    (call as RawRequest | undefined)?.answer('200 OK', jsonType, result);
    expect((await unanswered).status).toBe(200);

    call = undefined;
    const pinged = gateway.ask({ tool: 't', session: {} });
    await until(() => call !== undefined);
    stream?.chunk(event('{"jsonrpc":"2.0","id":"ask-2","method":"ping"}'));
    await until(() => heard.includes('ask-2'));
    clock.pass(900);
    expect((await pinged).error).toMatchObject({ code: 'UPSTREAM_TIMEOUT', facts: { phase: 'first_byte' } });
  });

  test('a question that another session answers keeps nobody waiting', async () => {
    await using a = await rawUpstream(async request => {
      const body = await bodyOf(request);
      if (!body.includes('"tools/call"')) return request.answer('202 Accepted', {}, '');
      request.startEvents();
      return request.chunk(event('{"jsonrpc":"2.0","id":1,"method":"roots/list"}'));
    });
    await using gateway = openUpstream([a.url], { config: { timeouts: { idle: '200ms' } } });
    const asked = gateway.ask({ tool: 't', session: { id: 'one' } });
    await sleep(400);
    await gateway.ask({ body: { jsonrpc: '2.0', id: 1, result: {} }, session: { id: 'other' } });
    await sleep(300);
    await gateway.ask({ body: { jsonrpc: '2.0', id: 1, result: {} }, session: { id: 'one' } });
    expect((await asked).error?.facts['phase']).toBe('idle');
  });

  test('streams: a GET and a listen have a first byte in time and then no limit; they hold no slot and are counted apart', async () => {
    const clock = new FakeClock();
    await using a = await rawUpstream(async request => {
      if (request.method === 'GET' || (await bodyOf(request)).includes('listen')) request.startEvents();
      else request.answer('200 OK', jsonType, result);
    });
    await using gateway = openUpstream([a.url], {
      config: { timeouts: { idle: '200ms', total: '300ms' }, bulkhead: { maxConcurrent: 1, maxQueue: 0 } },
      clock,
    });
    const get = gateway.exchange({ method: 'GET', rawHeaders: ['Accept', 'text/event-stream'], session: {} });
    const stream = await gateway.send(get);
    const listen = outcomeOf(gateway.send(gateway.exchange({ rpc: 'subscriptions/listen', era: 'modern' })));
    const open = outcomeOf(Promise.resolve(stream));
    await until(() => gateway.instance('a').openStreams === 2);
    clock.pass(700);
    await sleep(looksMs);
    expect(gateway.instance('a')).toMatchObject({ openStreams: 2, inFlight: 0 });
    expect((await gateway.ask({})).status).toBe(200);
    for (const request of a.requests) request.endChunks();
    expect([(await open).error, (await listen).error]).toEqual([undefined, undefined]);
    expect(gateway.instance('a').openStreams).toBe(0);
  });
});

test('the bulkhead: so many at once, so many in line, the rest 50300; a client that leaves frees its place', async () => {
  const waiting: RawRequest[] = [];
  const clock = new FakeClock();
  await using a = await rawUpstream(request => waiting.push(request));
  await using gateway = openUpstream([a.url], {
    config: { bulkhead: { maxConcurrent: 2, maxQueue: 2, queueTimeout: '400ms' }, retries: { attempts: 1 } },
    clock,
  });
  const departure = new Departure();
  const running = [gateway.ask({}), gateway.ask({})];
  const leaving = gateway.ask({ departure });
  const queued = gateway.ask({ tool: 't' });
  await until(() => waiting.length === 2);
  expect(gateway.upstream.state()).toMatchObject({ queued: 2, maxConcurrent: 2, maxQueue: 2 });
  expect((await gateway.ask({})).error).toMatchObject({
    code: 'UNAVAILABLE',
    facts: { upstream: 'test', state: 'full', retry_after_ms: 1000, may_have_executed: false },
  });
  departure.happen();
  expect((await leaving).error?.code).toBe('CANCELLED');
  expect(gateway.upstream.state().queued).toBe(1);
  clock.pass(400);
  expect((await queued).error).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'full' } });
  const next = gateway.ask({ tool: 't' });
  for (const request of waiting.splice(0)) request.answer('200 OK', jsonType, result);
  for (const one of running) expect((await one).status).toBe(200);
  await until(() => waiting.length === 1);
  waiting[0]?.answer('200 OK', jsonType, result);
  expect((await next).status).toBe(200);
  expect(gateway.upstream.state()).toMatchObject({ queued: 0, rejectedCount: 2 });
  expect(gateway.instance('a').inFlight).toBe(0);
});

test('places are those of the upstream: an idle instance does not add to them', async () => {
  const waiting: RawRequest[] = [];
  await using a = await rawUpstream(request => waiting.push(request));
  await using b = await rawUpstream(request => waiting.push(request));
  await using gateway = openUpstream([a.url, b.url], { config: { bulkhead: { maxConcurrent: 1, maxQueue: 1 }, retries: { attempts: 1 } } });
  const both = [gateway.ask({}), gateway.ask({})];
  await until(() => waiting.length === 1);
  expect(gateway.upstream.state()).toMatchObject({ queued: 1, maxConcurrent: 1 });
  waiting.shift()?.answer('200 OK', jsonType, result);
  await until(() => waiting.length === 1);
  waiting.shift()?.answer('200 OK', jsonType, result);
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
});

test('a client that leaves in the middle closes the connection to the server and frees the slot', async () => {
  await using a = await rawUpstream(request => {
    request.startEvents();
    request.chunk(': hi\n\n');
  });
  await using gateway = openUpstream([a.url]);
  const answer = await gateway.send(gateway.exchange({ tool: 't' }));
  answer.body.start({ data: () => true, end: () => undefined, fail: () => undefined });
  await until(() => a.requests.length === 1);
  answer.body.abort();
  await a.requests[0]?.closed;
  expect(gateway.instance('a')).toMatchObject({ inFlight: 0, failureCount: 0 });
});

test('a silent event stream gets a comment every 15 s, which is no sign of life of the server', async () => {
  const clock = new FakeClock();
  await using a = await rawUpstream(request => {
    request.startEvents();
    request.chunk(event('{"jsonrpc":"2.0","method":"notifications/progress"}'));
  });
  await using gateway = openUpstream([a.url], { clock });
  const asked = gateway.ask({ tool: 't' });
  await until(() => a.requests.length === 1);
  for (let at = 0; at < 8; at += 1) {
    await sleep(250);
    clock.pass(15_000);
  }
  await sleep(250);
  const { text, error } = await asked;
  expect(text.split(': keep-alive\n\n')).toHaveLength(8);
  expect(error?.facts['phase']).toBe('idle');
});

test('the result on a stream is the success, whatever still comes; a clean end without one is a failure that the client learns', async () => {
  await using a = await rawUpstream(async request => {
    const body = await bodyOf(request);
    if (body.includes('"break"')) request.answer('500 Internal Server Error', {}, '');
    else request.startEvents();
    if (body.includes('"good"')) request.chunk(event(result));
    else if (body.includes('"lost"')) request.endChunks();
    else if (body.includes('"resumable"')) {
      request.chunk('id: 1\ndata:\n\n');
      request.endChunks();
    }
  });
  await using gateway = openUpstream([a.url]);
  for (let count = 0; count < 4; count += 1) await gateway.ask({ tool: 'break' });
  expect(gateway.instance('a').breaker.consecutiveFailures).toBe(4);
  const answer = await gateway.send(gateway.exchange({ tool: 'good' }));
  answer.body.start({ data: () => true, end: () => undefined, fail: () => undefined });
  await until(() => gateway.instance('a').breaker.consecutiveFailures === 0);
  expect(gateway.instance('a').inFlight).toBe(1);
  answer.body.abort();
  expect((await gateway.ask({ tool: 'lost' })).error).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { may_have_executed: true } });
  expect(gateway.instance('a').breaker.consecutiveFailures).toBe(1);
  // 2025-11-25, polling: the client fetches the rest with Last-Event-ID.
  expect(await gateway.ask({ tool: 'resumable' })).toMatchObject({ status: 200, error: undefined });
  expect(gateway.instance('a').breaker.consecutiveFailures).toBe(1);
});
