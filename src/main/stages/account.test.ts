/** Every guarded exchange is told once, whatever ended it. */
import { expect, test } from 'vitest';
import { anAnswer, anExchange, answering, bodyText } from '../../../test/kit/an-exchange.ts';
import type { Next } from '../../../test/kit/exchange-types.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import { LiveAnswers } from '../pipeline/live-answers.ts';
import { silentLogger, systemClock } from '../ports.ts';
import { account } from './account.ts';

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet', arguments: { b: 1, a: 'secret' } } };

function setUp(keepsArguments = false) {
  const events: GatewayEvent[] = [];
  const live = new LiveAnswers();
  return {
    events,
    live,
    stage: account({
      clock: systemClock,
      emit: event => events.push(event),
      log: silentLogger,
      live,
      keepsArguments: () => keepsArguments,
    }),
  };
}

test('an answer is told when its body has ended, with its fields and no argument values', async () => {
  const { stage, events, live } = setUp();
  const verdict = await stage.handle(anExchange({ body: call }), answering({ text: '{"jsonrpc":"2.0","id":1,"result":{}}' }));
  expect([events.length, live.pendingCount]).toEqual([0, 1]);
  if (verdict.kind !== 'answer') throw new Error('expected an answer');
  expect(verdict.answer.rawHeaders).toEqual(['Content-Type', 'application/json', 'X-Correlation-Id', 'test-0001']);
  await bodyText(verdict.answer);
  expect(events).toMatchObject([
    {
      type: 'exchange',
      outcome: 'answered',
      status: 200,
      method: 'tools/call',
      target: 'greet',
      instance: 'a',
      attempts: 1,
      responseBytes: 36,
      isEventStream: false,
    },
  ]);
  expect(events[0]).toMatchObject({ argumentsDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as unknown });
  expect(JSON.stringify(events)).not.toContain('secret');
  expect(live.pendingCount).toBe(0);
});

test('the trace that the client named is told', async () => {
  const { stage, events } = setUp();
  const traced = ['Content-Type', 'application/json', 'traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'];
  const verdict = await stage.handle(anExchange({ body: call, rawHeaders: traced }), answering());
  if (verdict.kind === 'answer') await bodyText(verdict.answer);
  expect(events).toMatchObject([{ traceId: '0af7651916cd43dd8448eb211c80319c' }]);
});

test('whoever authenticated further in is told, not who nobody knew yet at the door', async () => {
  const { stage, events } = setUp();
  const verdict = await stage.handle(anExchange({ body: call }), exchange => {
    if (exchange.guard !== undefined) exchange.guard.journey.principalId = 'key:ci';
    return answering()(exchange);
  });
  if (verdict.kind === 'answer') await bodyText(verdict.answer);
  expect(events).toMatchObject([{ principalId: 'key:ci' }]);
});

test('arguments are kept where the configuration asks for them', async () => {
  const { stage, events } = setUp(true);
  const verdict = await stage.handle(anExchange({ body: call }), answering());
  if (verdict.kind === 'answer') await bodyText(verdict.answer);
  expect(events).toMatchObject([{ argumentsDigest: '{"b":1,"a":"secret"}' }]);
});

test.each([false, true])('arguments nested deeper than calls can be are told of like all others, kept as they are: %s', async keeps => {
  const { stage, events } = setUp(keeps);
  const depth = 100_000;
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}}`;
  const verdict = await stage.handle(anExchange({ body }), answering());
  if (verdict.kind === 'answer') await bodyText(verdict.answer);
  expect(events).toMatchObject([{ type: 'exchange', target: 't' }]);
});

test.each([
  ['{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}', '-32602'],
  ['{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}', 'tool'],
  ['{"jsonrpc":"2.0","id":1,"result":{"text":"an \\"error\\": 1"}}', undefined],
])('the kind of error is told: %s', async (text, expected) => {
  const { stage, events } = setUp();
  const verdict = await stage.handle(anExchange({ body: call }), answering({ text }));
  if (verdict.kind === 'answer') await bodyText(verdict.answer);
  expect((events[0] as { errorType?: string }).errorType).toBe(expected);
});

test('a refusal, a failure and a defect are told as what they are', async () => {
  const { stage, events } = setUp();
  const refusing: Next = () => Promise.resolve({ kind: 'refuse', stage: 'limit-rate', code: 'LIMITED', reason: 'Too many.' });
  const failing: Next = () => Promise.reject(new TrafficError('UPSTREAM_TIMEOUT', 'Too slow.'));
  const broken: Next = () => Promise.reject(new Error('a bug'));
  await stage.handle(anExchange({ body: call }), refusing);
  await expect(stage.handle(anExchange({ body: call }), failing)).rejects.toThrow('Too slow.');
  await expect(stage.handle(anExchange({ body: call }), broken)).rejects.toThrow('a bug');
  expect(events).toMatchObject([
    { outcome: 'refused', status: 429, code: 'LIMITED', reason: 'Too many.' },
    { outcome: 'failed', status: 504, code: 'UPSTREAM_TIMEOUT' },
    { outcome: 'failed', status: 500, code: 'INTERNAL', reason: 'Shadowcat failed.' },
  ]);
});

test.each(['FOREIGN_HOST', 'FOREIGN_ORIGIN', 'BODY_TOO_LARGE', 'BAD_REQUEST', 'UNSUPPORTED_TYPE', 'NO_ROUTE', 'SHUTTING_DOWN'] as const)(
  'what the door does not take (%s) is refused, and no failure',
  async code => {
    const { stage, events } = setUp();
    const closed: Next = () => Promise.reject(new TrafficError(code, 'Not here.'));
    await expect(stage.handle(anExchange({ body: call }), closed)).rejects.toThrow('Not here.');
    expect(events).toMatchObject([{ outcome: 'refused', code, reason: 'Not here.' }]);
  },
);

test.each([
  ['/nope?token=abc', '/nope'],
  ['/caf\u00e9\u001b[31m', '/caf%C3%A9%1B[31m'],
  [`/${'a'.repeat(300)}`, `/${'a'.repeat(199)}`],
  ['/\ud83d', '/%EF%BF%BD'],
])('where there is no route, the path that was asked for is told: %j', async (path, told) => {
  const { stage, events } = setUp();
  const nowhere: Next = () => Promise.reject(new TrafficError('NO_ROUTE', 'Not here.'));
  const exchange = anExchange({ method: 'GET', path, route: { path: '', upstream: '' } });
  await expect(stage.handle(exchange, nowhere)).rejects.toThrow('Not here.');
  expect(events).toMatchObject([{ code: 'NO_ROUTE', path: told }]);
});

test('a client that leaves is a cancellation, before the answer and within it', async () => {
  const { stage, events } = setUp();
  const exchange = anExchange({ body: call });
  const left: Next = () => {
    exchange.departure.happen();
    return Promise.reject(new TrafficError('CANCELLED', 'The client left.'));
  };
  await expect(stage.handle(exchange, left)).rejects.toThrow();
  const silent: Next = () =>
    Promise.resolve({
      kind: 'answer',
      answer: anAnswer({ body: { start: () => undefined, resume: () => undefined, abort: () => undefined } }),
    });
  const verdict = await stage.handle(anExchange({ body: call }), silent);
  if (verdict.kind === 'answer') verdict.answer.body.abort();
  expect(events).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'cancelled', status: 200 }]);
});

test('a killed session breaks its answers off; a drain ends streams cleanly and waits for calls', async () => {
  const { stage, events, live } = setUp();
  const silent: Next = () =>
    Promise.resolve({
      kind: 'answer',
      answer: anAnswer({ body: { start: () => undefined, resume: () => undefined, abort: () => undefined } }),
    });
  const calling = anExchange({ body: call });
  const open = await stage.handle(calling, silent);
  const stream = await stage.handle(anExchange({ method: 'GET' }), silent);
  if (open.kind !== 'answer' || stream.kind !== 'answer') throw new Error('expected answers');
  const cut = bodyText(open.answer);
  const ended = bodyText(stream.answer);
  expect([live.pendingCount, live.streamCount]).toEqual([2, 1]);
  live.cutSession(calling.conversation.id, new TrafficError('SESSION_LOST', 'Killed.'));
  await expect(cut).rejects.toThrow('Killed.');
  await live.callsDone(1000);
  live.endAll(new TrafficError('SHUTTING_DOWN', 'Stopping.'));
  expect(await ended).toBe('');
  expect(events.length).toBe(2);
});

test('a request that still waits is answered when its session is killed, and what comes for it afterwards is let go', async () => {
  const { stage, events, live } = setUp();
  const exchange = anExchange({ body: call });
  let hasAborted = false;
  const late: Next = inner =>
    new Promise(resolve => {
      if (inner.guard !== undefined) inner.guard.journey.sentUs = 1;
      const body = { start: () => undefined, resume: () => undefined, abort: () => (hasAborted = true) };
      inner.departure.listener = () => resolve({ kind: 'answer', answer: anAnswer({ body }) });
    });
  const waiting = stage.handle(exchange, late);
  live.cutSession('another', new TrafficError('SESSION_LOST', 'Not this one.'));
  live.cutSession(exchange.conversation.id, new TrafficError('SESSION_LOST', 'Killed.'));
  await expect(waiting).rejects.toMatchObject({ code: 'SESSION_LOST', message: 'Killed.', facts: { may_have_executed: true } });
  expect([hasAborted, live.pendingCount, exchange.departure.hasHappened]).toEqual([true, 0, false]);
  expect(events).toMatchObject([{ outcome: 'cancelled', status: 404, code: 'SESSION_LOST', reason: 'Killed.' }]);
});

test('at the end of a drain whoever was not even sent is told that nothing was executed', async () => {
  const { stage, live } = setUp();
  const stuck: Next = inner =>
    new Promise((_, reject) => {
      inner.departure.listener = () => reject(new TrafficError('CANCELLED', 'The client left.'));
    });
  const waiting = stage.handle(anExchange({ body: call }), stuck);
  live.endAll(new TrafficError('SHUTTING_DOWN', 'Stopping.'));
  await expect(waiting).rejects.toMatchObject({ code: 'SHUTTING_DOWN', facts: { may_have_executed: false } });
});

test('an observer that throws does not change what the client gets', async () => {
  const warnings: string[] = [];
  const stage = account({
    clock: systemClock,
    emit: () => {
      throw new Error('disk full');
    },
    log: { ...silentLogger, warn: message => warnings.push(message) },
    live: new LiveAnswers(),
    keepsArguments: () => false,
  });
  const verdict = await stage.handle(anExchange({ body: call }), answering({ text: 'x' }));
  expect(verdict.kind === 'answer' && (await bodyText(verdict.answer))).toBe('x');
  expect(warnings).toEqual(['An exchange was served but not counted']);
});
