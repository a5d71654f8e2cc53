/** The built desktop host on the test double of Electron: one host per data directory, an orderly end, a clear failure. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron } from 'playwright';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from '../../src/main/store/directory-lock.ts';

const projectRoot = resolve(import.meta.dirname, '..', '..');
const fakeElectron = join(projectRoot, 'e2e', 'electron-double', 'fake-electron');
const cliFile = join(projectRoot, 'out', 'main', 'cli.js');

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
  const headless = start(process.execPath, [cliFile, 'serve', '--json', '--port', '0', '--data-dir', dataDir]);
  await expect.poll(headless.said, { timeout: 20_000 }).toContain('"event":"ready"');

  const desktop = startDesktop();

  expect(await desktop.ended).toEqual({ code: 0, signal: null });
  expect(desktop.said()).toMatch(/would open http:\/\/127\.0\.0\.1:\d+\/#token=/);
  expect(headless.child.exitCode).toBeNull();
});

test('serve on the directory of the desktop app brings its window to the front, and says so', async () => {
  const app = await _electron.launch({ executablePath: fakeElectron, args: [projectRoot, '--data-dir', dataDir], cwd: projectRoot });
  try {
    await app.firstWindow();
    const isMinimized = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(window => window.isMinimized()));
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
    expect(await isMinimized()).toEqual([true]);

    const people = start(process.execPath, [cliFile, 'serve', '--data-dir', dataDir]);
    expect(await people.ended).toEqual({ code: 0, signal: null });
    expect(people.said()).toContain('Window     that of the desktop app, now in front');
    expect(await isMinimized()).toEqual([false]);

    const program = start(process.execPath, [cliFile, 'serve', '--json', '--data-dir', dataDir]);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(JSON.parse(program.said())).toEqual({
      event: 'already-running',
      uiUrl: null,
      pid: app.process().pid,
      dataDir,
      listeners: [],
    });
  } finally {
    await app.close();
  }
});

test('a store that cannot be opened does not keep the app from starting: traffic passes, and doctor says what is wrong', async () => {
  mkdirSync(join(dataDir, 'traffic.db'));
  writeFileSync(join(dataDir, 'traffic.db', 'in-the-way'), '');
  startDesktop();
  await expect.poll(() => existsSync(join(dataDir, 'host.json')), { timeout: 20_000 }).toBe(true);

  const doctor = start(process.execPath, [cliFile, 'doctor', '--data-dir', dataDir]);

  expect(await doctor.ended).toEqual({ code: 1, signal: null });
  expect(doctor.said()).toMatch(/^✗ Store .*\n +→ \S/m);
});

test('a host of another version on the directory is told to the person, and the exit code is not 0', async () => {
  const other = { pid: process.pid, startedAt: 1, version: '99.0.0', contractVersion: 99, secret: 'x'.repeat(43) };
  writeFileSync(join(dataDir, 'host.json'), JSON.stringify({ ...other, apiUrl: 'ws://127.0.0.1:9/api', hubPath: '/nowhere' }));
  const lock = lockDirectory(dataDir);

  const desktop = startDesktop();

  expect(await desktop.ended).toEqual({ code: 1, signal: null });
  expect(desktop.said()).toMatch(/Shadowcat could not start: .*speaks contract 99/);
  lock?.release();
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
