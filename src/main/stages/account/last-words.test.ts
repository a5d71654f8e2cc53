/** A stream that breaks off ends with the answer to its request, unless its client can do better. */
import { expect, test } from 'vitest';
import { anAnswer, anExchange, bodyText } from '../../../../test/kit/an-exchange.ts';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { GatewayEvent } from '../../../shared/model/gateway-event.ts';
import { LiveAnswers } from '../../pipeline/live-answers.ts';
import { silentLogger, systemClock } from '../../ports.ts';
import { account } from '../account.ts';

const call = { jsonrpc: '2.0', id: 'call-7', method: 'tools/call', params: { name: 'greet', arguments: {} } };
const broke = new TrafficError('UPSTREAM_BROKE', 'files broke off.', { facts: { upstream: 'files', may_have_executed: true } });
const progress = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n';
const stream = ['Content-Type', 'text/event-stream'];

interface Wish {
  readonly body?: unknown;
  readonly rawHeaders?: readonly string[];
  readonly route?: object;
}

async function brokenAfter(chunks: readonly string[], { body = call, rawHeaders = stream, route = {} }: Wish = {}) {
  const events: GatewayEvent[] = [];
  const stage = account({
    clock: systemClock,
    emit: event => events.push(event),
    log: silentLogger,
    live: new LiveAnswers(),
    keepsArguments: () => false,
  });
  const verdict = await stage.handle(anExchange({ body, route }), () =>
    Promise.resolve({
      kind: 'answer',
      answer: anAnswer({
        rawHeaders: [...rawHeaders],
        body: {
          start(sink) {
            for (const chunk of chunks) sink.data(Buffer.from(chunk));
            sink.fail(broke);
          },
          resume: () => undefined,
          abort: () => undefined,
        },
      }),
    }),
  );
  if (verdict.kind !== 'answer') throw new Error('expected an answer');
  const text = await bodyText(verdict.answer).catch((error: unknown) => error);
  return { text, events };
}

const lastEvent = (text: unknown): unknown => JSON.parse(/data: (.*)\n\n$/.exec(String(text))?.[1] ?? 'null');
const told = {
  jsonrpc: '2.0',
  id: 'call-7',
  error: { code: 50200, data: { reason: 'UPSTREAM_BROKE', upstream: 'files', may_have_executed: true, correlation_id: 'test-0001' } },
};

test('the last event is an error with the id of the request, and the exchange has failed all the same', async () => {
  const { text, events } = await brokenAfter([progress]);
  expect(String(text).startsWith(`${progress}event: message\ndata: {`)).toBe(true);
  expect(lastEvent(text)).toMatchObject(told);
  expect(events).toMatchObject([
    { outcome: 'failed', code: 'UPSTREAM_BROKE', reason: 'files broke off.', responseBytes: String(text).length },
  ]);
});

test.each([
  ['before the first event', []],
  ['after a comment', [': here\n\n']],
  ['within an event, which is ended as no message', [progress, 'data: {"jsonrpc":"2.0","id":"call-7","res']],
  ['after a question of the server, whose id is not that of an answer', ['data: {"jsonrpc":"2.0","id":"call-7","method":"ping"}\n\n']],
  ['after more than is looked at', [progress.repeat(1000), progress]],
])('%s', async (_when, chunks) => {
  const { text } = await brokenAfter(chunks);
  expect(lastEvent(text)).toMatchObject(told);
  expect(String(text).split('\n\n').at(-2)).toMatch(/^event: message\ndata: .*call-7/);
});

test('a route whose refusals are tool results is told so', async () => {
  const { text } = await brokenAfter([progress], { route: { refusal: 'tool-result' } });
  expect(lastEvent(text)).toMatchObject({ id: 'call-7', result: { isError: true } });
});

test.each<[string, readonly string[], Wish]>([
  ['its answer is there already', [progress, 'data: {"jsonrpc":"2.0","id":"call-7","result":{}}\n\n'], {}],
  ['its events have ids, so that the client can resume it', [`id: 1\n${progress}`], {}],
  ['its events had ids long ago', [`id: 1\n${progress}`, progress.repeat(1000)], {}],
  ['it answers a batch', [progress], { body: [call, { ...call, id: 8 }] }],
  ['it has a length', [progress], { rawHeaders: [...stream, 'Content-Length', '1000'] }],
  ['it is compressed', [progress], { rawHeaders: [...stream, 'Content-Encoding', 'gzip'] }],
  ['it is no stream', ['{"jsonrpc"'], { rawHeaders: ['Content-Type', 'application/json'] }],
])('a stream is cut when %s', async (_why, chunks, wish) => {
  const { text, events } = await brokenAfter(chunks, wish);
  expect(text).toBe(broke);
  expect(events).toMatchObject([{ outcome: 'failed', code: 'UPSTREAM_BROKE' }]);
});
