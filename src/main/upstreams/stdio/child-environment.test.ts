/** What a child sees of our environment. */
import { expect, test } from 'vitest';
import { childEnvironment } from './child-environment.ts';

test('little of ours, all that is configured, which wins', () => {
  const own = { PATH: '/bin', HOME: '/home/ada', SECRET: 'x', TERM: '() { evil; }', LANG: undefined };
  expect(childEnvironment(own, { HOME: '/srv', TOKEN: 't' }, false)).toEqual({ PATH: '/bin', HOME: '/srv', TOKEN: 't' });
});

test('names on Windows have no case', () => {
  const own = { Path: 'C:\\bin', SystemRoot: 'C:\\Windows', windir: 'C:\\Windows' };
  expect(childEnvironment(own, { PATH: 'D:\\bin' }, true)).toEqual({ SystemRoot: 'C:\\Windows', PATH: 'D:\\bin' });
});
