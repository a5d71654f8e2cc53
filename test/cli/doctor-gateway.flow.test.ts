/** `doctor` where there is a gateway: what it is made from, what it listens on and depends on, and what to do about each. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Check } from '../../src/shared/model/host.ts';
import { type RunningGateway, startGateway } from '../gateway/kit/running-gateway.ts';
import { freePort } from '../gateway/kit/tap.ts';
import { startToolServer, type ToolServer } from '../gateway/kit/tool-server.ts';
import { until } from '../gateway/kit/until.ts';
import { runToEnd } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { cliFile } from './command-line.ts';

let home: ScratchHome;
let server: ToolServer;
/** Publishes a key set at every path. */
let issuer: Server;
let gateway: RunningGateway | undefined;
let nobody: number;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  issuer = createHttpServer((_request, response) => response.end(JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }] })));
  await new Promise<void>(resolve => issuer.listen(0, '127.0.0.1', resolve));
  nobody = await freePort();
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  issuer.close();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const issuerUrl = () => `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
const text = (part: string | RegExp) => (typeof part === 'string' ? expect.stringContaining(part) : expect.stringMatching(part)) as unknown;

/** The checks of a gateway alone, by name; whoever is not well says what to do. */
async function looked(dataDir: string): Promise<{ code: number | null; checks: Record<string, Check> }> {
  const { code, stdout } = await runToEnd({ args: [cliFile, 'doctor', '--json', '--data-dir', dataDir], home: home.path });
  const { checks } = z.object({ checks: z.array(Check) }).parse(JSON.parse(stdout));
  for (const { state, advice } of checks) if (state !== 'ok') expect(advice).not.toBe('');
  const own = checks.slice(checks.findIndex(({ name }) => name === 'Hub socket') + 1);
  return { code, checks: Object.fromEntries(own.map(check => [check.name, check])) };
}

const configFor = (ports: { readonly main: number; readonly admin: number }) => ({
  version: 1,
  listeners: [
    {
      name: 'main',
      port: ports.main,
      publicUrl: 'http://127.0.0.1:1',
      auth: {
        issuers: [
          { issuer: 'https://keys.example', audiences: ['a'], jwksUri: `${issuerUrl()}/keys` },
          { issuer: `http://127.0.0.1:${nobody}`, audiences: ['a'] },
        ],
      },
      routes: ['well', 'down', 'kept'].map(name => ({ path: `/${name}`, upstream: name })),
    },
  ],
  upstreams: {
    well: { health: { kind: 'tcp' }, instances: [{ id: 'a', url: server.url }], credentials: { bearer: '${vault:not-there}' } },
    down: {
      health: { kind: 'tcp', interval: '100ms', fastInterval: '100ms', fall: 1 },
      instances: [{ id: 'a', url: `http://127.0.0.1:${nobody}/mcp` }],
    },
    kept: {
      health: { kind: 'none' },
      instances: [
        { id: 'a', url: server.url },
        { id: 'b', url: server.url },
      ],
    },
    off: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url, disabled: true }] },
  },
  admin: { port: ports.admin },
  shutdown: { readyDelay: '0ms', finish: '1s' },
});

const issuers = () => ({
  'Issuer https://keys.example': { state: 'ok', detail: '1 key' },
  [`Issuer http://127.0.0.1:${nobody}`]: { state: 'fail', detail: text('ECONNREFUSED'), advice: text('jwksUri') },
});

test('a configuration that nobody serves: its mistakes, its ports, its servers, its secrets, its issuers', async () => {
  const dataDir = join(home.path, 'resting');
  const path = join(dataDir, 'shadowcat.yaml');
  mkdirSync(dataDir);
  writeFileSync(path, 'version: 1\nadmin: { prot: 1 }\n');
  expect(await looked(dataDir)).toMatchObject({
    code: 1,
    checks: {
      'Gateway configuration': {
        state: 'fail',
        detail: `${path}:2:10: Unknown key "prot"; did you mean port?`,
        advice: text(`shadowcat config check ${path}`),
      },
    },
  });

  const taken = createServer();
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const config = configFor({ main: port, admin: 0 });
  writeFileSync(path, JSON.stringify(config));
  const { code, checks } = await looked(dataDir);
  taken.close();
  expect([code, Object.keys(checks)]).toEqual([
    1,
    [
      'Gateway configuration',
      'Listener main',
      'Admin listener',
      'Upstream well',
      'Upstream down',
      'Upstream kept',
      'Upstream off',
      'Vault',
      ...Object.keys(issuers()),
    ],
  ]);
  expect(checks).toMatchObject({
    'Gateway configuration': { state: 'warn', detail: text(`${path}:`), advice: text(`shadowcat config check ${path}`) },
    'Listener main': { state: 'fail', detail: `127.0.0.1:${port} is taken by another program` },
    'Admin listener': { state: 'ok' },
    'Upstream well': { state: 'ok' },
    'Upstream down': { state: 'warn', detail: text(`127.0.0.1:${nobody} does not answer`) },
    Vault: { state: 'fail', detail: text('no secret not-there'), advice: 'Keep it: shadowcat secret set not-there' },
    ...issuers(),
  });
});

test('a gateway that runs: the same as it sees it, and a newest file that it did not take', async () => {
  gateway = await startGateway({ home: home.path, name: 'running', config: configFor({ main: 0, admin: 0 }) });
  const { connection, configPath, dataDir, adminUrl } = gateway;
  await connection.call('breaker.set', { upstream: 'kept', instance: 'b', action: 'isolate' });
  await until('it is down', async () => {
    const { upstreams } = await connection.call('gateway.upstreams', {});
    return upstreams.find(({ name }) => name === 'down')?.instances[0]?.isHealthy === false;
  });
  expect(await looked(dataDir)).toMatchObject({
    code: 1,
    checks: {
      'Gateway configuration': { state: 'warn', detail: text(`${configPath}:`) },
      'Listener main': { state: 'ok', detail: text(/^http:/) },
      'Admin listener': { state: 'ok', detail: adminUrl },
      'Upstream well': { state: 'ok', detail: '1 instance, usable' },
      'Upstream down': { state: 'fail', detail: text('no instance is usable'), advice: text(`http://127.0.0.1:${nobody}/mcp`) },
      'Upstream kept': { state: 'warn', detail: text('1 of 2 instances'), advice: 'shadowcat upstream rejoin kept b' },
      'Upstream off': { state: 'warn', detail: 'no instance is usable: a: disabled', advice: text('disabled: true') },
      Vault: { state: 'fail' },
      ...issuers(),
    },
  });
  writeFileSync(configPath, 'version: 2\n');
  const said = await runToEnd({ args: [cliFile, 'doctor', '--data-dir', dataDir], home: home.path });
  expect(said.stdout).toMatch(/^✗ Gateway configuration .*running\.yaml:1:10: .*; the one before is in force\n +→ .*config check/m);
  expect(said.stdout).toMatch(/^✓ Listener main /m);
  writeFileSync(configPath, JSON.stringify({ version: 1, admin: { port: 0 } }));
  await until('it is in force', async () => (await connection.call('gateway.status', {})).listeners.length === 0);
  expect((await looked(dataDir)).checks).toMatchObject({
    'Gateway configuration': { state: 'ok', detail: `${configPath} is in force`, advice: '' },
    Listeners: { state: 'warn', detail: 'none is open' },
  });
});
