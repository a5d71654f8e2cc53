/** The `shadowcat` launcher: hands over to the built entry, on the project's own Node where the running one is too old, without being felt. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const projectRoot = resolve(import.meta.dirname, '..', '..');
/** Makes a Node say that it is 20, which is all the launcher looks at. */
const old = ['--import', 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.19.0"})'];

const echoingEntry = `
process.on('SIGTERM', () => process.exit(41));
process.on('SIGHUP', () => { process.stdout.write('hup\\n'); });
console.log(JSON.stringify({ entry: import.meta.url.split('/').at(-1), args: process.argv.slice(2), script: process.argv[1], node: process.version, pid: process.pid }));
process.stdin.on('data', chunk => process.stdout.write(chunk)).on('end', () => process.exit(Number(process.argv.at(-1)) || 0));
`;

let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'launcher-'));
  mkdirSync(join(project, 'out', 'main'), { recursive: true });
  cpSync(join(projectRoot, 'tools', 'cli'), join(project, 'tools', 'cli'), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(project, 'node_modules'), 'junction');
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  for (const entry of ['cli.js', 'shim.js']) writeFileSync(join(project, 'out', 'main', entry), echoingEntry);
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('wrap runs the shim in the same process, on an old Node too', async () => {
  for (const flags of [[], old]) {
    const child = launch(flags, ['wrap', '--name', 'x', '--', 'server', '7']);

    const started = await firstLine(child);
    child.stdin.end();

    expect(started).toMatchObject({ entry: 'shim.js', args: ['--name', 'x', '--', 'server', '7'], pid: child.pid });
    expect(started['script']).toBe(join(project, 'out', 'main', 'shim.js'));
    expect(await end(child)).toEqual({ code: 7, signal: null });
  }
});

test('other commands run in the same process where Node is new enough', async () => {
  const child = launch([], ['doctor', '3']);

  const started = await firstLine(child);
  child.stdin.end();

  expect(started).toMatchObject({ entry: 'cli.js', args: ['doctor', '3'], pid: child.pid });
  expect(await end(child)).toEqual({ code: 3, signal: null });
});

test('on an old Node the project’s own Node runs, with the same streams and exit code', async () => {
  const child = launch(old, ['serve', '5']);

  const started = await firstLine(child);
  const echoed = nextText(child);
  child.stdin.write('line\n');

  expect(started['pid']).not.toBe(child.pid);
  expect(started['node']).toMatch(/^v2[2-9]\./);
  expect(await echoed).toBe('line\n');
  child.stdin.end();
  expect(await end(child)).toEqual({ code: 5, signal: null });
});

test('on an old Node signals are passed on and a death by signal is mirrored', async () => {
  const graceful = launch(old, ['serve']);
  await firstLine(graceful);
  const hup = nextText(graceful);
  graceful.kill('SIGHUP');
  expect(await hup).toBe('hup\n');
  graceful.kill('SIGTERM');
  expect(await end(graceful)).toEqual({ code: 41, signal: null });

  const killed = launch(old, ['serve']);
  const { pid } = await firstLine(killed);
  process.kill(Number(pid), 'SIGKILL');
  expect(await end(killed)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('without a build it says what to run', async () => {
  const bare = mkdtempSync(join(tmpdir(), 'launcher-bare-'));
  cpSync(join(projectRoot, 'tools', 'cli'), join(bare, 'tools', 'cli'), { recursive: true });
  const child = spawn(process.execPath, [join(bare, 'tools', 'cli', 'bin', 'shadowcat.mjs'), 'doctor']);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));

  const ended = await end(child);
  rmSync(bare, { recursive: true, force: true });

  expect(ended).toEqual({ code: 1, signal: null });
  expect(complaint).toContain('npm run build');
});

function launch(flags: readonly string[], args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...flags, join(project, 'tools', 'cli', 'bin', 'shadowcat.mjs'), ...args]);
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<Record<string, unknown>> {
  return JSON.parse(await nextText(child)) as Record<string, unknown>;
}

function nextText(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise(done => void child.stdout.setEncoding('utf8').once('data', done));
}

function end(child: ChildProcessWithoutNullStreams): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise(done => void child.once('close', (code, signal) => done({ code, signal })));
}
