/** An answer that is held until it is whole: what its taker gets, and what becomes of it before there is one. */
import { expect, test } from 'vitest';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from '../../pipeline/stage.ts';
import { HeldAnswer } from './held-answer.ts';

const broke = new TrafficError('UPSTREAM_BROKE', 'broke');
const large = 'x'.repeat(40 * 1024);

/** A body that a test pushes by hand, and what was asked of it. */
class Pushed implements BodySource {
  readonly asked: string[] = [];
  sink: BodySink | undefined;

  start(sink: BodySink): void {
    this.sink = sink;
  }

  resume(): void {
    this.asked.push('resume');
  }

  abort(): void {
    this.asked.push('abort');
  }

  push(text: string): boolean | undefined {
    return this.sink?.data(Buffer.from(text));
  }
}

function taker(isReady = true): BodySink & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    data: chunk => {
      heard.push(chunk.length > 100 ? `${chunk.length} bytes` : Buffer.from(chunk).toString());
      return isReady;
    },
    end: () => heard.push('end'),
    fail: error => heard.push(`fail ${error.message}`),
  };
}

function begun() {
  const source = new Pushed();
  const held = new HeldAnswer(source);
  let outcome = 'held';
  const whole = held.whole().then(
    () => (outcome = 'there'),
    (error: unknown) => (outcome = String(error)),
  );
  return { source, held, whole, outcome: () => outcome };
}

test('a small one is there once it has ended, and its taker gets all of it as one part, which goes with its length', async () => {
  const { source, held, whole, outcome } = begun();
  source.push('{"id":1,');
  source.push('"result":{}}');
  await Promise.resolve();
  expect(outcome()).toBe('held');
  source.sink?.end([]);
  await whole;
  const sink = taker();
  held.start(sink);
  expect(sink.heard).toEqual(['{"id":1,"result":{}}', 'end']);
});

test.each([true, false])('a large one goes on as it comes, and waits for its taker (ready: %s)', async isReady => {
  const { source, held, whole } = begun();
  expect([source.push(large), source.push(large)]).toEqual([true, false]);
  await whole;
  const sink = taker(isReady);
  held.start(sink);
  expect(source.asked).toEqual(isReady ? ['resume'] : []);
  expect(source.push('rest')).toBe(isReady);
  source.sink?.fail(broke);
  expect(sink.heard).toEqual(['81920 bytes', 'rest', 'fail broke']);
});

test('what breaks off before it is whole was never there; of a large one its taker learns it', async () => {
  const small = begun();
  small.source.push('{"id":1,');
  small.source.sink?.fail(broke);
  await small.whole;
  expect(small.outcome()).toContain('broke');

  const other = begun();
  other.source.push(large + large);
  await other.whole;
  other.source.sink?.fail(broke);
  const sink = taker();
  other.held.start(sink);
  expect(sink.heard).toEqual(['81920 bytes', 'fail broke']);
});

test('who does not wait any more lets it go', async () => {
  const { source, held, whole, outcome } = begun();
  held.leave(new TrafficError('CANCELLED', 'left'));
  await whole;
  expect([outcome(), source.asked]).toEqual([expect.stringContaining('left'), ['abort']]);
});

test.each([
  ['{"id":1,"result":{}}', false],
  ['\ufeff{"id":1,"error":{}}', false],
  ['{"id":1,"\\u0072esult":{}}', false],
  ['[]', false],
  ['{"status":"ok"}', true],
  ['{"id":1,"result":{', true],
  ['null', true],
  ['', true],
])('%s: no message is %s', (text, isNoMessage) => {
  const { source, held } = begun();
  source.push(text);
  expect(held.isNoMessage).toBe(isNoMessage);
});
