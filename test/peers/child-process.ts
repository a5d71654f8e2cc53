/**
 * Starts a real process for a test and stops it again, by its own pid. The environment is a small one of our own:
 * the home directory is temporary, so that no peer reads or writes a person's settings.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';

export interface ProcessStart {
  /** The file to run with Node, or a command with `command`. */
  readonly args: readonly string[];
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly home: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a finished command left behind. */
export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout(): string;
  stderr(): string;
  /** Resolves with what `find` makes of the first line it accepts; rejects when the process ends before that. */
  firstLine<T>(stream: 'stdout' | 'stderr', find: (line: string) => T | undefined): Promise<T>;
  stop(): Promise<Exit>;
}

// Output is kept for messages and for reading; a test that needs more than this is not one of these.
const maxOutputChars = 16 * 1024 * 1024;
const lineDeadlineMs = 20_000;
/** For what heeds no signal. Whoever ends in good order is not to be cut short because the machine is busy. */
const stopDeadlineMs = 15_000;

/** The environment of every process we start: the project's own Node first, no settings of the person who runs the test. */
export function childEnvironment(home: string, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const path = [dirname(process.execPath), join(import.meta.dirname, '../../node_modules/.bin'), process.env['PATH'] ?? ''];
  return { PATH: path.join(delimiter), HOME: home, USERPROFILE: home, NO_COLOR: '1', ...extra };
}

/** Starts a process. Dispose it, or call `stop`, before the test ends. */
export function startProcess(start: ProcessStart): RunningProcess {
  const child = spawn(start.command ?? process.execPath, start.args, {
    env: childEnvironment(start.home, start.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] = (output[stream] + text).slice(-maxOutputChars);
    });
  }
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // A failed start is reported to whoever waits for a line or the end; nobody may be waiting yet.
  exited.catch(() => undefined);

  const running: RunningProcess = {
    child,
    pid: child.pid ?? 0,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async firstLine(stream, find) {
      const deadline = AbortSignal.timeout(lineDeadlineMs);
      for (;;) {
        for (const line of output[stream].split('\n').slice(0, -1)) {
          const found = find(line);
          if (found !== undefined) return found;
        }
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended early: ${output.stderr.slice(-2_000)}`);
        await Promise.race([once(child[stream], 'data', { signal: deadline }), exited]).catch((cause: unknown) => {
          throw new Error(`No such line on ${stream}; stderr: ${output.stderr.slice(-2_000)}`, { cause });
        });
      }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
      try {
        return await exited;
      } finally {
        clearTimeout(late);
      }
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
    },
  };
  return running;
}

/** Runs a command to its end. It is killed, and the promise rejects, after `deadlineMs`. */
export async function runToEnd(start: ProcessStart, deadlineMs = 30_000): Promise<Finished> {
  const running = startProcess(start);
  running.child.stdin?.end();
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    running.child.kill('SIGKILL');
  }, deadlineMs);
  try {
    const exit = await running.exited;
    if (isLate) throw new Error(`Still running after ${deadlineMs} ms: ${start.args.join(' ')}\n${running.stderr().slice(-2_000)}`);
    return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
  } finally {
    clearTimeout(late);
  }
}

/** The line as a JSON object, or undefined if it is not one. */
export function asJsonObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
