/** How an answer stands on the wire: with its length, in chunks, or not at all. */
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Answer, BodySink, BodySource } from '../pipeline/stage.ts';
import { writeAnswer } from './http-answer-sink.ts';

/** Pushes while it is started, as a body does that is there already. */
const pushing = (push: (sink: BodySink) => void): BodySource => ({ start: push, resume: () => undefined, abort: () => undefined });
const whole = (...chunks: string[]) =>
  pushing(sink => {
    for (const chunk of chunks) sink.data(Buffer.from(chunk));
    sink.end([]);
  });
const answerOf = (body: BodySource, change: Partial<Answer> = {}): Answer => ({
  status: 200,
  statusText: 'OK',
  rawHeaders: ['X-One', '1'],
  body,
  ...change,
});

interface Asked {
  readonly answer: Answer;
  readonly saysLength?: boolean;
  readonly method?: string;
}

async function got({ answer, saysLength = true, method = 'POST' }: Asked) {
  const said: { problem?: unknown; isOver: boolean } = { isOver: false };
  await using server = createServer((_, response) => {
    try {
      writeAnswer({ response, answer, saysLength, over: () => (said.isOver = true) });
    } catch (error) {
      said.problem = error;
      response.destroy();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage | undefined>(resolve => {
    httpRequest({ host: '127.0.0.1', port, method, agent: false }, resolve)
      .on('error', () => resolve(undefined))
      .end();
  });
  let text = '';
  if (response !== undefined) for await (const chunk of response) text += String(chunk);
  const { 'content-length': length, 'transfer-encoding': coding, 'x-one': one } = response?.headers ?? {};
  return { ...said, status: response?.statusCode, length, coding, one, text };
}

test('what is there at once goes with its length where its length may have changed on the way', async () => {
  expect(await got({ answer: answerOf(whole('grüße')) })).toEqual({
    isOver: true,
    status: 200,
    length: '7',
    coding: undefined,
    one: '1',
    text: 'grüße',
  });
  expect(await got({ answer: answerOf(whole()) })).toMatchObject({ length: '0', coding: undefined });
  expect(await got({ answer: answerOf(whole('x'.repeat(100_000))) })).toMatchObject({ length: '100000' });
});

test('a length that is said stays, and a transparent proxy leaves the framing as it is', async () => {
  expect(await got({ answer: answerOf(whole('body'), { rawHeaders: ['Content-Length', '4'] }) })).toMatchObject({
    length: '4',
    text: 'body',
  });
  expect(await got({ answer: answerOf(whole('body')), saysLength: false })).toMatchObject({
    coding: 'chunked',
    length: undefined,
    text: 'body',
  });
});

test('what comes in parts, or has trailers, goes in chunks', async () => {
  expect(await got({ answer: answerOf(whole('one', 'two', 'three')) })).toMatchObject({ coding: 'chunked', text: 'onetwothree' });
  const trailing = pushing(sink => {
    sink.data(Buffer.from('body'));
    sink.end(['X-Last', '1']);
  });
  expect(await got({ answer: answerOf(trailing) })).toMatchObject({ coding: 'chunked', text: 'body' });
  const later = pushing(
    sink =>
      void setImmediate(() => {
        sink.data(Buffer.from('late'));
        sink.end([]);
      }),
  );
  expect(await got({ answer: answerOf(later) })).toMatchObject({ coding: 'chunked', text: 'late' });
});

test.each([
  ['HEAD', 200],
  ['POST', 204],
  ['POST', 304],
])('an answer to %s with %i, which has no body, says no length of one', async (method, status) => {
  expect(await got({ method, answer: answerOf(whole(), { status }) })).toMatchObject({ isOver: true, status, length: undefined, text: '' });
});

test('a head that cannot be written is told to the caller, not to whoever pushes the body', async () => {
  let wasHit = false;
  const body = pushing(sink => {
    try {
      sink.data(Buffer.from('one'));
      sink.data(Buffer.from('two'));
      sink.end([]);
    } catch {
      wasHit = true;
    }
  });
  const answer = answerOf(body, { rawHeaders: ['X-One', 'a\nb'] });
  expect(await got({ answer })).toMatchObject({ problem: expect.any(Error), isOver: false, status: undefined });
  expect(wasHit).toBe(false);
});
