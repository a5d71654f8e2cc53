import { expect, test } from 'vitest';
import { FakeClock } from '../../../../test/kit/fake-clock.ts';
import type { BodySink, BodySource } from '../../pipeline/stage.ts';
import { KeepAlives } from './keep-alive.ts';

function setUp() {
  const clock = new FakeClock();
  const keepAlives = new KeepAlives(clock);
  let inner!: BodySink;
  const source: BodySource = { start: sink => (inner = sink), resume: () => undefined, abort: () => undefined };
  const got: { text: string; received: string | undefined }[] = [];
  const taker = { isReady: true };
  const kept = keepAlives.keep(source);
  kept.start({
    data(chunk, received) {
      got.push({ text: Buffer.from(chunk).toString(), received: received === undefined ? undefined : Buffer.from(received).toString() });
      return taker.isReady;
    },
    end: () => got.push({ text: 'END', received: undefined }),
    fail: () => undefined,
  });
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 1000) {
      clock.pass(1000);
      keepAlives.sweep();
    }
  };
  const comments = () => got.filter(({ text }) => text === ': keep-alive\n\n').length;
  return { inner, kept, got, taker, pass, comments, send: (text: string) => inner.data(Buffer.from(text)) };
}

test('every 15 s of silence, from the start, and not a second before', () => {
  const { pass, comments, send, got } = setUp();
  pass(14_000);
  expect(comments()).toBe(0);
  pass(1000);
  expect(comments()).toBe(1);
  // What the server sent in its place: nothing.
  expect(got[0]?.received).toBe('');
  pass(30_000);
  expect(comments()).toBe(3);
  send('data: x\n\n');
  pass(14_000);
  expect(comments()).toBe(3);
});

test.each([
  ['data: x\n\n', 1],
  ['data: x\r\n\r\n', 1],
  ['data: x\n', 0],
  ['data: x\r\n', 0],
  ['data: x', 0],
  // A LF that belongs to this CR may still come.
  ['data: x\r\r', 0],
  ['data: x\r\n\r', 0],
])('after %j comments are sent: %i', (text, count) => {
  const { pass, comments, send } = setUp();
  for (const char of text) send(char);
  pass(16_000);
  expect(comments()).toBe(count);
});

test('none while the client does not read, none after the end, none after the client left', () => {
  const held = setUp();
  held.taker.isReady = false;
  held.send('data: x\n\n');
  held.pass(60_000);
  expect(held.comments()).toBe(0);
  held.taker.isReady = true;
  held.kept.resume();
  held.pass(1000);
  expect(held.comments()).toBe(1);
  const ended = setUp();
  ended.inner.end([]);
  ended.pass(60_000);
  expect(ended.got.map(({ text }) => text)).toEqual(['END']);
  const left = setUp();
  left.kept.abort();
  left.pass(60_000);
  expect(left.got).toEqual([]);
});
