/** The example of the README does what one reads in it: who gets in, what a role may, what is not there, how many writes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf, post } from './kit/callers.ts';
import { startGateway } from './kit/running-gateway.ts';
import { startToolServer } from './kit/tool-server.ts';

const page = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const hashOf = (key: string) => `sha256:${createHash('sha256').update(key).digest('hex')}`;

test('the example of the README guards two servers as it says', async () => {
  await using home = await scratchHome();
  await using github = await startToolServer();
  const [, text = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  // Only what cannot be had here is another: addresses, ports, the hash of a key; and a second key, of somebody without a role.
  await using gateway = await startGateway({
    home: home.path,
    name: 'readme',
    config: text.replace('sha256:…', hashOf('reader-key')),
    env: {
      GITHUB_TOKEN: 'github-token',
      SHADOWCAT__LISTENERS__0__PORT: '0',
      SHADOWCAT__LISTENERS__0__AUTH__APIKEYS__1: JSON.stringify({ id: 'guest', hash: hashOf('guest-key') }),
      SHADOWCAT__ADMIN__PORT: '0',
      SHADOWCAT__SHUTDOWN__READYDELAY: '0ms',
      SHADOWCAT__UPSTREAMS__GITHUB__INSTANCES__0__URL: github.url,
      SHADOWCAT__UPSTREAMS__FILES__INSTANCES__0__COMMAND: process.execPath,
      SHADOWCAT__UPSTREAMS__FILES__INSTANCES__0__ARGS: JSON.stringify([join(import.meta.dirname, 'kit/tool-server-stdio.ts')]),
    },
  });
  const with_ = (route: string, key: string) => httpCaller(gateway.url(`/mcp/${route}`), 'modern', { 'X-API-Key': key });
  const outcome = async (route: string, key: string, tool: string, args = {}) => {
    await using caller = await with_(route, key);
    return outcomeOf(await caller.call(tool, args));
  };
  // Nobody without a key, nothing for a key without the role.
  expect((await post(gateway.url('/mcp/github'), { jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(401);
  expect([await outcome('github', 'guest-key', 'read_issue'), await outcome('files', 'guest-key', 'read_file')]).toEqual([40300, 40300]);
  expect(github.called()).toEqual([]);

  // The server is called as the gateway, and never sees the client's key.
  expect(await outcome('github', 'reader-key', 'read_issue')).toBe('ok');
  expect(github.captured.at(-1)?.rawHeaders).toContain('Bearer github-token');
  expect(JSON.stringify(github.captured)).not.toContain('reader-key');

  // A path below .ssh is refused at the files, with the words of the policy, and is nobody's business elsewhere.
  await using files = await with_('files', 'reader-key');
  expect(outcomeOf(await files.call('read_file', { path: '/home/ada/notes' }))).toBe('ok');
  const refused = await files.call('read_file', { path: '/home/ada/.ssh/id_ed25519' });
  expect(refused.message.error).toMatchObject({ code: 40300, data: { policy_id: 'no-secrets', reason: 'Not there.' } });
  expect(await outcome('github', 'reader-key', 'read_issue', { path: '.ssh' })).toBe('ok');

  // Five writes at once, over both servers; everything else goes on.
  const writes = [];
  for (let count = 0; count < 6; count += 1) writes.push(await outcome(count % 2 === 0 ? 'github' : 'files', 'reader-key', 'write_it'));
  expect(writes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 42900]);
  expect(await outcome('files', 'reader-key', 'read_file')).toBe('ok');
});
