/** How soon a command says something: the start-up that a client waits for. */
import { spawn } from 'node:child_process';
import type { Stand } from './stand.ts';

/** A Node program that says one line and ends. */
export const nodeSaysOneLine: readonly string[] = [process.execPath, '-e', 'process.stdout.write("{}\\n")'];

/**
 * From spawning to the first byte of standard output, in ms. The command ends by itself. Not through `Stand.start`,
 * whose bookkeeping would be part of the figure.
 */
export function msToFirstByte(stand: Stand, [command = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(command, args, { cwd: stand.dir, env: stand.environment(), stdio: ['pipe', 'pipe', 'inherit'], timeout: 10_000 });
    let firstByteMs: number | undefined;
    child.stdout.on('data', () => (firstByteMs ??= performance.now() - startedAt));
    child.once('error', reject);
    child.once('close', code => {
      if (firstByteMs === undefined || code !== 0) reject(new Error(`${command} ${args.join(' ')} ended with ${String(code)}`));
      else resolve(firstByteMs);
    });
  });
}
