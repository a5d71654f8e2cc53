/** A state topic reads only while somebody listens, and tells only what changed. */
import { afterEach, expect, test, vi } from 'vitest';
import type { Caller } from './caller.ts';
import { stateTopic } from './state-topic.ts';

const caller: Caller = { id: 'test', canAdminister: false, signal: new AbortController().signal, onClose: () => () => {} };
afterEach(() => vi.useRealTimers());

test('pushes a snapshot at once, then each state that differs, and reads nothing while nobody listens', async () => {
  vi.useFakeTimers();
  let readCount = 0;
  let value = 1;
  const topic = stateTopic<'limits'>(() => {
    readCount += 1;
    return { keys: [], keyCount: value, admittedCount: 0, refusedCount: 0, shadowCount: 0 };
  }, 100);
  const seen: number[] = [];
  const stop = await topic.subscribe({}, caller, message => seen.push(message.keyCount));
  vi.advanceTimersByTime(300);
  value = 2;
  vi.advanceTimersByTime(300);
  stop();
  const readWhileHeard = readCount;
  value = 3;
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual([1, 2]);
  expect(readCount).toBe(readWhileHeard);
});
