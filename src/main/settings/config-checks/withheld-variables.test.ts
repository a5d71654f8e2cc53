/** Which variables a runner of packages is warned to be without. */
import { expect, test } from 'vitest';
import { Config } from '../../../shared/config/schema.ts';
import { withheldVariables } from './withheld-variables.ts';

const behindProxy = { PATH: '/usr/bin', HTTPS_PROXY: 'http://proxy.example:3128', NODE_EXTRA_CA_CERTS: '/etc/ca.pem', HTTP_PROXY: '' };

function found(instance: Record<string, unknown>, env: Record<string, string> = behindProxy) {
  const upstreams = { files: { instances: [{ id: 'one', ...instance }] } };
  return withheldVariables(env)(Config.parse({ version: 1, upstreams }));
}

test.each([
  [
    'npx behind a proxy',
    { command: 'npx' },
    'Add env: { HTTPS_PROXY: "${env:HTTPS_PROXY}", NODE_EXTRA_CA_CERTS: "${env:NODE_EXTRA_CA_CERTS}" }',
  ],
  ['npx with its directory', { command: '/usr/bin/npx' }, 'so /usr/bin/npx may not reach its registry'],
  ['one of two that is given', { command: 'npx', env: { HTTPS_PROXY: 'http://other' } }, 'Add env: { NODE_EXTRA_CA_CERTS: '],
  ['uvx, which reads nothing of Node', { command: 'uvx' }, 'Add env: { HTTPS_PROXY: "${env:HTTPS_PROXY}" }'],
])('%s is warned of', (_what, instance, message) => {
  expect(found(instance)).toEqual([
    { path: ['upstreams', 'files', 'instances', 0, 'command'], message: expect.stringContaining(message) as unknown, isWarning: true },
  ]);
});

test.each([
  ['a program that is there already', { command: 'node' }, behindProxy],
  ['npx that is given both', { command: 'npx', env: { HTTPS_PROXY: 'x', NODE_EXTRA_CA_CERTS: 'y' } }, behindProxy],
  ['npx where nothing is needed', { command: 'npx' }, { PATH: '/usr/bin' }],
  ['npx that is disabled', { command: 'npx', disabled: true }, behindProxy],
  ['a url', { url: 'http://127.0.0.1:3001/mcp' }, behindProxy],
])('%s is fine', (_what, instance, env) => {
  expect(found(instance, env)).toEqual([]);
});
