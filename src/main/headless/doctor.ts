/** What can be wrong on a machine, looked at one by one; each finding says what to do next. */
import { once } from 'node:events';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import type { Check } from '../../shared/model/host.ts';
import type { EngineDeps } from '../engine-deps.ts';
import { oldestNodeMajor } from './node-version.ts';

type Store = Parameters<EngineDeps['host']['doctor']>[0];

/** Less than this and recording stops soon. */
const LOW_DISK_BYTES = 1024 ** 3;
const REACH_DEADLINE_MS = 1_000;
/** Long enough for what a store may hold by default on a slow disk; the person at the terminal waits for it. */
const INTEGRITY_DEADLINE_MS = 10_000;

/** What only the running engine can tell. */
export async function storeChecks({ dataDir, store, hubPath }: { dataDir: string; store: Store; hubPath: string }): Promise<Check[]> {
  return Promise.all([storeCheck(store), integrityCheck(store, dataDir), diskCheck(dataDir), hubCheck(hubPath)]);
}

/** What can be told without an engine, also when it does not start. */
export async function machineChecks({ dataDir, env }: { dataDir: string; env: NodeJS.ProcessEnv }): Promise<Check[]> {
  return [nodeCheck(), directoryCheck(dataDir), ...(await Promise.all(usualPorts.map(portCheck))), browserCheck(env)];
}

function nodeCheck(): Check {
  const name = 'Node';
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNodeMajor) return ok(name, `Node ${process.versions.node}`);
  return { name, state: 'fail', detail: `Node ${process.versions.node}`, advice: `Use Node ${oldestNodeMajor} or newer.` };
}

function directoryCheck(dataDir: string): Check {
  const name = 'Data directory';
  if (!existsSync(dataDir)) return ok(name, `${dataDir} (made at the first start)`);
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return {
      name,
      state: 'fail',
      detail: `${dataDir} cannot be written`,
      advice: 'Change its owner or rights, or name another one with --data-dir.',
    };
  }
  const mode = statSync(dataDir).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return ok(name, dataDir);
  return { name, state: 'warn', detail: `${dataDir} can be read by others (mode ${mode.toString(8)})`, advice: `chmod 700 ${dataDir}` };
}

/** What `serve` and `proxy` listen on unless told otherwise. */
const usualPorts = [
  { port: 7390, use: 'window' },
  { port: 7381, use: 'proxy' },
] as const;

async function portCheck({ port, use }: (typeof usualPorts)[number]): Promise<Check> {
  const name = `Port ${port} (${use})`;
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
    await new Promise(resolve => server.close(resolve));
    return ok(name, 'free');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return ok(name, 'in use; the next free one is taken');
    return { name, state: 'warn', detail: `cannot be used (${code})`, advice: 'Name another one with --port.' };
  }
}

const browserNames = ['xdg-open', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'firefox'];

function browserCheck(env: NodeJS.ProcessEnv): Check {
  const name = 'Browser';
  if (process.platform !== 'linux') return ok(name, 'the system opens its own');
  const folders = (env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '');
  const found = browserNames.flatMap(command => folders.map(folder => join(folder, command))).find(existsSync);
  if (found !== undefined) return ok(name, found);
  return {
    name,
    state: 'warn',
    detail: 'none found on the PATH',
    advice: 'Open the address that `shadowcat serve` prints in a browser of your own.',
  };
}

async function storeCheck(store: Store): Promise<Check> {
  const name = 'Store';
  try {
    const stats = await store.stats();
    const detail = `${stats.sessionCount} sessions, ${stats.frameCount} frames, ${megabytes(stats.sizeBytes)} in ${stats.path} (schema ${stats.schemaVersion})`;
    if (stats.state === 'ok') return ok(name, detail);
    const problem = stats.problem ?? stats.state;
    const state = stats.state === 'set-aside' ? 'warn' : 'fail';
    return {
      name,
      state,
      detail: `${problem}; ${detail}`,
      advice: 'Make room or repair the rights, then start the host again; traffic passes meanwhile, unrecorded.',
    };
  } catch (error) {
    return { name, state: 'fail', detail: messageOf(error), advice: 'Start the host again; if it stays so, move traffic.db away.' };
  }
}

async function integrityCheck(store: Store, dataDir: string): Promise<Check> {
  const name = 'Store integrity';
  const file = join(dataDir, 'traffic.db');
  const advice = `Save what still reads with "shadowcat tape export", stop the host and move ${file} away; the next start makes a new one.`;
  try {
    const { problems, checkedCount, tableCount } = await store.quickCheck(INTEGRITY_DEADLINE_MS);
    const [first] = problems;
    if (first !== undefined)
      return {
        name,
        state: 'fail',
        detail: `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in ${file}: ${first}`,
        advice,
      };
    if (checkedCount === tableCount) return ok(name, `all ${tableCount} tables read`);
    return {
      name,
      state: 'warn',
      detail: `nothing wrong in ${checkedCount} of ${tableCount} tables; then the time was over`,
      advice: 'Run doctor again when the disk is less busy, or delete old sessions.',
    };
  } catch (error) {
    return { name, state: 'fail', detail: `${file} cannot be read: ${messageOf(error)}`, advice };
  }
}

async function diskCheck(dataDir: string): Promise<Check> {
  const name = 'Free disk';
  const stats = await statfs(existsSync(dataDir) ? dataDir : dirname(dataDir));
  const freeBytes = stats.bavail * stats.bsize;
  if (freeBytes >= LOW_DISK_BYTES) return ok(name, megabytes(freeBytes));
  return {
    name,
    state: 'warn',
    detail: megabytes(freeBytes),
    advice: 'Delete old sessions or make room; recording stops when the disk is full.',
  };
}

async function hubCheck(hubPath: string): Promise<Check> {
  const name = 'Hub socket';
  const socket = connect(hubPath);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(REACH_DEADLINE_MS) });
    return ok(name, hubPath);
  } catch (error) {
    return {
      name,
      state: 'fail',
      detail: `${hubPath} does not answer (${messageOf(error)})`,
      advice: 'Start the host again; wrapped servers keep their records until then.',
    };
  } finally {
    socket.destroy();
  }
}

function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail, advice: '' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)} MB`;
}
