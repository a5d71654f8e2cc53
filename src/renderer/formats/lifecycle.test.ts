/** Facts of a session in words. */
import { expect, test } from 'vitest';
import { lifecycleText } from './lifecycle.ts';

test('a fact reads as the sentence that the command line prints too', () => {
  expect(lifecycleText('{"event":"started","pid":4711}')).toBe('server started, pid 4711');
  expect(lifecycleText('{"event":"exited","code":0,"signal":null}')).toBe('server exited with code 0');
});

test('what a fact quotes cannot turn the line around', () => {
  expect(lifecycleText('{"event":"not-started","code":"ENOENT","message":"spawn a\u202Eb"}')).toBe('server not started: spawn a‹U+202E›b');
});

test('what is no fact stays as it is, also when it was cut', () => {
  expect(lifecycleText('connection lost')).toBe('connection lost');
  expect(lifecycleText('{"event":"started","command":"node …')).toBe('{"event":"started","command":"node …');
});
