/** Answers to our own checks come from servers that may be broken or worse. */
import { expect, test } from 'vitest';
import type { BodySink } from '../../pipeline/stage.ts';
import { systemClock } from '../../ports.ts';
import type { Line } from './line.ts';
import { OwnRequests } from './own-requests.ts';

const upstream = { name: 'files', send: () => Promise.reject(new Error('not used')), close: () => Promise.resolve() };

/** Asks a server that answers with an event stream of these chunks, and goes on as if more were to come. */
async function asked(chunks: readonly string[]): Promise<{ readonly text: string; readonly abortCount: number }> {
  let abortCount = 0;
  const body = {
    start(sink: BodySink) {
      for (const chunk of chunks) if (abortCount === 0) sink.data(Buffer.from(chunk));
    },
    resume: () => undefined,
    abort: () => (abortCount += 1),
  };
  const answer = { status: 200, statusText: 'OK', rawHeaders: ['Content-Type', 'text/event-stream'], body };
  const line = { target: { path: '/mcp' }, connection: { send: () => Promise.resolve(answer) } } as unknown as Line;
  const own = new OwnRequests(upstream, systemClock, () => undefined);
  const { text } = await own.ask(line, { httpMethod: 'GET', era: 'modern' }, 60_000);
  return { text, abortCount };
}

test('the first event is enough', async () => {
  const event = 'event: message\ndata: {"a":1}\n\n';
  expect(await asked([': hello\n\n', 'data:\n\n', event, 'data: 2\n\n'])).toEqual({ text: `: hello\n\ndata:\n\n${event}`, abortCount: 1 });
});

test('a line of data that never ends is read in linear time', async () => {
  const startedUs = systemClock.monotonicUs();
  const { text, abortCount } = await asked(['data: ', ...Array.from({ length: 70 }, () => 'x'.repeat(1000))]);
  expect([text.length, abortCount]).toEqual([66_006, 1]);
  expect(systemClock.monotonicUs() - startedUs).toBeLessThan(2_000_000);
});
