import { expect, test } from 'vitest';
import { aKey } from '../../../../test/kit/gateway-states.ts';
import { fillOf, keysWith, leftWords, refusingCount, resetWords, shareLeft } from './limiter-words.ts';

test('what is left is said in calls, parts of them only where few are left', () => {
  expect(leftWords(aKey({ remaining: 12.47, capacity: 20 }))).toBe('12.4 / 20');
  expect(leftWords(aKey({ remaining: 0.97, capacity: 20 }))).toBe('0.9 / 20');
  expect(leftWords(aKey({ remaining: 971.9, capacity: 1000 }))).toBe('971 / 1,000');
  expect([shareLeft(aKey({ remaining: 97.4 })), shareLeft(aKey({ remaining: -1 })), shareLeft(aKey({ capacity: 0 }))]).toEqual([97, 0, 0]);
});

test('when it is as new', () => {
  expect(resetWords(aKey({ resetMs: 3_500 }))).toBe('full in 4 s');
  expect(resetWords(aKey())).toBe('full');
  expect(resetWords(aKey({ algorithm: 'sliding-window' }))).toBe('clear');
});

test('a key refuses when no whole call is left or every place is taken, and only where it is enforced', () => {
  const keys = [
    aKey({ remaining: 0.9 }),
    aKey({ inFlight: 2, maxInFlight: 2 }),
    aKey({ remaining: 0, mode: 'shadow' }),
    aKey({ inFlight: 1, maxInFlight: 2 }),
  ];
  expect(refusingCount(keys)).toBe(2);
  expect(keys.map(fillOf)).toEqual(['empty', 'empty', 'empty', 'some']);
  expect(fillOf(aKey({ remaining: 20 }))).toBe('low');
});

test('keys are found by any words of their row', () => {
  const keys = [
    aKey({ limitId: 'each-user', tier: 'user', key: 'key:ci' }),
    aKey({ limitId: 'deletes', tier: 'endpoint', key: '/mcp tools/call delete' }),
  ];
  expect(keysWith(keys, 'CI user').map(key => key.limitId)).toEqual(['each-user']);
  expect(keysWith(keys, ' ').length).toBe(2);
  expect(keysWith(keys, 'nobody')).toEqual([]);
});
