/** A client's departure: told once, to whoever listens at that moment. */
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
