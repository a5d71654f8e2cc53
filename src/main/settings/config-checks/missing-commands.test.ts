/** Which commands of a configuration are warned of where they are not to be found. */
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { Config } from '../../../shared/config/schema.ts';
import { missingCommands } from './missing-commands.ts';

const isPosix = process.platform !== 'win32';
const here = { PATH: `/nowhere:${dirname(process.execPath)}` };

function found(instance: Record<string, unknown>) {
  const upstreams = { files: { instances: [{ id: 'one', ...instance }] } };
  return missingCommands(here)(Config.parse({ version: 1, upstreams }));
}

test.runIf(isPosix).each([
  ['a name that is not on PATH', { command: 'no-such-program' }, '"no-such-program" was not found on PATH.'],
  ['a path that is not there', { command: '/no/such/program' }, 'There is no file "/no/such/program" here.'],
  ['a path from its directory', { command: './program', cwd: '/nowhere' }, 'There is no file "./program" here.'],
  ['a name on a PATH of its own', { command: 'node', env: { PATH: '/nowhere' } }, '"node" was not found on PATH.'],
])('%s is warned of', (_what, instance, message) => {
  expect(found(instance)).toEqual([
    { path: ['upstreams', 'files', 'instances', 0, 'command'], message: expect.stringContaining(message) as unknown, isWarning: true },
  ]);
});

test.each([
  ['a program on PATH', { command: 'node' }],
  ['a program with its directory', { command: process.execPath }],
  ['a PATH that is known only later', { command: 'program', env: { PATH: '${env:OTHER_PATH}' } }],
  ['a url', { url: 'http://127.0.0.1:3001/mcp' }],
])('%s is fine', (_what, instance) => {
  expect(found(instance)).toEqual([]);
});
