/** A wait for an event leaves nothing behind, however it ended. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { eventWithin } from './event-within.ts';

test('an event ends the wait long before its time, and the listener goes with it', async () => {
  const emitter = new EventEmitter();
  const from = performance.now();
  const waited = eventWithin(emitter, 'drain', 5_000);
  expect(emitter.listenerCount('drain')).toBe(1);
  emitter.emit('drain');
  await waited;
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(emitter.listenerCount('drain')).toBe(0);
});

test('a wait that ran out takes its listener back', async () => {
  const emitter = new EventEmitter();
  for (let count = 0; count < 3; count += 1) await eventWithin(emitter, 'close', 5);
  expect(emitter.listenerCount('close')).toBe(0);
});
