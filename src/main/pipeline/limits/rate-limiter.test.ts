/** The limiter over whole requests: keys, tiers, all or nothing, costs, exemptions, reload, and what it tells. */
import { beforeEach, describe, expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { anExchange, type ExchangeWish } from '../../../../test/kit/an-exchange.ts';
import type { Guarded } from '../../../../test/kit/exchange-types.ts';
import { LimitConfig } from '../../../shared/config/schema.ts';
import type { Guard, Principal } from '../guard.ts';
import { ownAnswer } from '../../traffic/own-answer.ts';
import { RateLimiter, type Admission } from './rate-limiter.ts';
import type { Tier } from './prepare-limits.ts';

let nowUs = 0;
const clock = { now: () => 1_700_000_000_000 + nowUs / 1000, monotonicUs: () => nowUs };
const rest = new Set<Tier>(['global', 'user', 'session', 'endpoint']);
const ip = new Set<Tier>(['ip']);

beforeEach(() => {
  nowUs = 0;
});

function limiterOf(limits: readonly Record<string, unknown>[], random = () => 0, maxKeys = 1000): RateLimiter {
  const limiter = new RateLimiter({ clock, random, maxKeys });
  limiter.apply(limiter.prepare(configs(limits)));
  return limiter;
}

function configs(limits: readonly Record<string, unknown>[]): LimitConfig[] {
  return limits.map(limit => LimitConfig.parse({ algorithm: 'sliding-window', per: '1m', ...limit }));
}

interface Wish extends ExchangeWish {
  readonly guard?: Partial<Guard>;
}

function exchangeOf({ guard, ...wish }: Wish): Guarded {
  const exchange = anExchange(wish);
  return { ...exchange, guard: { ...exchange.guard, ...guard } };
}

const call = (tool: string, id: number | string = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: tool, arguments: {} },
});
const user = (id: string): Principal => ({ kind: 'token', id, scopes: [], roles: [], claims: {} });

function admit(limiter: RateLimiter, wish: Wish | Guarded, tiers = rest): Admission & { readonly guard: Guard } {
  const exchange = 'conversation' in wish ? wish : exchangeOf(wish);
  return { ...limiter.admit('limit-rate', tiers, exchange, exchange.guard), guard: exchange.guard };
}

const isAdmitted = (admission: Admission) => admission.kind === 'admitted';
const verdictOf = (admission: Admission) => (admission.kind === 'refused' ? admission.verdict : undefined);

describe('keys', () => {
  test('everybody shares the global tier; addresses, users and sessions have each their own', () => {
    const limiter = limiterOf([
      { id: 'g', tier: 'global', limit: 100 },
      { id: 'u', tier: 'user', limit: 1 },
    ]);
    const ask = (id: string) => isAdmitted(admit(limiter, { body: call('a'), guard: { principal: user(id) } }));
    expect([ask('ann'), ask('ann'), ask('bob')]).toEqual([true, false, true]);
    expect(limiter.state().keys.find(({ limitId }) => limitId === 'g')?.remaining).toBe(98);
  });

  test('a tier without a key is skipped', () => {
    const limiter = limiterOf([{ id: 'u', tier: 'user', limit: 1 }]);
    expect([1, 2, 3].map(() => isAdmitted(admit(limiter, { body: call('a') })))).toEqual([true, true, true]);
    const ips = limiterOf([{ id: 'i', tier: 'ip', limit: 1 }]);
    const stdio = { body: call('a'), guard: { client: { peerIp: '', ip: '' } } };
    expect([1, 2].map(() => isAdmitted(admit(ips, stdio, ip)))).toEqual([true, true]);
  });

  test('addresses of one IPv6 network are one', () => {
    const limiter = limiterOf([{ id: 'i', tier: 'ip', limit: 1 }]);
    const ask = (address: string) =>
      isAdmitted(admit(limiter, { body: call('a'), guard: { client: { peerIp: address, ip: address } } }, ip));
    expect([ask('2001:db8:1:1::1'), ask('2001:db8:1:1::2'), ask('2001:db8:1:2::1'), ask('::ffff:10.0.0.1'), ask('10.0.0.1')]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  test('a legacy session counts by its id, a request without one by who asks with which program', () => {
    const limiter = limiterOf([{ id: 's', tier: 'session', limit: 1 }]);
    const session = (id: string) => ({
      session: { id, principalId: 'anonymous', instanceId: 'a', upstreamSessionId: '', protocolVersion: '2025-11-25' },
    });
    const ask = (guard: Partial<Guard>) => isAdmitted(admit(limiter, { body: call('a'), guard }));
    expect([ask(session('one')), ask(session('one')), ask(session('two'))]).toEqual([true, false, true]);
    const named = (id: string, name: string) => ({ principal: user(id), client: { peerIp: '10.0.0.1', ip: '10.0.0.1', name } });
    expect([ask(named('ann', 'x')), ask(named('ann', 'x')), ask(named('ann', 'y')), ask(named('bob', 'x'))]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('an endpoint is a route, a method and a tool; of several limits the closest counts alone', () => {
    const limiter = limiterOf([
      { id: 'all', tier: 'endpoint', limit: 3 },
      { id: 'tools', tier: 'endpoint', limit: 2, match: { methods: ['tools/*'] } },
      { id: 'lists', tier: 'endpoint', limit: 1, match: { methods: ['*/list'] } },
      { id: 'deletes', tier: 'endpoint', limit: 1, match: { methods: ['tools/call'], tools: ['delete_*'] } },
    ]);
    const times = (body: unknown, path = '/mcp') =>
      Array.from({ length: 4 }, () => admit(limiter, { body, route: { path } })).filter(isAdmitted).length;
    expect([times(call('delete_a')), times(call('delete_b')), times(call('read')), times(call('read'), '/other')]).toEqual([1, 1, 2, 2]);
    const plain = (method: string) => ({ jsonrpc: '2.0', id: 1, method });
    expect([times(plain('tools/list')), times(plain('prompts/list')), times(plain('ping'))]).toEqual([2, 1, 3]);
  });

  test('a limit that is only watched displaces none that acts', () => {
    const limiter = limiterOf([
      { id: 'all', tier: 'endpoint', limit: 1 },
      { id: 'watched', tier: 'endpoint', limit: 9, match: { tools: ['delete'] }, mode: 'shadow' },
    ]);
    expect([isAdmitted(admit(limiter, { body: call('delete') })), isAdmitted(admit(limiter, { body: call('delete') }))]).toEqual([
      true,
      false,
    ]);
  });
});

describe('what is free', () => {
  test('the handshake, notifications and answers of the client', () => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 1 }]);
    const free = [
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} },
      { jsonrpc: '2.0', id: 1, method: 'server/discover', params: {} },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      { jsonrpc: '2.0', id: 9, result: {} },
    ];
    for (const body of [...free, ...free]) expect(isAdmitted(admit(limiter, { body }))).toBe(true);
    expect([isAdmitted(admit(limiter, { body: call('a') })), isAdmitted(admit(limiter, { body: call('a') }))]).toEqual([true, false]);
  });

  test('not what leaves out its id alone', () => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 1 }]);
    const body = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'a' } };
    expect([isAdmitted(admit(limiter, { body })), isAdmitted(admit(limiter, { body }))]).toEqual([true, false]);
  });

  test('a stream or what is no message costs the address, and nobody else', () => {
    const limiter = limiterOf([
      { id: 'i', tier: 'ip', limit: 1 },
      { id: 'g', tier: 'global', limit: 1 },
    ]);
    const get = { method: 'GET' };
    expect([isAdmitted(admit(limiter, get)), isAdmitted(admit(limiter, get))]).toEqual([true, true]);
    expect([isAdmitted(admit(limiter, get, ip)), isAdmitted(admit(limiter, get, ip))]).toEqual([true, false]);
  });

  test.each([
    [{ addresses: ['127.0.0.0/8'] }, true],
    [{ addresses: ['10.0.0.0/8'] }, false],
    [{ clients: ['bot-*'] }, true],
    [{ clients: ['key:ci'] }, true],
    [{ clients: ['other'] }, false],
    [{ when: 'client.name == "bot-1"' }, true],
    [{ when: '"admin" in principal.roles' }, false],
    [{ when: 'principal.claims.missing == 1' }, false],
  ])('exempt by %j: %s', (exempt, isExempt) => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 1, exempt }]);
    const guard = { principal: user('key:ci'), client: { peerIp: '127.0.0.1', ip: '127.0.0.1', name: 'bot-1' } };
    expect([1, 2].map(() => isAdmitted(admit(limiter, { body: call('a'), guard })))).toEqual([true, isExempt]);
  });
});

describe('all or nothing', () => {
  test('what one limit refuses, no limit pays for', () => {
    const limiter = limiterOf([
      { id: 'g', tier: 'global', limit: 10 },
      { id: 'u', tier: 'user', limit: 1 },
    ]);
    for (let at = 0; at < 5; at += 1) admit(limiter, { body: call('a'), guard: { principal: user('ann') } });
    const global = limiter.state().keys.find(({ limitId }) => limitId === 'g');
    expect([global?.remaining, global?.admittedCount]).toEqual([9, 1]);
  });

  test('a batch costs the sum of its messages, or nothing', () => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 5, costs: { big: 3 } }]);
    const batch = [call('big'), call('small', 2), { jsonrpc: '2.0', method: 'notifications/initialized' }];
    expect([isAdmitted(admit(limiter, { body: batch })), isAdmitted(admit(limiter, { body: batch }))]).toEqual([true, false]);
    expect(limiter.state().keys[0]?.remaining).toBe(1);
    const never = verdictOf(admit(limiter, { body: [call('big'), call('big', 2)] }));
    expect(never).toMatchObject({ reason: expect.stringContaining('can never be made') as string });
    expect(never?.kind === 'refuse' && never.facts).not.toHaveProperty('retry_after_ms');
  });

  test('holds for any limits and any calls', () => {
    const limits = fc.array(
      fc.record({ tier: fc.constantFrom('global', 'user', 'session', 'endpoint'), limit: fc.integer({ min: 1, max: 6 }) }),
      { minLength: 1, maxLength: 5 },
    );
    const calls = fc.array(fc.tuple(fc.constantFrom('ann', 'bob'), fc.constantFrom('a', 'b')), { maxLength: 30 });
    fc.assert(
      fc.property(limits, calls, (given, asked) => {
        const limiter = limiterOf(given.map((limit, at) => ({ id: `l${at}`, ...limit })));
        for (const [who, tool] of asked) {
          const before = limiter.state();
          const admission = admit(limiter, { body: call(tool), guard: { principal: user(who) } });
          const used = (state: typeof before) => state.keys.reduce((sum, { capacity, remaining }) => sum + capacity - remaining, 0);
          const charged = used(limiter.state()) - used(before);
          const endpoints = given.filter(({ tier }) => tier === 'endpoint').length;
          const applying = given.length - endpoints + Math.min(1, endpoints);
          expect(charged).toBe(admission.kind === 'admitted' ? applying : 0);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('costs go by tool or method; the closest name wins', () => {
  const limiter = limiterOf([
    { id: 'g', tier: 'global', limit: 100, costs: { 'tools/*': 2, 'delete_*': 10, delete_all: 50, 'prompts/list': 0 } },
  ]);
  const cost = (body: unknown) => {
    const before = limiter.state().keys[0]?.remaining ?? 100;
    admit(limiter, { body });
    return before - (limiter.state().keys[0]?.remaining ?? 100);
  };
  expect([
    cost(call('read')),
    cost(call('delete_a')),
    cost(call('delete_all')),
    cost({ jsonrpc: '2.0', id: 1, method: 'prompts/list' }),
    cost({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  ]).toEqual([2, 10, 50, 0, 1]);
});

describe('what a refusal says', () => {
  test('names the limit that takes longest to recover, how much it allows and how long to wait', () => {
    const limiter = limiterOf([
      { id: 'short', tier: 'global', algorithm: 'token-bucket', capacity: 1, refill: 60 },
      { id: 'long', tier: 'user', limit: 1 },
    ]);
    const guard = { principal: user('ann') };
    admit(limiter, { body: call('a'), guard });
    const refused = admit(limiter, { body: call('a'), guard });
    expect(verdictOf(refused)).toEqual({
      kind: 'refuse',
      stage: 'limit-rate',
      code: 'LIMITED',
      reason: 'The limit long allows 1 call per 60 s for this user, and it is used up. The next one is free in 61 s.',
      facts: { tier: 'user', limit: 1, window_s: 60, retry_after_ms: 60_001 },
    });
    expect(refused.guard.decisions).toEqual([
      { stage: 'limit-rate', kind: 'refused', id: 'long', tier: 'user', reason: expect.stringContaining('The limit long') as string },
    ]);
  });

  test('waiting times are drawn out by up to a tenth, so that clients do not come back together', () => {
    const wait = (random: () => number) => {
      const limiter = limiterOf([{ id: 'g', tier: 'global', algorithm: 'token-bucket', capacity: 1, refill: 6 }], random);
      admit(limiter, { body: call('a') });
      const verdict = verdictOf(admit(limiter, { body: call('a') }));
      return verdict?.kind === 'refuse' ? verdict.facts?.['retry_after_ms'] : undefined;
    };
    expect([wait(() => 0), wait(() => 0.5)]).toEqual([10_000, 10_500]);
  });

  test.each([
    [6, 0.9, '11 s'],
    [600, 0, '1 s'],
    [0.1, 0, '600 s'],
  ])('the words name the seconds of Retry-After (%d per minute)', (refill, random, said) => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', algorithm: 'token-bucket', capacity: 1, refill }], () => random);
    admit(limiter, { body: call('a') });
    const verdict = verdictOf(admit(limiter, { body: call('a') }));
    if (verdict?.kind !== 'refuse') throw new Error('expected a refusal');
    const asked = { idText: '1' };
    const { rawHeaders } = ownAnswer({ code: verdict.code, message: verdict.reason, facts: verdict.facts ?? {} }, asked);
    expect(verdict.reason).toContain(`The next one is free in ${said}.`);
    expect(rawHeaders.slice(-2)).toEqual(['Retry-After', said.replace(' s', '')]);
  });
});

test('every answer carries the fields of all limits, and of the tightest the older ones', () => {
  const limiter = limiterOf([
    { id: 'i', tier: 'ip', limit: 4 },
    { id: 'g', tier: 'global', algorithm: 'token-bucket', capacity: 10, refill: 60 },
    { id: 'u', tier: 'user', limit: 2 },
  ]);
  const exchange = exchangeOf({ body: call('a'), guard: { principal: user('ann') } });
  admit(limiter, exchange, ip);
  admit(limiter, exchange);
  // Both stages tell on the way back, and what both found stands there once.
  expect(exchange.guard.answerHeaders).toEqual([]);
  limiter.tell(exchange.guard);
  limiter.tell(exchange.guard);
  expect(exchange.guard.answerHeaders).toEqual([
    'RateLimit-Policy',
    '"i";q=4;w=60, "g";q=10;w=10, "u";q=2;w=60',
    'RateLimit',
    '"i";r=3;t=120, "g";r=9;t=1, "u";r=1;t=120',
    'X-RateLimit-Limit',
    '2',
    'X-RateLimit-Remaining',
    '1',
    'X-RateLimit-Reset',
    '120',
  ]);
  const free = exchangeOf({ body: { jsonrpc: '2.0', id: 1, method: 'initialize' }, guard: { principal: user('ann') } });
  admit(limiter, free);
  limiter.tell(free.guard);
  expect(free.guard.answerHeaders).toContain('"g";r=9;t=1, "u";r=1;t=120');
});

test.each([
  ['a notification', { body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } } }, '"g";r=2;t=0, "e";r=2;t=0'],
  ['an answer of the client', { body: { jsonrpc: '2.0', id: 9, result: {} } }, '"g";r=2;t=0'],
  ['a stream', { method: 'GET' }, '"g";r=2;t=0'],
])('%s is told where the limits stand, and charged by none', (_, wish: ExchangeWish, told) => {
  const limiter = limiterOf([
    { id: 'g', tier: 'global', limit: 2, concurrency: 1 },
    { id: 'e', tier: 'endpoint', limit: 2 },
  ]);
  for (let turn = 0; turn < 3; turn += 1) {
    const exchange = exchangeOf(wish);
    expect(admit(limiter, exchange).kind).toBe('admitted');
    limiter.tell(exchange.guard);
    expect(exchange.guard.answerHeaders).toContain(told);
  }
});

describe('concurrency', () => {
  test('is counted per key, refused when full, and given back once', () => {
    const limiter = limiterOf([{ id: 'u', tier: 'user', limit: 1000, concurrency: 2 }]);
    const ask = (id = 'ann') => admit(limiter, { body: call('a'), guard: { principal: user(id) } });
    const [first, second, third] = [ask(), ask(), ask()];
    expect([first.kind, second.kind, third.kind, ask('bob').kind]).toEqual(['admitted', 'admitted', 'refused', 'admitted']);
    expect(verdictOf(third)).toMatchObject({ facts: { tier: 'user', limit: 2, window_s: 0, retry_after_ms: 1000 } });
    expect(limiter.state().keys.find(({ key }) => key === 'ann')).toMatchObject({ inFlight: 2, maxInFlight: 2, admittedCount: 2 });
    if (first.kind === 'admitted') {
      first.release?.();
      first.release?.();
    }
    expect([ask().kind, ask().kind]).toEqual(['admitted', 'refused']);
  });

  test('streams and subscriptions hold nothing', () => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 1000, concurrency: 1 }]);
    const listen = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: {} };
    expect([admit(limiter, { body: listen }), admit(limiter, { body: listen }), admit(limiter, { method: 'GET' })].map(isAdmitted)).toEqual(
      [true, true, true],
    );
  });
});

describe('modes', () => {
  test('shadow counts what it would refuse and refuses nothing; off does not look', () => {
    const limiter = limiterOf([
      { id: 's', tier: 'global', limit: 1, mode: 'shadow' },
      { id: 'o', tier: 'global', limit: 1, mode: 'off' },
    ]);
    admit(limiter, { body: call('a') });
    const second = admit(limiter, { body: call('a') });
    expect([second.kind, second.guard.decisions]).toEqual([
      'admitted',
      [{ stage: 'limit-rate', kind: 'shadow', id: 's', tier: 'global', reason: expect.stringContaining('The limit s') as string }],
    ]);
    const state = limiter.state();
    expect(state).toMatchObject({ keyCount: 1, admittedCount: 2, refusedCount: 0, shadowCount: 1 });
    expect(state.keys).toMatchObject([{ limitId: 's', mode: 'shadow', admittedCount: 1, refusedCount: 1 }]);
    expect(second.guard.answerHeaders).toEqual([]);
  });
});

describe('tallies', () => {
  test('tell what each limit let through, also of those that are gone, and nothing of what is free or refused', () => {
    const limiter = limiterOf([
      { id: 'g', tier: 'global', limit: 2 },
      { id: 's', tier: 'global', limit: 1, mode: 'shadow' },
    ]);
    admit(limiter, { body: { jsonrpc: '2.0', id: 0, method: 'initialize', params: {} } });
    for (let at = 0; at < 3; at += 1) admit(limiter, { body: call('a') });
    limiter.apply(limiter.prepare(configs([{ id: 'g', tier: 'user', limit: 2 }])));
    admit(limiter, { body: call('a'), guard: { principal: user('ann') } });
    expect(limiter.tallies).toEqual([
      { id: 'g', tier: 'global', admittedCount: 2 },
      { id: 's', tier: 'global', admittedCount: 1 },
      { id: 'g', tier: 'user', admittedCount: 1 },
    ]);
  });
});

describe('reload', () => {
  test('keys of unchanged limits go on where they were; changed ones begin anew', () => {
    const limits = [
      { id: 'same', tier: 'global', limit: 2 },
      { id: 'other', tier: 'user', limit: 2 },
    ];
    const limiter = limiterOf(limits);
    const ask = () => admit(limiter, { body: call('a'), guard: { principal: user('ann') } });
    ask();
    limiter.apply(
      limiter.prepare(
        configs([
          { ...limits[0], mode: 'shadow' },
          { ...limits[1], limit: 3 },
        ]),
      ),
    );
    expect(limiter.state().keys.map(({ limitId, remaining, mode }) => [limitId, remaining, mode])).toEqual([['same', 1, 'shadow']]);
  });

  test('a limit that is wrong is told with its place, and nothing changes', () => {
    const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 1 }]);
    admit(limiter, { body: call('a') });
    const wrong = configs([
      { id: 'g', tier: 'global', limit: 5, costs: { a: 6 } },
      { id: 'g', tier: 'global', limit: 5, exempt: { addresses: ['10.0.0.0/99'], when: 'nobody == 1' } },
    ]);
    expect(() => limiter.prepare(wrong)).toThrow(
      expect.objectContaining({
        problems: [
          { path: 'limits[1].id', message: expect.stringContaining('twice') as string },
          { path: 'limits[0].costs["a"]', message: expect.stringContaining('at most 5') as string },
          { path: 'limits[1].exempt.addresses[0]', message: expect.stringContaining('10.0.0.0/8') as string },
          { path: 'limits[1].exempt.when', message: expect.stringContaining('There is no nobody') as string },
        ],
      }) as Error,
    );
    expect(isAdmitted(admit(limiter, { body: call('a') }))).toBe(false);
  });
});

describe('memory', () => {
  test('the key that was used longest ago goes when there are too many', () => {
    const limiter = limiterOf([{ id: 'u', tier: 'user', limit: 2 }], () => 0, 3);
    const ask = (id: string) => isAdmitted(admit(limiter, { body: call('a'), guard: { principal: user(id) } }));
    for (const id of ['a', 'b', 'c', 'a', 'd']) ask(id);
    expect(
      limiter
        .state()
        .keys.map(({ key }) => key)
        .sort(),
    ).toEqual(['a', 'c', 'd']);
    expect(ask('a')).toBe(false);
  });

  test('a key that is full again is forgotten', () => {
    const limiter = limiterOf([{ id: 'u', tier: 'user', algorithm: 'token-bucket', capacity: 5, refill: 60 }]);
    for (const id of ['a', 'b', 'c']) admit(limiter, { body: call('a'), guard: { principal: user(id) } });
    nowUs += 2_000_000;
    expect(limiter.state().keyCount).toBe(0);
  });

  test('names from outside do not become long keys', () => {
    const limiter = limiterOf([{ id: 'e', tier: 'endpoint', limit: 1 }]);
    admit(limiter, { body: call('x'.repeat(100_000)) });
    expect(limiter.state().keys[0]?.key).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('the live view shows the refused first, then the emptiest, 200 at most', () => {
    const limiter = limiterOf([{ id: 'u', tier: 'user', limit: 10 }]);
    const ask = (id: string, times: number) => {
      for (let at = 0; at < times; at += 1) admit(limiter, { body: call('a'), guard: { principal: user(id) } });
    };
    for (let at = 0; at < 500; at += 1) ask(`user-${at}`, 1 + (at % 3));
    ask('greedy', 11);
    const { keys, keyCount } = limiter.state();
    expect([keys.length, keyCount, keys[0]?.key, keys[1]?.remaining, keys.at(-1)?.remaining]).toEqual([200, 501, 'greedy', 7, 8]);
  });
});
