/** The stages of limits: order of tiers, and that concurrency is given back however a call ends. */
import { expect, test } from 'vitest';
import { anAnswer, anExchange, answering, bodyText } from '../../../test/kit/an-exchange.ts';
import type { Next } from '../../../test/kit/exchange-types.ts';
import { LimitConfig } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { RateLimiter } from '../pipeline/limits/rate-limiter.ts';
import type { BodySink } from '../pipeline/stage.ts';
import { systemClock } from '../ports.ts';
import { limitIp } from './limit-ip.ts';
import { limitRate } from './limit-rate.ts';

function limiterOf(limits: readonly Record<string, unknown>[]): RateLimiter {
  const limiter = new RateLimiter({ clock: systemClock, random: () => 0 });
  limiter.apply(limiter.prepare(limits.map(limit => LimitConfig.parse({ algorithm: 'sliding-window', limit: 1000, ...limit }))));
  return limiter;
}

const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'a' } };
const inFlight = (limiter: RateLimiter) => limiter.state().keys[0]?.inFlight;

test('the address is charged first and alone, all others later and together', async () => {
  const limiter = limiterOf([
    { id: 'i', tier: 'ip', limit: 2 },
    { id: 'g', tier: 'global', limit: 1 },
  ]);
  const [ip, rate] = [limitIp({ limiter }), limitRate({ limiter })];
  const ask = () => {
    const exchange = anExchange({ body: call });
    return ip.handle(exchange, inner => rate.handle(inner, answering()));
  };
  const verdicts = [await ask(), await ask(), await ask()];
  expect(verdicts.map(verdict => (verdict.kind === 'refuse' ? verdict.stage : verdict.kind))).toEqual(['answer', 'limit-rate', 'limit-ip']);
});

test('concurrency is held until the body of the answer is over', async () => {
  const limiter = limiterOf([{ id: 'g', tier: 'global', concurrency: 5 }]);
  const stage = limitRate({ limiter });
  let sink: BodySink | undefined;
  const open = { start: (given: BodySink) => (sink = given) && undefined, resume: () => undefined, abort: () => undefined };
  const ask = async () => {
    const verdict = await stage.handle(anExchange({ body: call }), answering({ body: open }));
    if (verdict.kind !== 'answer') throw new Error('refused');
    return verdict.answer;
  };
  const ended = await ask();
  const text = bodyText(ended);
  expect(inFlight(limiter)).toBe(1);
  sink?.data(Buffer.from('x'));
  expect(inFlight(limiter)).toBe(1);
  sink?.end([]);
  expect([await text, inFlight(limiter)]).toEqual(['x', 0]);

  const failed = bodyText(await ask());
  sink?.fail(new TrafficError('UPSTREAM_BROKE', 'gone'));
  await expect(failed).rejects.toThrow('gone');
  expect(inFlight(limiter)).toBe(0);

  const left = await ask();
  void bodyText(left);
  left.body.abort();
  expect(inFlight(limiter)).toBe(0);
});

test('a call that fails or is refused further in gives back what it held, and stays paid', async () => {
  const limiter = limiterOf([{ id: 'g', tier: 'global', concurrency: 5 }]);
  const stage = limitRate({ limiter });
  const fails: Next = () => Promise.reject(new TrafficError('UPSTREAM_DOWN', 'down'));
  await expect(stage.handle(anExchange({ body: call }), fails)).rejects.toThrow('down');
  const refuses: Next = () => Promise.resolve({ kind: 'refuse', stage: 'retry', code: 'UNAVAILABLE', reason: 'open' });
  await stage.handle(anExchange({ body: call }), refuses);
  expect(limiter.state().keys[0]).toMatchObject({ inFlight: 0, admittedCount: 2, remaining: 998 });
});

test('limits that the server tells of itself do not stand beside ours', async () => {
  const theirs = answering({ rawHeaders: ['X-RateLimit-Limit', '9', 'ratelimit', '"a";r=1', 'X-Other', '1'] });
  const headers = async (limits: readonly Record<string, unknown>[]) => {
    const verdict = await limitRate({ limiter: limiterOf(limits) }).handle(anExchange({ body: call }), theirs);
    return verdict.kind === 'answer' ? verdict.answer.rawHeaders : [];
  };
  expect(await headers([{ id: 'g', tier: 'global' }])).toEqual(['X-Other', '1']);
  expect(await headers([])).toHaveLength(6);
});

test('without a guard nothing is counted', async () => {
  const limiter = limiterOf([{ id: 'g', tier: 'global', limit: 1 }]);
  const { guard, ...plain } = anExchange({ body: call });
  expect(guard.items).toHaveLength(1);
  const next: Next = () => Promise.resolve({ kind: 'answer', answer: anAnswer() });
  for (const stage of [limitIp({ limiter }), limitRate({ limiter })])
    expect(await stage.handle(plain, next)).toMatchObject({ kind: 'answer' });
  expect(limiter.state().keyCount).toBe(0);
});
