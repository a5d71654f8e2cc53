import { describe, expect, test } from 'vitest';
import { anExchange, anAnswer, type ExchangeWish } from '../../../test/kit/an-exchange.ts';
import type { Exchange, Guarded } from '../../../test/kit/exchange-types.ts';
import { FakeClock } from '../../../test/kit/fake-clock.ts';
import { quickest } from '../../../test/kit/quickest.ts';
import { RetriesConfig } from '../../shared/config/schema.ts';
import { TrafficError, type ErrorCode } from '../../shared/errors/error-table.ts';
import type { Verdict } from '../pipeline/stage.ts';
import type { ToolMeta } from '../pipeline/tool-catalogue.ts';
import { retry } from './retry.ts';

/** As a listener without guards makes it. */
function omit({ guard, ...rest }: Guarded): Exchange {
  expect(guard).toBeDefined();
  return rest;
}

type Script = (attempt: number) => Verdict | TrafficError;

const answer = (status: number, onAbort = () => undefined): Verdict => {
  const made = anAnswer({ status });
  return { kind: 'answer', answer: { ...made, body: { ...made.body, abort: onAbort } } };
};
const failure = (code: ErrorCode, facts: Record<string, unknown> = {}) => new TrafficError(code, `${code} happened.`, { facts });
const refused = failure('UPSTREAM_DOWN', { may_have_executed: false });
const broke = failure('UPSTREAM_BROKE', { may_have_executed: true });
const slow = failure('UPSTREAM_TIMEOUT', { phase: 'first_byte', may_have_executed: true });
const ok = answer(200);

const rpc = (method: string, params = {}): ExchangeWish => ({ body: { jsonrpc: '2.0', id: 1, method, params } });
const call = (name: string) => rpc('tools/call', { name });

function setUp(config: Partial<RetriesConfig> = {}, meta: Partial<Record<string, ToolMeta>> = {}) {
  const clock = new FakeClock();
  const parsed = { ...RetriesConfig.parse({}), ...config };
  const stage = retry({ configFor: () => parsed, catalogue: { meta: (_, tool) => meta[tool] }, clock, random: () => 0 });
  const run = async (wish: ExchangeWish, script: Script) => {
    const exchange = anExchange(wish);
    let attempts = 0;
    const outcome = await stage
      .handle(exchange, () => {
        attempts += 1;
        const result = script(attempts);
        return result instanceof TrafficError ? Promise.reject(result) : Promise.resolve(result);
      })
      .then(
        verdict => (verdict.kind === 'answer' ? verdict.answer.status : verdict.code),
        (error: TrafficError) => error.code,
      );
    return { attempts, outcome, decisions: exchange.guard.decisions };
  };
  return { clock, run, stage };
}

/** Attempts that a request gets when each goes wrong in this way. */
const attemptsOf = async (wish: ExchangeWish, result: Verdict | TrafficError, setup = setUp()) =>
  (await setup.run(wish, () => result)).attempts;

describe('which requests get another attempt', () => {
  test.each([
    'tools/list',
    'prompts/list',
    'resources/list',
    'resources/templates/list',
    'resources/read',
    'prompts/get',
    'completion/complete',
    'server/discover',
    'ping',
  ])('%s: after whatever came before the first byte', async method => {
    for (const result of [refused, broke, slow, answer(502), answer(503), answer(504)])
      expect(await attemptsOf(rpc(method), result)).toBe(3);
    for (const result of [answer(500), answer(429), answer(404), answer(200)]) expect(await attemptsOf(rpc(method), result)).toBe(1);
  });

  test.each([
    ['a tool', call('write')],
    ['initialize', rpc('initialize')],
    ['an unknown method', rpc('x/list')],
    ['a notification', { body: { jsonrpc: '2.0', method: 'notifications/initialized' } }],
    ['an answer', { body: { jsonrpc: '2.0', id: 1, result: {} } }],
    ['GET', { method: 'GET' }],
    ['DELETE', { method: 'DELETE' }],
  ] as const)('%s: only where nothing was sent', async (_, wish) => {
    expect(await attemptsOf(wish, refused)).toBe(3);
    expect(await attemptsOf(wish, failure('UPSTREAM_TIMEOUT', { phase: 'connect', may_have_executed: false }))).toBe(3);
    expect(await attemptsOf(wish, failure('UPSTREAM_BROKE', { may_have_executed: false }))).toBe(3);
    for (const result of [broke, slow, answer(503)]) expect(await attemptsOf(wish, result)).toBe(1);
  });

  test('a tool that the operator names, or whose hints are trusted and unchanged', async () => {
    expect(await attemptsOf(call('get_user'), broke, setUp({ tools: ['get_*'] }))).toBe(3);
    expect(await attemptsOf(call('set_user'), broke, setUp({ tools: ['get_*'] }))).toBe(1);
    const meta = {
      reads: { readOnly: true, pinned: 'same' },
      puts: { idempotent: true, pinned: 'same' },
      writes: { readOnly: false, pinned: 'same' },
      changed: { readOnly: true, pinned: 'changed' },
    } as const;
    for (const [tool, attempts] of [
      ['reads', 3],
      ['puts', 3],
      ['writes', 1],
      ['changed', 1],
      ['unheard-of', 1],
    ] as const) {
      expect(await attemptsOf(call(tool), broke, setUp({ trustAnnotations: true }, meta))).toBe(attempts);
      expect(await attemptsOf(call(tool), broke, setUp({}, meta))).toBe(1);
    }
  });

  test('a batch only when every element may', async () => {
    const batch = (...methods: string[]): ExchangeWish => ({
      body: methods.map((method, id) => ({ jsonrpc: '2.0', id, method, params: { name: 'x' } })),
    });
    expect(await attemptsOf(batch('ping', 'tools/list'), broke)).toBe(3);
    expect(await attemptsOf(batch('ping', 'tools/call'), broke)).toBe(1);
    expect(await attemptsOf(batch('ping', 'tools/call'), refused)).toBe(3);
  });

  test('refusals, lost sessions, bad credentials, defects and an open breaker stand; a half-open one is waited for', async () => {
    const refusal: Verdict = { kind: 'refuse', stage: 'x', code: 'DENIED', reason: 'no' };
    for (const result of [refusal, failure('SESSION_LOST'), failure('UPSTREAM_AUTH', { may_have_executed: false }), failure('INTERNAL')])
      expect(await attemptsOf(rpc('ping'), result)).toBe(1);
    const unavailable = (state: string, retry_after_ms: number) =>
      failure('UNAVAILABLE', { state, retry_after_ms, may_have_executed: false });
    expect(await attemptsOf(rpc('ping'), unavailable('open', 100))).toBe(1);
    expect(await attemptsOf(rpc('ping'), unavailable('full', 100))).toBe(1);
    expect(await attemptsOf(rpc('ping'), unavailable('half-open', 20))).toBe(3);
    expect(await attemptsOf(rpc('ping'), failure('UPSTREAM_TIMEOUT', { phase: 'total', may_have_executed: true }))).toBe(1);
  });
});

test('it ends with the first success, notes every attempt, lets go of answers that were not good enough, and tells the last failure', async () => {
  const { run } = setUp();
  let abortCount = 0;
  const unavailable = answer(503, () => void (abortCount += 1));
  const good = await run(rpc('ping'), attempt => (attempt === 1 ? unavailable : attempt === 2 ? refused : ok));
  expect(good).toMatchObject({ attempts: 3, outcome: 200 });
  expect(good.decisions).toEqual([
    { stage: 'retry', kind: 'changed', reason: 'attempt 2 of 3: it was answered 503' },
    { stage: 'retry', kind: 'changed', reason: 'attempt 3 of 3: UPSTREAM_DOWN happened.' },
  ]);
  expect(abortCount).toBe(1);
  const bad = await run(rpc('ping'), attempt => (attempt < 3 ? refused : unavailable));
  expect(bad).toMatchObject({ attempts: 3, outcome: 503 });
  expect(abortCount).toBe(1);
});

test('attempts are counted: one means none', async () => {
  expect(await attemptsOf(rpc('ping'), refused, setUp({ attempts: 1 }))).toBe(1);
  expect(await attemptsOf(rpc('ping'), refused, setUp({ attempts: 2 }))).toBe(2);
});

test('a budget of nothing means none, not even the few of a quiet gateway', async () => {
  expect(await attemptsOf(rpc('ping'), refused, setUp({ budget: 0 }))).toBe(1);
});

test('the budget: a fifth of the calls once what a quiet gateway has is spent, and one a second for a quiet one', async () => {
  const { run, clock } = setUp({ attempts: 2 });
  let retries = 0;
  const many = async (count: number) => {
    retries = 0;
    for (let at = 0; at < count; at += 1) retries += (await run(rpc('ping'), () => refused)).attempts - 1;
    return retries;
  };
  expect(await many(10)).toBe(10);
  await many(10);
  expect(await many(100)).toBeGreaterThanOrEqual(19);
  expect(retries).toBeLessThanOrEqual(21);
  const { decisions } = await run(rpc('ping'), () => refused).then(first =>
    first.attempts === 1 ? first : run(rpc('ping'), () => refused),
  );
  expect(decisions).toMatchObject([{ stage: 'retry', kind: 'logged' }]);
  clock.pass(5000);
  expect(await many(5)).toBe(5);
});

test('a client that leaves while we wait is not kept, and its request not sent again', async () => {
  const keptMs = await quickest(200, async () => {
    const { stage } = setUp();
    const exchange = anExchange(rpc('ping'));
    let attempts = 0;
    const outcome = stage.handle(exchange, () => {
      attempts += 1;
      return Promise.reject(failure('UNAVAILABLE', { state: 'half-open', retry_after_ms: 250 }));
    });
    const startedAt = performance.now();
    setTimeout(() => exchange.departure.happen(), 10);
    await expect(outcome).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(attempts).toBe(1);
    return performance.now() - startedAt;
  });
  expect(keptMs).toBeLessThan(200);
});

test('a transparent route is left alone', async () => {
  const { stage } = setUp();
  const transparent: Exchange = omit(anExchange(rpc('ping')));
  await expect(stage.handle(transparent, () => Promise.reject(refused))).rejects.toBe(refused);
});
