/** Answers of our own: they carry the request's id, and look as the route asks. */
import { expect, test } from 'vitest';
import { anExchange, type ExchangeWish } from '../../../test/kit/an-exchange.ts';
import { ownAnswer, ownLine, type OwnReason } from './own-answer.ts';

const denied: OwnReason = { code: 'DENIED', message: 'Not here.', facts: { policy_id: 'p' } };
const limited: OwnReason = { code: 'LIMITED', message: 'Too many.', facts: { retry_after_ms: 1200 } };
const call = { jsonrpc: '2.0', id: 'x', method: 'tools/call', params: { name: 'greet' } };
const list = { jsonrpc: '2.0', id: 0, method: 'tools/list' };
const note = { jsonrpc: '2.0', method: 'notifications/initialized' };

const answerTo = (wish: ExchangeWish, reason: OwnReason) => ownAnswer(reason, { idText: undefined, guard: anExchange(wish).guard });
const statusAndBody = (wish: ExchangeWish, reason: OwnReason) => {
  const { status, bytes } = answerTo(wish, reason);
  return [status, bytes.length === 0 ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as unknown)];
};

test('http: the status of the table, the id of the request, the correlation id', () => {
  expect(statusAndBody({ body: list }, limited)).toEqual([
    429,
    {
      jsonrpc: '2.0',
      id: 0,
      error: {
        code: 42900,
        message: 'Too many. Wait as long as is said, then try again.',
        data: { reason: 'LIMITED', retry_after_ms: 1200, correlation_id: 'test-0001' },
      },
    },
  ]);
  expect(answerTo({ body: list }, limited).rawHeaders).toEqual(expect.arrayContaining(['Retry-After', '2']));
});

test('whoever drains says when to come again, in the body and in Retry-After', () => {
  const stopping: OwnReason = { code: 'SHUTTING_DOWN', message: 'Stopping.', facts: { may_have_executed: false } };
  expect(statusAndBody({ body: list }, stopping)).toMatchObject([
    503,
    { error: { code: 50300, data: { upstream: 'files', state: 'draining', retry_after_ms: 5000, may_have_executed: false } } },
  ]);
  expect(answerTo({ body: list }, stopping).rawHeaders).toEqual(expect.arrayContaining(['Retry-After', '5']));
});

test('a policy refuses in-band with 200 where there is a request to answer, and with 403 where there is none', () => {
  expect(statusAndBody({ body: call }, denied)[0]).toBe(200);
  expect(statusAndBody({ body: note }, denied)).toEqual([403, undefined]);
  expect(statusAndBody({ method: 'GET' }, denied)[0]).toBe(403);
});

test('in-band: the same body with 200; a notification gets 202 and no body', () => {
  const route = { refusal: 'in-band' } as const;
  expect(statusAndBody({ body: list, route }, limited)).toMatchObject([200, { id: 0, error: { code: 42900 } }]);
  expect(statusAndBody({ body: note, route }, limited)).toEqual([202, undefined]);
});

test('tool-result: the model reads the reason of a refused call; other methods are answered in-band', () => {
  const route = { refusal: 'tool-result' } as const;
  expect(statusAndBody({ body: call, route }, denied)).toMatchObject([
    200,
    {
      id: 'x',
      result: {
        isError: true,
        content: [{ type: 'text', text: 'Not here. Do not repeat the call; ask the operator when it should be allowed.' }],
      },
    },
  ]);
  expect(statusAndBody({ body: list, route }, limited)).toMatchObject([200, { id: 0, error: { code: 42900 } }]);
  // Each message of a batch as it would be alone.
  expect(statusAndBody({ body: [call, note, list], route }, limited)).toMatchObject([
    200,
    [
      { id: 'x', result: { isError: true } },
      { id: 0, error: { code: 42900 } },
    ],
  ]);
});

test('authentication and broken protocol keep their status whatever the route says: clients act on it', () => {
  for (const refusal of ['in-band', 'tool-result'] as const) {
    expect(statusAndBody({ body: call, route: { refusal } }, { code: 'UNAUTHORIZED', message: 'Who?', facts: {} })[0]).toBe(401);
    expect(statusAndBody({ body: call, route: { refusal } }, { code: 'SESSION_LOST', message: 'Gone.', facts: {} })[0]).toBe(404);
  }
});

test('a refused batch is answered with an error for each of its requests', () => {
  expect(statusAndBody({ body: [call, note, list] }, limited)[1]).toMatchObject([{ id: 'x' }, { id: 0 }]);
});

test('stdio: the line for a request, and none for a notification', () => {
  expect(JSON.parse(ownLine(denied, anExchange({ body: call }).guard) ?? '')).toMatchObject({ id: 'x', error: { code: 40300 } });
  expect(ownLine(denied, anExchange({ body: note }).guard)).toBeUndefined();
});
