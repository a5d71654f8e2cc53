/**
 * The test stand: a scratch directory and all processes of a run, with one owner. Whatever ends the run (success, an
 * error, Ctrl-C), every process is stopped by its own pid and the directory is deleted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const readyDeadlineMs = 15_000;
const stopDeadlineMs = 4_000;
const maxOutputChars = 64 * 1_024;

export interface Command {
  readonly name: string;
  readonly command?: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Where standard error goes instead of being kept here. */
  readonly stderrFile?: string;
}

export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  stderr(): string;
  /** Resolves to the first line of standard output that is a JSON object. */
  ready(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

export class Stand {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'shadowcat-bench-'));
  /** What a reader of the figures has to know: skipped references, rounds not run. */
  readonly notes: string[] = [];
  readonly #running = new Set<Running>();
  #dirCount = 0;
  #isClosed = false;

  constructor() {
    // The last net: a bench that dies by an exception nobody caught must not leave processes behind.
    process.on('exit', () => {
      for (const { child } of this.#running) child.kill('SIGKILL');
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  /** A fresh directory below the scratch directory. */
  newDir(name: string): string {
    const path = join(this.dir, `${name}-${(this.#dirCount += 1)}`);
    mkdirSync(path);
    return path;
  }

  /** The environment of all we start: the project's own Node first, a scratch home, no settings of the person at the keyboard. */
  environment(): Record<string, string> {
    const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
    return { PATH: path, HOME: this.dir, USERPROFILE: this.dir, NO_COLOR: '1' };
  }

  /** Runs Node (or `command`) with these arguments until `stop`, or until the stand closes. */
  start(command: Command): Running {
    if (this.#isClosed) throw new Error('The benchmark is being stopped');
    const { stderrFile } = command;
    const stderrFd = stderrFile === undefined ? undefined : openSync(stderrFile, 'a');
    const child = spawn(command.command ?? process.execPath, command.args, {
      env: this.environment(),
      cwd: command.cwd ?? this.dir,
      stdio: ['pipe', 'pipe', stderrFd ?? 'pipe'],
    });
    if (stderrFd !== undefined) closeSync(stderrFd);
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-maxOutputChars)));
    child.stdin?.on('error', () => undefined);
    const exited = new Promise<void>(resolve => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    const running: Running = {
      name: command.name,
      pid: child.pid ?? 0,
      child,
      stderr: () => (stderrFile === undefined ? stderr : readFileSync(stderrFile, 'utf8').slice(-maxOutputChars)),
      ready: () => readyLine(running, exited),
      stop: async () => {
        // A shell does not pass signals on to its pipeline; the end of input ends that.
        child.stdin?.end();
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
        await exited;
        clearTimeout(late);
      },
    };
    this.#running.add(running);
    void exited.then(() => this.#running.delete(running));
    return running;
  }

  /** Runs a command to its end and gives back its standard output; rejects when it fails or takes too long. */
  async run(command: Command, deadlineMs: number): Promise<string> {
    const running = this.start(command);
    let stdout = '';
    running.child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    running.child.stdin?.end();
    const late = setTimeout(() => running.child.kill('SIGKILL'), deadlineMs);
    const [code, signal] = (await once(running.child, 'close')) as [number | null, string | null];
    clearTimeout(late);
    if (code !== 0) throw new Error(`${command.name} ended with ${String(code ?? signal)}: ${running.stderr().slice(-2_000)}`);
    return stdout;
  }

  /** Stops everything, newest first, and deletes the scratch directory. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const running of [...this.#running].reverse()) await running.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function readyLine(running: Running, exited: Promise<void>): Promise<Record<string, unknown>> {
  const { stdout } = running.child;
  if (stdout === null) throw new Error(`${running.name} has no standard output`);
  let text = '';
  const found = new Promise<Record<string, unknown>>(resolve => {
    const read = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const line = text
        .split('\n')
        .slice(0, -1)
        .find(candidate => candidate.startsWith('{'));
      if (line === undefined) return;
      stdout.off('data', read);
      // Nobody reads what follows, but a full pipe would stop the process.
      stdout.resume();
      resolve(JSON.parse(line) as Record<string, unknown>);
    };
    stdout.on('data', read);
  });
  const ended = exited.then(() => {
    throw new Error(`${running.name} ended before it was ready: ${running.stderr().slice(-2_000)}`);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${running.name} was not ready in time: ${running.stderr().slice(-2_000)}`)),
      readyDeadlineMs,
    );
  });
  try {
    return await Promise.race([found, ended, late]);
  } finally {
    clearTimeout(timer);
    ended.catch(() => undefined);
  }
}
