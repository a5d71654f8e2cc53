import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';

const run = { kind: 'run', name: '', dataDir: undefined, isHostRequired: false };

test('options end at -- or at the command, and everything behind belongs to the server', () => {
  expect(readArguments(['--', 'npx', '-y', 'server', '--name', 'x'])).toEqual({
    ...run,
    command: 'npx',
    args: ['-y', 'server', '--name', 'x'],
  });
  expect(readArguments(['npx', '--', 'a'])).toEqual({ ...run, command: 'npx', args: ['--', 'a'] });
  expect(readArguments(['--', '--odd-command'])).toEqual({ ...run, command: '--odd-command', args: [] });
  expect(readArguments(['wrap', '--name', 'N', '--data-dir=/d', '--require-host', '--', 'cat', ''])).toEqual({
    kind: 'run',
    name: 'N',
    dataDir: '/d',
    isHostRequired: true,
    command: 'cat',
    args: [''],
  });
});

test('what cannot be meant is said', () => {
  expect(readArguments(['--nonsense', '--', 'cat'])).toEqual({ kind: 'bad', message: 'unknown option --nonsense' });
  expect(readArguments(['--name'])).toEqual({ kind: 'bad', message: '--name needs a value' });
  expect(readArguments(['--data-dir=', 'cat'])).toEqual({ kind: 'bad', message: '--data-dir needs a value' });
  for (const argv of [[], ['--'], ['--name', 'x']]) expect(readArguments(argv)).toEqual({ kind: 'bad', message: 'no command to run' });
  expect(readArguments(['--name', 'x', '-h'])).toEqual({ kind: 'help' });
});
