/** Which instance gets a request, how instances are found healthy, and what a change of the configuration keeps. */
import { describe, expect, test } from 'vitest';
import { anonymous } from '../../src/main/pipeline/guard.ts';
import type { ConnectInstance } from '../../src/main/upstreams/instance-connection.ts';
import { anAnswer } from '../kit/an-exchange.ts';
import { LeapingClock } from '../kit/fake-clock.ts';
import { jsonType, rawUpstream, type RawRequest, type RawUpstream } from '../kit/raw-upstream.ts';
import { openUpstream, outcomeOf, until, type ConfigWish, type Open, type Wish } from '../kit/upstream-under-test.ts';

const result = '{"jsonrpc":"2.0","id":1,"result":{}}';
const good = (request: RawRequest) => request.answer('200 OK', jsonType, result);

async function three(): Promise<{ a: RawUpstream; b: RawUpstream; c: RawUpstream } & AsyncDisposable> {
  const [a, b, c] = [await rawUpstream(good), await rawUpstream(good), await rawUpstream(good)];
  return {
    a,
    b,
    c,
    async [Symbol.asyncDispose]() {
      for (const one of [a, b, c]) await one[Symbol.asyncDispose]();
    },
  };
}

async function places(gateway: Open, count: number, wish: Wish = {}): Promise<string> {
  let all = '';
  for (let at = 0; at < count; at += 1) all += (await gateway.ask(wish)).tried.join('');
  return all;
}

describe('balancing and affinity', () => {
  test('weights 5, 1, 1 give a a b a c a a; round robin goes in turn; 0 and disabled get nothing', async () => {
    await using servers = await three();
    const { a, b, c } = servers;
    const instances = (...rest: object[]): ConfigWish => ({
      instances: [a, b, c].map(({ url }, at) => ({ id: 'abc'[at] as string, url, ...rest[at] })),
    });
    await using weighted = openUpstream([], {
      config: { ...instances({ weight: 5 }, { weight: 1 }, { weight: 1 }), balance: 'weighted-round-robin' },
    });
    expect(await places(weighted, 7)).toBe('aabacaa');
    await using inTurn = openUpstream([], { config: instances() });
    expect(await places(inTurn, 6)).toBe('abcabc');
    await using some = openUpstream([], { config: instances({ weight: 0 }, { disabled: true }) });
    expect(await places(some, 3)).toBe('ccc');
    // A weight of 0 drains: sessions that are there may go on.
    expect(await places(some, 2, { session: { instanceId: 'a' } })).toBe('aa');
    expect((await some.ask({ session: { instanceId: 'b' } })).error?.code).toBe('SESSION_LOST');
  });

  test('least connections counts requests under way, not open streams', async () => {
    const held: RawRequest[] = [];
    await using a = await rawUpstream(request => (request.method === 'GET' ? request.startEvents() : good(request)));
    await using b = await rawUpstream(request => held.push(request));
    await using gateway = openUpstream([a.url, b.url], { config: { balance: 'least-connections' } });
    for (let count = 0; count < 3; count += 1)
      void outcomeOf(gateway.send(gateway.exchange({ method: 'GET', session: { id: `s-${count}`, instanceId: 'a' } })));
    await until(() => gateway.instance('a').openStreams === 3);
    const first = gateway.ask({});
    const second = gateway.ask({});
    await until(() => held.length === 1);
    expect(await places(gateway, 3)).toBe('aaa');
    held[0]?.answer('200 OK', jsonType, result);
    expect(new Set([...(await first).tried, ...(await second).tried])).toEqual(new Set(['a', 'b']));
  });

  test('legacy sessions stay with their instance; one that is gone is 404, one that is only resting is 503', async () => {
    await using servers = await three();
    const { a, b, c } = servers;
    await using gateway = openUpstream([a.url, b.url, c.url]);
    const pinned: Wish = { session: { instanceId: 'b' }, tool: 't' };
    expect(await places(gateway, 5, pinned)).toBe('bbbbb');
    gateway.upstream.trip('b', 'for a test');
    const resting = await gateway.ask(pinned);
    expect(resting.error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'No instance of test can take a call now: it failed too often and is left alone for a while.',
      facts: { state: 'open' },
    });
    gateway.upstream.reset('b');
    expect((await gateway.ask({ session: { instanceId: 'nobody' } })).error).toMatchObject({
      code: 'SESSION_LOST',
      facts: { upstream: 'test', may_have_executed: false },
    });
    await b[Symbol.asyncDispose]();
    // Its connections break first; then nobody listens, and what it knew of the session is gone with it.
    const outcomes = [];
    for (let count = 0; count < 8; count += 1) outcomes.push((await gateway.ask(pinned)).error?.code);
    expect(outcomes.at(-1)).toBe('SESSION_LOST');
    expect(outcomes).not.toContain(undefined);
    expect((await gateway.ask({ tool: 't' })).status).toBe(200);
  });

  test('a session whose instance nobody listens at is lost with the first call that finds out, before any breaker', async () => {
    await using a = await rawUpstream(good);
    const b = await rawUpstream(good);
    await using gateway = openUpstream([a.url, b.url]);
    const pinned: Wish = { session: { instanceId: 'b' }, tool: 't' };
    await b[Symbol.asyncDispose]();
    expect((await gateway.ask(pinned)).error).toMatchObject({ code: 'SESSION_LOST', facts: { may_have_executed: false } });
    expect([b.requests.length, gateway.instance('b').breaker.word]).toEqual([0, 'closed']);
    expect((await gateway.ask({ tool: 't' })).status).toBe(200);
  });

  test('modern requests of one client of one principal stay together; an expression decides by its value', async () => {
    await using servers = await three();
    const { a, b, c } = servers;
    const urls = [a.url, b.url, c.url];
    await using gateway = openUpstream(urls, { config: { affinity: 'session' } });
    const homes = new Set<string>();
    for (let user = 0; user < 20; user += 1) {
      const seen = await places(gateway, 3, {
        era: 'modern',
        clientName: 'app',
        principal: { ...anonymous, kind: 'token', id: `user-${user}` },
      });
      expect(new Set(seen).size).toBe(1);
      homes.add(seen);
    }
    expect(homes.size).toBe(3);
    // The home is out: its requests go to one other instance, and come back.
    const wish: Wish = { era: 'modern', clientName: 'app', principal: { ...anonymous, kind: 'token', id: 'user-1' } };
    const home = (await places(gateway, 1, wish))[0] as string;
    gateway.upstream.isolate(home, true);
    const substitute = await places(gateway, 3, wish);
    expect(new Set(substitute).size).toBe(1);
    expect(substitute).not.toContain(home);
    gateway.upstream.isolate(home, false);
    expect(await places(gateway, 1, wish)).toBe(home);
    await using byTool = openUpstream(urls, {
      config: { affinity: 'args.tenant' },
      affinityKey: ({ guard }) => guard?.items[0]?.facts.target,
    });
    for (const tool of ['x', 'y', 'z']) expect(new Set(await places(byTool, 4, { tool })).size).toBe(1);
  });

  test('a person trips, isolates and resets; each is told once, and unknown instances are said to be so', async () => {
    await using servers = await three();
    const { a, b, c } = servers;
    await using gateway = openUpstream([a.url, b.url, c.url]);
    const { upstream } = gateway;
    expect(upstream.trip('a', 'maintenance')).toBe(true);
    expect(upstream.isolate('b', true)).toBe(true);
    expect(await places(gateway, 3)).toBe('ccc');
    expect((await gateway.ask({ session: { instanceId: 'b' } })).error).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'No instance of test can take a call now: its operator keeps calls from it.',
      facts: { state: 'isolated' },
    });
    expect(upstream.state().rejectedCount).toBe(1);
    expect([upstream.reset('a'), upstream.isolate('b', false), upstream.trip('x', ''), upstream.reset('x')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(gateway.breakers().map(({ instance, to, reason }) => [instance, to, reason])).toEqual([
      ['a', 'open', 'maintenance'],
      ['b', 'isolated', 'isolated by the operator'],
      ['a', 'closed', 'reset by the operator'],
      ['b', 'closed', 'taken back by the operator'],
    ]);
  });
});

describe('health', () => {
  const checks = (kind: string, rest = {}): ConfigWish => ({
    health: { kind, interval: '100ms', fastInterval: '100ms', timeout: '1s', fall: 2, rise: 2, ...rest } as NonNullable<
      ConfigWish['health']
    >,
  });
  const healthOf = (gateway: Open) =>
    gateway.events.filter(event => event.type === 'health').map(({ instance, isHealthy }) => `${instance} ${isHealthy}`);

  test('discover: out after failures, told, back after successes; an error answer is an answer; where the server stumbles, ping decides', async () => {
    let isWell = true;
    let stumbles = false;
    const seen: string[] = [];
    await using a = await rawUpstream(async request => {
      const body = (await request.body).toString();
      seen.push((JSON.parse(body) as { method: string }).method);
      if (!isWell) return request.answer('503 Service Unavailable', {}, '');
      if (stumbles && body.includes('discover')) return request.answer('500 Internal Server Error', {}, '');
      return request.answer('200 OK', jsonType, '{"jsonrpc":"2.0","id":"shadowcat-health","error":{"code":-32601,"message":"?"}}');
    });
    await using b = await rawUpstream(good);
    await using gateway = openUpstream([a.url, b.url], { config: checks('discover') });
    await until(() => seen.length > 2);
    expect(new Set(seen)).toEqual(new Set(['server/discover']));
    expect(a.requests[0]?.field('mcp-method')).toBe('server/discover');
    expect(gateway.instance('a')).toMatchObject({ isHealthy: true, healthReason: 'server/discover was answered' });
    isWell = false;
    await until(() => !gateway.instance('a').isHealthy);
    expect(await places(gateway, 3)).toBe('bbb');
    isWell = true;
    stumbles = true;
    await until(() => gateway.instance('a').isHealthy);
    expect(seen).toContain('ping');
    expect(healthOf(gateway)).toEqual(['a false', 'a true']);
  });

  test('an answer that is no JSON-RPC is no sign of life; neither is none at all', async () => {
    await using a = await rawUpstream(request => request.answer('200 OK', { 'Content-Type': 'text/html' }, '<html>'));
    await using b = await rawUpstream(() => undefined);
    await using gateway = openUpstream([a.url, b.url], { config: checks('discover', { timeout: '500ms' }) });
    await until(() => !gateway.instance('a').isHealthy && !gateway.instance('b').isHealthy);
    expect(gateway.instance('a').healthReason).toBe('the answer to server/discover is no JSON-RPC');
    expect(gateway.instance('b').healthReason).toBe('no answer within 500 ms');
    const { error } = await gateway.ask({});
    expect(error).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'unhealthy' } });
    expect(error?.facts['retry_after_ms']).toBeGreaterThan(0);
  });

  test('initialize: a whole session, ended', async () => {
    const seen: string[] = [];
    await using a = await rawUpstream(async request => {
      const body = (await request.body).toString();
      const session = request.field('mcp-session-id') ?? '-';
      seen.push(`${request.method} ${body === '' ? '' : (JSON.parse(body) as { method: string }).method} ${session}`);
      if (body.includes('"initialize"')) {
        request.startEvents({ 'Mcp-Session-Id': 'S' });
        request.chunk(`event: message\ndata: ${result}\n\n`);
      } else if (body.includes('notifications')) request.answer('202 Accepted', {}, '');
      else request.answer('200 OK', jsonType, result);
    });
    await using gateway = openUpstream([a.url], { config: checks('initialize', { interval: '10s', fastInterval: '1ms' }) });
    await until(() => seen.length === 4);
    expect(seen).toEqual(['POST initialize -', 'POST notifications/initialized S', 'POST ping S', 'DELETE  S']);
    await until(() => gateway.instance('a').healthReason === 'ping was answered');
  });

  test('http asks for its path, tcp for a connection', async () => {
    let status = '204 No Content';
    await using a = await rawUpstream(request => request.answer(status, {}, ''));
    await using web = openUpstream([a.url], { config: checks('http', { path: '/healthz?deep=1' }) });
    await until(() => web.instance('a').healthReason === 'GET /healthz?deep=1 was answered 204');
    expect(a.requests[0]).toMatchObject({ method: 'GET', path: '/healthz?deep=1' });
    status = '404 Not Found';
    await until(() => !web.instance('a').isHealthy);
    const b = await rawUpstream(good);
    await using tcp = openUpstream([b.url], { config: checks('tcp') });
    await until(() => tcp.instance('a').healthReason === 'it accepts connections');
    await b[Symbol.asyncDispose]();
    await until(() => !tcp.instance('a').isHealthy);
    expect(b.requests).toEqual([]);
    expect((await tcp.ask({ session: { instanceId: 'a' } })).error?.code).toBe('SESSION_LOST');
  });

  test('an instance that fails much more often than its siblings is ejected for a while, never more than half', async () => {
    let count = 0;
    await using a = await rawUpstream(request => {
      count += 1;
      if (count % 3 === 0) request.answer('500 Internal Server Error', {}, '');
      else good(request);
    });
    await using b = await rawUpstream(good);
    const clock = new LeapingClock();
    await using gateway = openUpstream([a.url, b.url], { config: { breaker: { open: '20s' } }, clock });
    await places(gateway, 50);
    await until(() => gateway.instance('a').ejectedUntil !== undefined);
    expect(await places(gateway, 3)).toBe('bbb');
    clock.pass(20_000);
    await until(() => gateway.instance('a').ejectedUntil === undefined);
    expect(await places(gateway, 2)).toContain('a');
    expect(healthOf(gateway)).toEqual(['a false', 'a true']);
    expect(gateway.breakers()).toEqual([]);
  });
});

describe('an instance that is a process', () => {
  /** Answers everything; exits when it is told to. */
  function fakeProcess() {
    let exit: (reason: string) => void = () => undefined;
    const self = { childCount: 1, sentCount: 0, exit: (reason: string) => exit(reason) };
    const connect: ConnectInstance = () => ({
      send() {
        self.sentCount += 1;
        return Promise.resolve(anAnswer({ text: result }));
      },
      close: () => Promise.resolve(),
      connections: () => ({ open: 0, idle: 0 }),
      childCount: () => self.childCount,
      onExit: listener => (exit = listener),
    });
    return { self, connect };
  }
  const config: ConfigWish = { instances: [{ id: 'a', command: 'server' }], breaker: { open: '20s' } };

  test('its exits open the breaker and take its sessions along; it is asked nothing for a check, and comes back', async () => {
    const { self, connect } = fakeProcess();
    const health = { kind: 'discover', interval: '100ms', fastInterval: '50ms', fall: 100 } as const;
    const clock = new LeapingClock();
    await using gateway = openUpstream([], { config: { ...config, health }, connect, clock });
    await until(() => gateway.instance('a').healthReason === '1 process runs');
    for (let count = 0; count < 5; count += 1) self.exit('exit code 1');
    expect(gateway.breakers()).toMatchObject([{ to: 'open', reason: '5 failures in a row; the last: exit code 1' }]);
    expect((await gateway.ask({ session: { instanceId: 'a' } })).error?.code).toBe('SESSION_LOST');
    self.childCount = 0;
    await until(() => gateway.instance('a').healthReason === 'no process is needed now');
    expect(self.sentCount).toBe(0);
    clock.pass(20_000);
    await until(() => gateway.instance('a').breaker.word === 'half-open' && gateway.instance('a').effectiveWeight > 0);
    for (let count = 0; count < 3; count += 1) expect((await gateway.ask({ tool: 't' })).status).toBe(200);
    expect(gateway.instance('a')).toMatchObject({ transport: 'stdio', address: 'server', breaker: { word: 'closed' } });
  });

  test('one that exits before every check is unhealthy', async () => {
    const { self, connect } = fakeProcess();
    self.childCount = 0;
    const health = { kind: 'process', interval: '100ms', fastInterval: '100ms', fall: 2 } as const;
    await using gateway = openUpstream([], { config: { ...config, health, breaker: { enabled: false } }, connect });
    const crashing = setInterval(() => self.exit('exit code 1'), 20);
    await until(() => !gateway.instance('a').isHealthy);
    clearInterval(crashing);
    expect(gateway.instance('a').healthReason).toBe('exit code 1');
    await until(() => gateway.instance('a').isHealthy);
  });
});

describe('a change of the configuration', () => {
  test('what is unchanged keeps its breaker and counters; what is new is connected; what is gone drains and closes', async () => {
    const held: RawRequest[] = [];
    await using a = await rawUpstream(good);
    await using b = await rawUpstream(request => held.push(request));
    await using c = await rawUpstream(good);
    await using gateway = openUpstream([a.url, b.url]);
    const under = gateway.ask({ tool: 't', session: { instanceId: 'b' } });
    await until(() => held.length === 1);
    await places(gateway, 1);
    gateway.upstream.trip('a', 'for a test');
    gateway.upstream.update(
      gateway.config({
        instances: [
          { id: 'a', url: a.url, weight: 3 },
          { id: 'c', url: c.url },
        ],
        balance: 'weighted-round-robin',
        bulkhead: { maxConcurrent: 7 },
      }),
    );
    expect(gateway.upstream.state()).toMatchObject({ balance: 'weighted-round-robin', maxConcurrent: 7 });
    expect(gateway.instance('a')).toMatchObject({ weight: 3, callCount: 1, breaker: { word: 'open', lastTripReason: 'for a test' } });
    expect(await places(gateway, 2)).toBe('cc');
    expect((await gateway.ask({ session: { instanceId: 'b' } })).error?.code).toBe('SESSION_LOST');
    held[0]?.answer('200 OK', jsonType, result);
    expect((await under).status).toBe(200);
    // At once, and not only when nobody would use the idle connection any more.
    let isClosed = false;
    void held[0]?.closed.then(() => (isClosed = true));
    await until(() => isClosed);
  });

  test('the same id at another address is another server; other pool settings are another connection to the same one', async () => {
    await using a = await rawUpstream(good);
    await using b = await rawUpstream(good);
    await using gateway = openUpstream([a.url]);
    gateway.upstream.trip('a', 'for a test');
    gateway.upstream.update(gateway.config({ pool: { maxIdle: 1 } }));
    expect(gateway.instance('a').breaker.word).toBe('open');
    gateway.upstream.update(gateway.config({ instances: [{ id: 'a', url: b.url }] }));
    expect(gateway.instance('a').breaker.word).toBe('closed');
    expect((await gateway.ask({})).status).toBe(200);
    expect(b.requests).toHaveLength(1);
  });

  test('one that cannot be connected changes nothing', async () => {
    await using a = await rawUpstream(good);
    await using gateway = openUpstream([a.url]);
    const bad = gateway.config({
      instances: [
        { id: 'c', url: a.url },
        { id: 'b', url: 'http://user:secret@127.0.0.1:1/mcp' },
      ],
    });
    expect(() => gateway.upstream.update(bad)).toThrow('user name');
    gateway.upstream.prepare(gateway.config({ instances: [{ id: 'x', url: a.url }] })).discard();
    expect(await places(gateway, 1)).toBe('a');
    expect(gateway.upstream.state().instances).toHaveLength(1);
  });

  test('credentials and names of key headers are those of the newest change, and stay where there is none', async () => {
    await using a = await rawUpstream(good);
    await using gateway = openUpstream([a.url], { keyHeaders: ['X-Old'] });
    const wish: Wish = { rawHeaders: ['X-Old', '1', 'X-New', '2', 'Content-Type', 'application/json'] };
    const seen = async () => {
      await gateway.ask(wish);
      return a.requests
        .at(-1)
        ?.fields.map(([name]) => name)
        .filter(name => /^X-(?:Old|New|Ours)$/.test(name));
    };
    expect(await seen()).toEqual(['X-New']);
    gateway.upstream.update(gateway.config({}), {
      keyHeaders: ['x-new'],
      credentials: { headers: () => ['X-Ours', '1'], rejected: () => false },
    });
    expect(await seen()).toEqual(['X-Old', 'X-Ours']);
    gateway.upstream.update(gateway.config({ bulkhead: {} }));
    expect(await seen()).toEqual(['X-Old', 'X-Ours']);
    // A change that names no credentials takes them back.
    gateway.upstream.update(gateway.config({}), { keyHeaders: ['x-new'] });
    expect(await seen()).toEqual(['X-Old']);
  });

  test('closing ends everything: calls under way, those in line, and those that come', async () => {
    await using a = await rawUpstream(() => undefined);
    const gateway = openUpstream([a.url], { config: { bulkhead: { maxConcurrent: 1 } } });
    const running = gateway.ask({ tool: 't' });
    const queued = gateway.ask({ tool: 't' });
    await until(() => a.requests.length === 1 && gateway.upstream.state().queued === 1);
    await gateway.upstream.close();
    expect((await running).error?.code).toBe('UPSTREAM_BROKE');
    expect((await queued).error?.code).toBe('SHUTTING_DOWN');
    expect((await gateway.ask({ tool: 't' })).error?.code).toBe('SHUTTING_DOWN');
  });
});
