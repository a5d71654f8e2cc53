/** SIGHUP: a service reads its configuration anew, and what runs in a terminal ends with that. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHostFile } from '../../src/main/headless/host-file.ts';
import { cliFile, commandLine } from '../cli/command-line.ts';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { startProcess } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf } from './kit/callers.ts';
import { isAlive } from '../kit/is-alive.ts';
import { pidsIn } from './kit/stdio-log.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { until } from './kit/until.ts';

const stdioServer = join(import.meta.dirname, 'kit/tool-server-stdio.ts');
let home: ScratchHome;
let server: ToolServer;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  // Apart from the configurations, whose directory is watched.
  mkdirSync(join(home.path, 'secrets'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const secretFile = (name: string) => join(home.path, 'secrets', name);
const stdioLog = () => join(home.path, 'secrets', 'stdio.log');

function configWith(bearer: string): object {
  return {
    version: 1,
    listeners: [
      {
        name: 'main',
        port: 0,
        routes: [
          { path: '/http', upstream: 'http' },
          { path: '/stdio', upstream: 'stdio' },
        ],
      },
    ],
    upstreams: {
      http: { health: { kind: 'none' }, credentials: { bearer }, instances: [{ id: 'a', url: server.url }] },
      stdio: {
        health: { kind: 'none' },
        instances: [
          {
            id: 'a',
            command: process.execPath,
            args: [stdioServer],
            env: { TOOL_SERVER_LOG: stdioLog(), TOKEN: `\${file:${secretFile('child')}}` },
          },
        ],
      },
    },
    admin: { port: 0, token: `\${file:${secretFile('admin')}}` },
    shutdown: { readyDelay: '0ms', finish: '1s' },
  };
}

const hangUp = ({ process: { child } }: Pick<RunningGateway, 'process'>) => child.kill('SIGHUP');
const reloads = async (gateway: RunningGateway) =>
  Object.fromEntries(
    readOpenMetrics(await gateway.metrics())
      .get('shadowcat_config_reloads')
      ?.samples.map(({ labels, value }) => [labels['outcome'], value]) ?? [],
  );
const adminStatus = async ({ adminUrl }: RunningGateway, token: string) =>
  (await fetch(`${adminUrl}/api/status`, { headers: { Authorization: `Bearer ${token}` } })).status;

test('SIGHUP takes over what references stand for now; what cannot be taken changes nothing and is told', async () => {
  for (const name of ['bearer', 'child', 'admin']) writeFileSync(secretFile(name), `old-${name}`);
  const config = configWith(`\${file:${secretFile('bearer')}}`);
  await using gateway = await startGateway({ home: home.path, name: 'hangup', config });
  const caller = await httpCaller(gateway.url('/http'), 'modern');
  await using stdio = await httpCaller(gateway.url('/stdio'), 'modern');
  expect([outcomeOf(await caller.call('before')), outcomeOf(await stdio.call('before'))]).toEqual(['ok', 'ok']);
  const [pid = 0] = pidsIn(stdioLog());

  for (const name of ['bearer', 'child', 'admin']) writeFileSync(secretFile(name), `new-${name}`);
  expect([await adminStatus(gateway, 'old-admin'), await adminStatus(gateway, 'new-admin')]).toEqual([200, 401]);
  hangUp(gateway);
  await until('the new token is in force', async () => (await adminStatus(gateway, 'new-admin')) === 200);
  expect(await adminStatus(gateway, 'old-admin')).toBe(401);
  expect(outcomeOf(await caller.call('after'))).toBe('ok');
  expect(server.captured.at(-1)?.rawHeaders).toContain('Bearer new-bearer');
  expect(outcomeOf(await stdio.call('after'))).toBe('ok');
  await until('the former child ends', () => !isAlive(pid), 5000);
  await until('the audit says why', () => gateway.audit().some(row => row['kind'] === 'config' && row['reason'] === 'SIGHUP'));

  rmSync(secretFile('child'));
  hangUp(gateway);
  await until('a secret is missed', async () => (await gateway.connection.call('gateway.status', {})).configProblems[0]);
  writeFileSync(secretFile('child'), 'new-child');
  const text = readFileSync(gateway.configPath, 'utf8');
  rmSync(gateway.configPath);
  hangUp(gateway);
  await until('the file is missed', () => gateway.process.stderr().includes(`There is no file ${gateway.configPath}`));
  expect(gateway.process.stderr()).toMatch(/"Configuration rejected".*secrets\/child\} names a file that is not there/);
  expect(outcomeOf(await caller.call('still'))).toBe('ok');
  expect(await reloads(gateway)).toMatchObject({ applied: 2, rejected: 2 });
  writeFileSync(gateway.configPath, text);
  hangUp(gateway);
  await until('all is well', async () => (await gateway.connection.call('gateway.status', {})).configProblems.length === 0);
});

test('a second `gateway` beside a host hands SIGHUP on to it; a host without a configuration goes on', async () => {
  const cli = commandLine(home, 'beside');
  const host = await cli.ready('serve', '--port', '0');
  host.process.child.kill('SIGHUP');
  const path = join(home.path, 'beside-it.yaml');
  writeFileSync(path, JSON.stringify(configWith('none')));
  const beside = await cli.ready('gateway', '--config', path);
  const changes = async () => ((await cli.json('status')) as { gateway: { changes: { kind: string }[] } }).gateway.changes;
  const count = (await changes()).filter(({ kind }) => kind === 'config').length;
  beside.process.child.kill('SIGHUP');
  await until('the host took it again', async () => (await changes()).filter(({ kind }) => kind === 'config').length === count + 1);
  expect(await beside.process.stop()).toEqual({ code: 0, signal: null });
  expect(await host.process.stop()).toEqual({ code: 0, signal: null });
});

// The terminal is that of util-linux's script, as Debian and Fedora have it.
test.runIf(process.platform === 'linux' && existsSync('/usr/bin/script'))('a gateway in a terminal ends when that is closed', async () => {
  const dataDir = join(home.path, 'terminal');
  const path = join(home.path, 'terminal.yaml');
  writeFileSync(path, JSON.stringify(configWith('none')));
  const command = `'${process.execPath}' '${cliFile}' gateway --config '${path}' --data-dir '${dataDir}'`;
  await using terminal = startProcess({ command: '/usr/bin/script', args: ['-qec', command, '/dev/null'], home: home.path });
  const pid = await until('the gateway runs', () => readHostFile(dataDir)?.pid);
  await until('it said so', () => terminal.stdout().includes('Stop with Ctrl-C.'));
  terminal.child.kill('SIGKILL');
  await until('it has ended', () => !isAlive(pid));
  // In order: whoever looks for a host finds none.
  expect(readHostFile(dataDir)).toBe(undefined);
});
