/** The lock of a data directory, held against real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Another process that takes the lock, tells so, and holds it until it is killed. */
async function otherHolder() {
  const module = new URL('./directory-lock.ts', import.meta.url).href;
  const script = `const { lockDirectory } = await import(${JSON.stringify(module)});
    globalThis.lock = lockDirectory(${JSON.stringify(dir)});
    console.log(globalThis.lock === undefined ? 'refused' : 'held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: String(said).trim() };
}

test('a second taker in the same process is refused until the first lets go', () => {
  const first = lockDirectory(dir);
  expect(lockDirectory(dir)).toBeUndefined();
  first?.release();
  const second = lockDirectory(dir);
  expect(second).toBeDefined();
  second?.release();
  second?.release();
});

test('a process killed without warning leaves no lock behind', async () => {
  const { child, said } = await otherHolder();
  try {
    expect(said).toBe('held');
    expect(lockDirectory(dir)).toBeUndefined();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const mine = lockDirectory(dir);
  expect(mine).toBeDefined();
  mine?.release();
});

test('another process is refused while this one holds the lock', async () => {
  const mine = lockDirectory(dir);
  const { child, said } = await otherHolder();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(said).toBe('refused');
  mine?.release();
});

test('the lock is one empty private file', () => {
  const mine = lockDirectory(dir);
  expect(readdirSync(dir)).toEqual(['host.lock']);
  expect(statSync(join(dir, 'host.lock'))).toMatchObject({ size: 0 });
  expect(statSync(join(dir, 'host.lock')).mode & 0o077).toBe(0);
  mine?.release();
});

test('a directory that is not there is an error, not a refusal', () => {
  expect(() => lockDirectory(join(dir, 'missing'))).toThrow(/ENOENT/);
});
