/** What `status` says of a gateway is so, and those who only ask whether it is ready do not pay for what they do not read. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { commandLine } from '../cli/command-line.ts';
import { scratchHome } from '../peers/scratch-home.ts';
import { httpCaller } from './kit/callers.ts';
import { startGateway } from './kit/running-gateway.ts';
import { startToolServer } from './kit/tool-server.ts';

const apiKeys = [{ id: 'ci', hash: `sha256:${createHash('sha256').update('a key').digest('hex')}` }];
const upstreams = (url: string) => ({ one: { health: { kind: 'none' }, instances: [{ id: 'a', url }] } });

test('of each listener it says whether credentials are required, optional, or asked for by nobody', async () => {
  await using home = await scratchHome();
  await using server = await startToolServer();
  const listener = (name: string, auth?: object) => ({
    name,
    port: 0,
    routes: [{ path: `/${name}`, upstream: 'one' }],
    ...(auth === undefined ? {} : { publicUrl: 'http://localhost', auth }),
  });
  await using gateway = await startGateway({
    home: home.path,
    name: 'words',
    config: {
      version: 1,
      listeners: [
        listener('strict', { apiKeys }),
        listener('lenient', { mode: 'optional', apiKeys }),
        listener('unknowing', { mode: 'optional' }),
        listener('open'),
      ],
      upstreams: upstreams(server.url),
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
  });
  const { listeners } = await gateway.connection.call('gateway.status', {});
  const words = { strict: 'required', lenient: 'optional', unknowing: 'none', open: 'none' };
  expect(Object.fromEntries(listeners.map(({ name, auth }) => [name, auth]))).toEqual(words);
  const { stdout } = await commandLine(home, 'words').run('status');
  const shown = [...stdout.matchAll(/^http\S+\/(\w+) +one +(\w+)$/gm)].map(([, path, word]) => [path, word]);
  expect(Object.fromEntries(shown)).toEqual(words);
  // It is so: without a key nobody gets in where one is required, and where it is optional, one that is wrong is refused.
  const statusOf = async (path: string, key?: string) => {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json', ...(key === undefined ? {} : { 'X-API-Key': key }) };
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {} },
    });
    return (await fetch(gateway.url(path), { method: 'POST', headers, body })).status;
  };
  expect([await statusOf('/strict'), await statusOf('/lenient'), await statusOf('/unknowing')]).toEqual([401, 200, 200]);
  expect([await statusOf('/strict', 'a key'), await statusOf('/lenient', 'a key'), await statusOf('/lenient', 'no key')]).toEqual([
    200, 200, 401,
  ]);
});

/** Percentiles sort durations; nothing else in the process has so many numbers. */
const tellsSorts = `const { sort } = Float64Array.prototype;
Float64Array.prototype.sort = function (...by) { process.stderr.write('sorted ' + this.length + '\\n'); return sort.apply(this, by); };`;

test('probes of liveness, readiness and health reckon no percentiles; status does', async () => {
  await using home = await scratchHome();
  await using server = await startToolServer();
  await using gateway = await startGateway({
    home: home.path,
    name: 'probes',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'one' }] }],
      upstreams: upstreams(server.url),
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(tellsSorts)}` },
  });
  await using caller = await httpCaller(gateway.url('/mcp'), 'modern');
  for (let call = 0; call < 3; call += 1) await caller.call('ok_tool');
  const sorts = () => [...gateway.process.stderr().matchAll(/^sorted (\d+)$/gm)].map(([, count]) => Number(count));
  for (const path of ['/health/live', '/health/ready', '/health', '/metrics'])
    for (let probe = 0; probe < 5; probe += 1) expect((await fetch(`${gateway.adminUrl}${path}`)).status).toBe(200);
  const asked = (await (await fetch(`${gateway.adminUrl}/api/status`)).json()) as { durations: { total: object } };
  expect(asked.durations.total).toMatchObject({ count: 3, p99Ms: expect.any(Number) as number });
  // What is asked for last is written last.
  await expect.poll(sorts).toEqual([3, 3]);
});
