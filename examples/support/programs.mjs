/** Starts programs for an example and ends them with it. The same commands can be typed by hand: each example's README has them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
const startWithinMs = 20_000;

/** A file of the project or of its packages. */
export const inProject = (...parts) => join(root, ...parts);

/** Runs `work` with a fresh data directory and a way to start programs; everything is ended and removed afterwards. */
export async function example(work) {
  const dataDir = mkdtempSync(join(tmpdir(), 'shadowcat-example-'));
  const running = [];
  const start = (args, env = {}) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.push(child);
    return child;
  };
  try {
    await work({ dataDir, start });
  } finally {
    for (const child of running.reverse()) {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(late);
    }
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** `shadowcat …`: the words of its command line. */
export const shadowcat = (...words) => [process.env.SHADOWCAT_CLI ?? inProject('out/main/cli.js'), ...words];

/** The first line of a stream that `find` accepts; fails with what the program said when it ends before, or takes too long. */
export async function firstLine(child, stream, find) {
  const said = [];
  child[stream === 'stdout' ? 'stderr' : 'stdout'].on('data', chunk => said.push(String(chunk)));
  const late = setTimeout(() => child.kill('SIGKILL'), startWithinMs);
  try {
    for await (const line of createInterface({ input: child[stream] })) {
      said.push(line);
      const found = find(line);
      if (found !== undefined) return found;
    }
  } finally {
    clearTimeout(late);
  }
  throw new Error(`The program ended before it was ready: ${said.join('\n').slice(-2_000)}`);
}

/** Waits for the line that `--json` prints and gives the addresses in it by their path. */
export async function ready(child) {
  const { listeners } = await firstLine(child, 'stdout', line => {
    const event = line.startsWith('{') ? JSON.parse(line) : {};
    return event.event === 'ready' ? event : undefined;
  });
  return new Map(listeners.map(({ url }) => [new URL(url).pathname, url]));
}
