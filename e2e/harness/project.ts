/** Where the built product is, and how specs run its command line against the host of their file. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { projectNode } from '../../scripts/bootstrap/node.mjs';

export const projectRoot = resolve(import.meta.dirname, '..', '..');
export const node = projectNode();

/** Absolute path of a built file; says how to get it when it is not there. */
export function built(...parts: string[]): string {
  const path = join(projectRoot, 'out', ...parts);
  if (!existsSync(path)) throw new Error(`${path} is not built: run "npm run build"`);
  return path;
}

/** A fresh data directory; the host that owns it removes it. */
export function freshDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'shadowcat-e2e-'));
}

/** Starts `shadowcat …` on a data directory. The caller ends it. */
export function spawnCli(dataDir: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(node, [built('main', 'cli.js'), ...args], { cwd: projectRoot, env: { ...process.env, SHADOWCAT_DATA_DIR: dataDir } });
}

/** Runs `shadowcat …` on a data directory to its end. */
export async function runCli(dataDir: string, args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnCli(dataDir, args);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  return { code, ...output };
}
