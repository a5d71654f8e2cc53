/** No one takes all sessions of a gateway: each principal has a share, and who is anonymous is counted by address. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { post } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';

let home: ScratchHome;
let server: ToolServer;
let gateway: RunningGateway;
const keyOf = (id: string) => `key-of-${id}`;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  const apiKeys = ['ci', 'ed'].map(id => ({ id, hash: `sha256:${createHash('sha256').update(keyOf(id)).digest('hex')}` }));
  const auth = { mode: 'optional', apiKeys };
  gateway = await startGateway({
    home: home.path,
    name: 'share',
    config: {
      version: 1,
      listeners: [
        {
          name: 'main',
          port: 0,
          publicUrl: 'http://127.0.0.1',
          trustedProxies: ['127.0.0.0/8'],
          auth,
          routes: [{ path: '/mcp', upstream: 'tools' }],
        },
      ],
      upstreams: { tools: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] } },
      defaults: { effect: 'allow' },
      limits: [],
      sessions: { max: 20, maxPerPrincipal: 2 },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'share', version: '1' } };
const begin = (headers: Record<string, string>) =>
  post(gateway.url('/mcp'), { jsonrpc: '2.0', id: 7, method: 'initialize', params }, headers);
const as = (id: string) => ({ 'X-API-Key': keyOf(id) });
const from = (address: string) => ({ 'X-Forwarded-For': address });
const listed = async (headers: Record<string, string>) =>
  (await post(gateway.url('/mcp'), { jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers)).message.error?.code ?? 'ok';
/** A session, or what it was refused with. */
async function opened(headers: Record<string, string>) {
  const { headers: said, message, status } = await begin(headers);
  const id = said.get('mcp-session-id');
  return id === null ? { status, error: message.error } : { ...headers, 'Mcp-Session-Id': id };
}

test('a principal that has its share is refused and told by what, others are not; an ended session makes room', async () => {
  const [first, second, refused] = [await opened(as('ci')), await opened(as('ci')), await opened(as('ci'))];
  expect(refused).toMatchObject({
    status: 503,
    error: {
      code: 50300,
      message: expect.stringContaining('All 2 sessions that one principal may have here are in use (sessions.maxPerPrincipal)') as string,
      data: { state: 'full', cap: 'sessions.maxPerPrincipal', limit: 2, retry_after_ms: 5000 },
    },
  });
  const other = await opened(as('ed'));
  expect(await Promise.all([first, second, other].map(session => listed(session as Record<string, string>)))).toEqual(['ok', 'ok', 'ok']);
  await fetch(gateway.url('/mcp'), { method: 'DELETE', headers: first as Record<string, string> });
  expect(await opened(as('ci'))).toHaveProperty('Mcp-Session-Id');

  await expect
    .poll(() =>
      gateway.audit().filter(({ kind, action, reason }) => kind === 'session' && action === 'refused' && String(reason).startsWith('too')),
    )
    .toMatchObject([{ reason: 'too many sessions of one principal', principal_id: 'key:ci', upstream: 'tools' }]);
  expect(await gateway.metrics()).toMatch(/^shadowcat_session_events_total\{what="refused"\} 1$/m);
});

test('who is anonymous shares by address, an IPv6 network is one; programs of this machine are not counted', async () => {
  for (let turn = 0; turn < 2; turn += 1) expect(await opened(from('203.0.113.7'))).toHaveProperty('Mcp-Session-Id');
  expect(await opened(from('203.0.113.7'))).toMatchObject({ status: 503, error: { data: { cap: 'sessions.maxPerPrincipal' } } });
  for (const host of ['1', '2']) expect(await opened(from(`2001:db8:1:1::${host}`))).toHaveProperty('Mcp-Session-Id');
  expect(await opened(from('2001:db8:1:1:ffff::3'))).toMatchObject({ status: 503 });
  for (let turn = 0; turn < 3; turn += 1) expect(await opened({})).toHaveProperty('Mcp-Session-Id');
});

test('a lower share holds from the next session on; those that live stay', async () => {
  const session = await opened(as('ed'));
  const { configHash } = await gateway.connection.call('gateway.status', {});
  writeFileSync(gateway.configPath, readFileSync(gateway.configPath, 'utf8').replace('"maxPerPrincipal": 2', '"maxPerPrincipal": 1'));
  await expect.poll(async () => (await gateway.connection.call('gateway.status', {})).configHash, { timeout: 5000 }).not.toBe(configHash);
  expect(await listed(session as Record<string, string>)).toBe('ok');
  expect(await opened(as('ed'))).toMatchObject({ error: { data: { limit: 1 } } });
});
