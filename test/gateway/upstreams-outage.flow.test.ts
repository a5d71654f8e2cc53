/** Three servers, one of which fails in every way there is: no call is lost that may be repeated, and each breaker tells what it does. */
import { expect, test } from 'vitest';
import { FakeClock, LeapingClock } from '../kit/fake-clock.ts';
import { rawUpstream, jsonType, type RawRequest, type RawUpstream } from '../kit/raw-upstream.ts';
import { openUpstream, outcomeOf, sleep, until, type ConfigWish, type Open, type Outcome } from '../kit/upstream-under-test.ts';

type Manner = 'well' | 'down' | 'unavailable' | 'hanging' | 'cutting' | 'slow' | 'babbling';

const result = (id: string) => `{"jsonrpc":"2.0","id":${id},"result":{"tools":[]}}`;

/** A server whose manners a test changes. `down`: it closes each connection at once. */
async function server(): Promise<RawUpstream & { manner: Manner; probes: () => number; calls: () => number }> {
  let probes = 0;
  let calls = 0;
  const answer = async (request: RawRequest) => {
    const body = (await request.body).toString();
    const isProbe = body.includes('server/discover') || body.includes('"ping"');
    if (isProbe) probes += 1;
    else calls += 1;
    const id = /"id":("[^"]*"|\d+)/.exec(body)?.[1] ?? 'null';
    switch (self.manner) {
      case 'well':
        return request.answer('200 OK', jsonType, result(id));
      case 'down':
        return request.socket.destroy();
      case 'unavailable':
        return request.answer('503 Service Unavailable', {}, 'busy');
      case 'hanging':
        return undefined;
      case 'cutting':
        request.startEvents();
        request.chunk(': one moment\n\n');
        await sleep(5);
        return request.socket.destroy();
      case 'slow':
        await sleep(60);
        return request.answer('200 OK', jsonType, result(id));
      case 'babbling':
        return request.answer('200 OK', { 'Content-Type': 'text/html' }, '<html>It works!</html>');
    }
  };
  const raw = await rawUpstream(request => void answer(request).catch(() => undefined));
  const self = Object.assign(raw, { manner: 'well' as Manner, probes: () => probes, calls: () => calls });
  return self;
}

/** Failures are found out soon; pauses are longer than anything here takes, and pass when the test says so. */
const pauseMs = 20_000;
const quick: ConfigWish = {
  breaker: { open: '20s', slowStart: '20s' },
  timeouts: { firstByte: '500ms', listFirstByte: '300ms' },
};

async function askMany(gateway: Open, count: number, wish = {}): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < count; at += 1) outcomes.push(await gateway.ask({ id: at, ...wish }));
  return outcomes;
}

/** Closed, or half-open and found alive by the probe. */
const mayBeUsed = (gateway: Open, id: string) => gateway.instance(id).effectiveWeight > 0;
const lost = (outcomes: readonly Outcome[]) => outcomes.filter(({ status, error }) => status !== 200 || error !== undefined);
const told = (gateway: Open) => gateway.breakers().map(({ instance, from, to }) => `${instance} ${from} → ${to}`);

test.each([
  ['unavailable', 'HTTP 503'],
  ['down', 'was reached, but it closed before it answered'],
  ['hanging', 'did not begin to answer within 0.3 s'],
  ['babbling', 'which is no JSON-RPC'],
] as const)(
  'one of three is %s: nothing is lost, its breaker opens after five failures, and closes when it is back',
  async (manner, reason) => {
    await using a = await server();
    await using b = await server();
    await using c = await server();
    const clock = new LeapingClock();
    await using gateway = openUpstream([a.url, b.url, c.url], { config: quick, clock });
    expect(lost(await askMany(gateway, 6))).toEqual([]);
    b.manner = manner;
    expect(lost(await askMany(gateway, 18))).toEqual([]);
    expect(told(gateway)).toEqual(['b closed → open']);
    expect(gateway.breakers()[0]?.reason).toContain('5 failures in a row');
    expect(gateway.breakers()[0]?.reason).toContain(reason);
    expect(gateway.instance('b')).toMatchObject({ failureCount: 5, effectiveWeight: 0, breaker: { word: 'open', consecutiveOpens: 1 } });
    const before = b.calls();
    expect(lost(await askMany(gateway, 9))).toEqual([]);
    expect(b.calls()).toBe(before);
    // Its pause passes, and the probe finds it as it was.
    clock.pass(pauseMs);
    await until(() => told(gateway).length >= 3);
    expect(told(gateway)).toEqual(['b closed → open', 'b open → half-open', 'b half-open → open']);
    expect(gateway.breakers()[2]?.reason).toContain('the probe failed');
    expect(b.calls()).toBe(before);
    expect(gateway.instance('b').breaker.consecutiveOpens).toBe(2);
    b.manner = 'well';
    clock.pass(2 * pauseMs);
    await until(() => mayBeUsed(gateway, 'b'));
    expect(lost(await askMany(gateway, 12))).toEqual([]);
    expect(told(gateway).slice(3)).toEqual(['b open → half-open', 'b half-open → closed']);
    expect(gateway.breakers().at(-1)?.reason).toBe('3 calls succeeded');
    expect(gateway.instance('b').effectiveWeight).toBeLessThan(1);
    clock.pass(pauseMs);
    expect(gateway.instance('b').effectiveWeight).toBe(1);
  },
);

test('one of three refuses connections: even calls that may not be repeated are not lost', async () => {
  await using a = await server();
  await using b = await server();
  const c = await server();
  const { url } = c;
  await c[Symbol.asyncDispose]();
  await using gateway = openUpstream([a.url, b.url, url], { config: quick });
  const outcomes = await askMany(gateway, 20, { tool: 'delete_everything' });
  expect(lost(outcomes)).toEqual([]);
  expect(a.calls() + b.calls()).toBe(20);
  expect(told(gateway)[0]).toBe('c closed → open');
  const again = outcomes.filter(({ tried }) => tried.length > 1);
  expect(again).toHaveLength(5);
  expect(again[0]?.exchange.guard.decisions).toEqual([
    { stage: 'retry', kind: 'changed', reason: expect.stringContaining('attempt 2 of 3: ') as string },
  ]);
  expect(gateway.upstream.state().retryCount).toBe(5);
});

test('what may have had effects is not repeated, says so, and counts against the server', async () => {
  await using a = await server();
  a.manner = 'down';
  await using gateway = openUpstream([a.url], { config: quick });
  const { error, tried } = await gateway.ask({ tool: 'delete' });
  expect(error).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { upstream: 'test', may_have_executed: true } });
  expect(tried).toEqual(['a']);
  a.manner = 'unavailable';
  expect(await gateway.ask({ tool: 'delete' })).toMatchObject({ status: 503, text: 'busy', tried: ['a'] });
  a.manner = 'hanging';
  const late = await gateway.ask({ tool: 'delete' });
  expect(late.error).toMatchObject({ code: 'UPSTREAM_TIMEOUT', facts: { upstream: 'test', phase: 'first_byte', may_have_executed: true } });
  expect(gateway.instance('a').breaker.consecutiveFailures).toBe(3);
});

test('streams that break off before their result: the client learns it, nothing is repeated, and the breaker opens', async () => {
  await using a = await server();
  await using b = await server();
  a.manner = 'cutting';
  await using gateway = openUpstream([a.url, b.url], { config: quick });
  const outcomes = await askMany(gateway, 12);
  const broken = lost(outcomes);
  expect(broken).toHaveLength(5);
  for (const { status, error, tried } of broken) {
    expect([status, tried]).toEqual([200, ['a']]);
    expect(error).toMatchObject({ code: 'UPSTREAM_BROKE', facts: { upstream: 'test', may_have_executed: true } });
  }
  expect(told(gateway)).toEqual(['a closed → open']);
});

test('a slow recovery: half-open lets one call through at a time, and the others go elsewhere', async () => {
  await using a = await server();
  await using b = await server();
  a.manner = 'unavailable';
  const clock = new LeapingClock();
  await using gateway = openUpstream([a.url, b.url], { config: quick, clock });
  await askMany(gateway, 12);
  expect(told(gateway)).toEqual(['a closed → open']);
  a.manner = 'slow';
  clock.pass(pauseMs);
  await until(() => mayBeUsed(gateway, 'a'));
  expect(gateway.instance('a').breaker.word).toBe('half-open');
  const before = a.calls();
  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, id) => gateway.ask({ id, tool: 't' })));
  expect(lost(outcomes)).toEqual([]);
  expect(a.calls() - before).toBe(1);
  await askMany(gateway, 6, { tool: 't' });
  await until(() => gateway.instance('a').breaker.word === 'closed');
});

test('a failure in half-open opens it again', async () => {
  await using a = await rawUpstream(async request => {
    const body = (await request.body).toString();
    if (body.includes('server/discover')) request.answer('400 Bad Request', jsonType, '{}');
    else request.answer('500 Internal Server Error', {}, '');
  });
  const clock = new LeapingClock();
  await using gateway = openUpstream([a.url], { config: { ...quick, retries: { attempts: 1 } }, clock });
  await askMany(gateway, 5);
  clock.pass(pauseMs);
  await until(() => mayBeUsed(gateway, 'a'));
  expect((await gateway.ask({})).status).toBe(500);
  expect(told(gateway)).toEqual(['a closed → open', 'a open → half-open', 'a half-open → open']);
});

test('all open: 50300 with the state and when to come back, nothing is sent, and no retry is wasted on it', async () => {
  await using a = await server();
  a.manner = 'unavailable';
  await using gateway = openUpstream([a.url], { config: { retries: { attempts: 1 } }, clock: new FakeClock() });
  await askMany(gateway, 5);
  const before = a.requests.length;
  const { error, tried } = await gateway.ask({});
  expect(error).toMatchObject({ code: 'UNAVAILABLE', facts: { upstream: 'test', state: 'open', may_have_executed: false } });
  expect(error?.facts['retry_after_ms']).toBe(5000);
  expect(tried).toEqual([]);
  expect(a.requests.length).toBe(before);
});

test('when every attempt fails the last failure is told', async () => {
  await using a = await server();
  await using b = await server();
  a.manner = 'down';
  b.manner = 'unavailable';
  await using gateway = openUpstream([a.url, b.url], { config: { retries: { attempts: 2 } } });
  const outcome = await gateway.ask({});
  expect(outcome).toMatchObject({ status: 503, tried: ['a', 'b'] });
});

test('not failures: JSON-RPC errors, tools that fail, 4xx, a client that leaves; and a 429 pauses without tripping', async () => {
  let answer = (request: RawRequest): void => request.answer('200 OK', jsonType, result('1'));
  await using a = await rawUpstream(request => answer(request));
  await using gateway = openUpstream([a.url], { clock: new FakeClock() });
  const answers: ((request: RawRequest) => void)[] = [
    request => request.answer('200 OK', jsonType, '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}'),
    request => request.answer('200 OK', jsonType, '{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}'),
    request => request.answer('400 Bad Request', {}, ''),
    request => request.answer('404 Not Found', jsonType, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}'),
    request => request.answer('501 Not Implemented', {}, ''),
  ];
  for (const one of answers) {
    answer = one;
    await askMany(gateway, 6, { tool: 't' });
  }
  answer = () => undefined;
  for (let count = 0; count < 6; count += 1) {
    const exchange = gateway.exchange({ tool: 't' });
    const sent = outcomeOf(gateway.send(exchange));
    await sleep(10);
    exchange.departure.happen();
    expect((await sent).error?.code).toBe('CANCELLED');
  }
  expect(gateway.instance('a')).toMatchObject({ failureCount: 0, inFlight: 0, breaker: { word: 'closed', consecutiveFailures: 0 } });
  answer = request => request.answer('429 Too Many Requests', { 'Retry-After': '120' }, 'slow down');
  expect(await gateway.ask({})).toMatchObject({ status: 429, text: 'slow down', tried: ['a'] });
  const { error } = await gateway.ask({});
  expect(error).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'paused' } });
  expect(error?.facts['retry_after_ms']).toBe(60_000);
  expect(gateway.breakers()).toEqual([]);
});

test('a breaker per tool: what hangs is cut off, the rest of the instance goes on', async () => {
  await using a = await rawUpstream(async request => {
    const body = (await request.body).toString();
    if (body.includes('"bad"')) request.answer('500 Internal Server Error', {}, '');
    else request.answer('200 OK', jsonType, result('1'));
  });
  await using gateway = openUpstream([a.url], { config: { breaker: { perTool: true } } });
  for (let count = 0; count < 5; count += 1) {
    await gateway.ask({ tool: 'bad' });
    await gateway.ask({ tool: 'good' });
  }
  expect(gateway.breakers()).toMatchObject([{ tool: 'bad', from: 'closed', to: 'open' }]);
  expect((await gateway.ask({ tool: 'bad' })).error).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'open' } });
  expect((await gateway.ask({ tool: 'good' })).status).toBe(200);
  expect(gateway.instance('a').tools.map(({ tool }) => tool)).toEqual(['bad']);
});

test('nobody to connect to says nothing about a tool', async () => {
  const a = await server();
  await using gateway = openUpstream([a.url], { config: { breaker: { perTool: true } } });
  await a[Symbol.asyncDispose]();
  await askMany(gateway, 5, { tool: 'innocent' });
  expect(gateway.breakers()).toHaveLength(1);
  expect(gateway.breakers()[0]).not.toHaveProperty('tool');
});

test('another attempt goes to another instance, even where a key belongs to one', async () => {
  await using a = await server();
  await using b = await server();
  await using c = await server();
  const servers = { a, b, c };
  await using gateway = openUpstream([a.url, b.url, c.url], { config: { affinity: 'args.x' }, affinityKey: () => 'always the same' });
  const home = (await gateway.ask({})).tried[0] as 'a' | 'b' | 'c';
  servers[home].manner = 'unavailable';
  const second = (await gateway.ask({})).tried;
  expect(second).toEqual([home, expect.not.stringMatching(home)]);
  servers[second[1] as 'a' | 'b' | 'c'].manner = 'unavailable';
  const third = (await gateway.ask({})).tried;
  expect(third.slice(0, 2)).toEqual(second);
  expect(new Set(third).size).toBe(3);
});
