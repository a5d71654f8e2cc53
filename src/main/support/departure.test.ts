/** A client's departure: told once, to whoever listens at that moment, and as a signal to those who want one. */
import { expect, test } from 'vitest';
import { Departure } from './departure.ts';

test('tells the newest listener, once', () => {
  const departure = new Departure();
  const told: string[] = [];
  departure.listener = () => told.push('first');
  departure.listener = () => told.push('second');
  departure.happen();
  departure.happen();
  expect([told, departure.hasHappened]).toEqual([['second'], true]);
});

test('a listener that was taken back hears nothing', () => {
  const departure = new Departure();
  departure.listener = () => expect.fail('it was taken back');
  departure.listener = undefined;
  departure.happen();
});

test('is a signal, whether it is asked for before or after', () => {
  const before = new Departure();
  const { signal } = before;
  expect(signal.aborted).toBe(false);
  before.happen();
  const after = new Departure();
  after.happen();
  expect([signal.aborted, after.signal.aborted]).toEqual([true, true]);
});
