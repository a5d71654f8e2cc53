/** The built desktop host on the test double of Electron: one host per data directory, an orderly end, a clear failure. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const projectRoot = resolve(import.meta.dirname, '..', '..');
const fakeElectron = join(projectRoot, 'e2e', 'electron-double', 'fake-electron');

let dataDir: string;
let running: Program[];

interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  /** All it said on both streams. */
  said(): string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'desktop-host-'));
  running = [];
});

afterEach(async () => {
  for (const { child } of running) child.kill('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  rmSync(dataDir, { recursive: true, force: true });
});

test('it publishes itself for the command line, and takes that back when it is told to end', async () => {
  const desktop = startDesktop();
  await expect.poll(() => existsSync(join(dataDir, 'host.json')), { timeout: 20_000 }).toBe(true);

  desktop.child.kill('SIGTERM');

  expect(await desktop.ended).toEqual({ code: 0, signal: null });
  expect(existsSync(join(dataDir, 'host.json'))).toBe(false);
});

test('a data directory with a headless host: the address of that one is opened, and nothing else starts', async () => {
  const headless = start(process.execPath, [
    join(projectRoot, 'out', 'main', 'cli.js'),
    'serve',
    '--json',
    '--port',
    '0',
    '--data-dir',
    dataDir,
  ]);
  await expect.poll(headless.said, { timeout: 20_000 }).toContain('"event":"ready"');

  const desktop = startDesktop();

  expect(await desktop.ended).toEqual({ code: 0, signal: null });
  expect(desktop.said()).toMatch(/would open http:\/\/127\.0\.0\.1:\d+\/#token=/);
  expect(headless.child.exitCode).toBeNull();
});

test('a store that cannot be opened is told to the person, and the exit code is not 0', async () => {
  mkdirSync(join(dataDir, 'traffic.db'));
  writeFileSync(join(dataDir, 'traffic.db', 'in-the-way'), '');

  const desktop = startDesktop();

  expect(await desktop.ended).toEqual({ code: 1, signal: null });
  expect(desktop.said()).toContain('Shadowcat could not start');
});

function startDesktop(): Program {
  return start(fakeElectron, [projectRoot, '--data-dir', dataDir]);
}

function start(command: string, args: readonly string[]): Program {
  const child = spawn(command, args, { cwd: projectRoot });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<Awaited<Program['ended']>>(done => void child.once('close', (code, signal) => done({ code, signal })));
  const program = { child, said: () => said, ended };
  running.push(program);
  return program;
}
