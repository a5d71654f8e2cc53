/** Facts of a session in words. */
import { expect, test } from 'vitest';
import { lifecycleText } from './lifecycle.ts';

test('an event with its facts reads as a phrase', () => {
  expect(lifecycleText('{"event":"started","pid":4711}')).toBe('started, pid 4711');
  expect(lifecycleText('{"event":"exited","code":0,"signal":null}')).toBe('exited, code 0');
  expect(lifecycleText('{"event":"stdin-ended"}')).toBe('stdin ended');
});

test('what is no event stays as it is, also when it was cut', () => {
  expect(lifecycleText('connection lost')).toBe('connection lost');
  expect(lifecycleText('{"event":"started","command":"node …')).toBe('{"event":"started","command":"node …');
});
