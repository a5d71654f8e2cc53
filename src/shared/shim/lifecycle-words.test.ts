/** Facts of a session as sentences. */
import { expect, test } from 'vitest';
import type { LifecycleFact } from './protocol.ts';
import { lifecycleWords } from './lifecycle-words.ts';

const words = (fact: LifecycleFact) => lifecycleWords(JSON.stringify(fact));

test('every fact is a sentence', () => {
  expect(words({ event: 'started', pid: 28_057 })).toBe('server started, pid 28057');
  expect(words({ event: 'not-started', code: 'ENOENT', message: 'no such file' })).toBe('server not started: no such file');
  expect(words({ event: 'stdin-ended' })).toBe('client closed stdin');
  expect(words({ event: 'client-stopped-reading' })).toBe('client stopped reading');
  expect(words({ event: 'signal', signal: 'SIGINT' })).toBe('SIGINT passed on to the server');
  expect(words({ event: 'parent-gone' })).toBe('the client went away');
  expect(words({ event: 'killed' })).toBe('server killed: it did not end by itself');
  expect([1, 2].map(count => words({ event: 'frames-lost', count }))).toEqual(['1 frame was lost', '2 frames were lost']);
  expect(words({ event: 'mode', mode: 'active', cause: 'host' })).toBe('policies and limits apply from here');
  expect(words({ event: 'mode', mode: 'transparent', cause: 'host' })).toBe('no policy or limit applies from here');
  expect(words({ event: 'mode', mode: 'transparent', cause: 'host-lost' })).toBe('the host is gone: nothing is enforced from here');
  expect(words({ event: 'mode', mode: 'closed', cause: 'host-lost' })).toBe('the host is gone: nothing passes until it is back');
  expect(words({ event: 'started', pid: 1, unenforced: true })).toBe(
    'server started, pid 1; nothing is enforced here, because the shim of this session is too old for it',
  );
  expect(words({ event: 'exited', code: 0, signal: null })).toBe('server exited with code 0');
  expect(words({ event: 'exited', code: null, signal: 'SIGTERM' })).toBe('server ended by SIGTERM');
});

test('what is no fact of this version stays as it was recorded, also when it was cut', () => {
  for (const text of [
    '{"event":"tired","much":true}',
    'no JSON',
    'null',
    '7',
    '{"event":"started","command":"node …',
    '{"event":"toString"}',
  ])
    expect(lifecycleWords(text)).toBe(text);
});
