/** A server process: started in a group of its own, watched until it ends, and ended in order, with everything it started. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import { windowsCommand } from '../../support/windows-command.ts';
import { ProcessGroup } from './process-group.ts';

export interface ChildStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long it has to exit after its stdin closed, and again after SIGTERM. */
  readonly stopMs: number;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

const isWindows = process.platform === 'win32';
/** Output of a process that has ended is waited for no longer than this: something it left behind may hold the pipe. */
const LAST_OUTPUT_MS = 300;
/** What a process that ended by itself left behind gets this long. */
const LEFTOVER_GRACE_MS = 200;

export class Child {
  readonly process: Process;
  readonly pid: number;
  /** Resolves when the process has ended and its output is read, as far as it comes. */
  readonly ended: Promise<ChildEnd>;
  readonly #stopMs: number;
  readonly #group: ProcessGroup;
  readonly #exited: Promise<ChildEnd>;
  #end: ChildEnd | undefined;
  #stopping: Promise<void> | undefined;
  /** The strongest means that was needed to end it. */
  wasKilled = false;

  private constructor(started: Process, stopMs: number) {
    this.process = started;
    this.pid = started.pid as number;
    this.#stopMs = stopMs;
    this.#group = new ProcessGroup(this.pid);
    const closed = once(started, 'close');
    this.#exited = new Promise(resolve =>
      started.once('exit', (code, signal) => {
        this.#end = { code, signal };
        resolve(this.#end);
      }),
    );
    this.ended = this.#exited.then(async end => {
      await within(closed, LAST_OUTPUT_MS);
      return end;
    });
  }

  /** Rejects with UPSTREAM_DOWN when the command cannot be started. */
  static async start(start: ChildStart): Promise<Child> {
    const started = spawnProcess(start);
    // A late error of a process that runs (a signal that could not be sent) is no reason to end ours.
    started.on('error', () => undefined);
    try {
      await once(started, 'spawn');
    } catch (cause) {
      throw notStarted(start, cause as NodeJS.ErrnoException);
    }
    return new Child(started, start.stopMs);
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /** Ends it: stdin closes, then SIGTERM, then SIGKILL, each to the whole group; resolves when all of it is gone. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends it without asking. */
  kill(): void {
    this.wasKilled = true;
    this.#group.signal('SIGKILL');
  }

  async #stop(): Promise<void> {
    const { stdin, stdout } = this.process;
    if (this.#end === undefined) {
      stdin.end();
      // What it still says is for nobody, and must not keep it from ending.
      stdout.removeAllListeners('data').resume();
      if (!(await within(this.#exited, this.#stopMs))) {
        this.#group.signal('SIGTERM');
        if (!(await within(this.#exited, this.#stopMs))) {
          this.kill();
          await this.#exited;
        }
      }
      await this.#group.end(this.#stopMs);
    } else await this.#group.end(LEFTOVER_GRACE_MS);
    for (const stream of [stdin, stdout, this.process.stderr]) stream.destroy();
  }
}

function spawnProcess({ command, args, env, cwd }: ChildStart): Process {
  const start = isWindows
    ? windowsCommand(command, args, {
        env,
        cwd: cwd ?? process.cwd(),
        isFile: path => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
      })
    : { file: command, args, isVerbatim: false };
  try {
    return spawn(start.file, start.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env,
      ...(cwd === undefined ? {} : { cwd }),
      detached: !isWindows,
      windowsHide: true,
      windowsVerbatimArguments: start.isVerbatim,
    });
  } catch (cause) {
    // An argument with a NUL, for instance.
    throw notStarted({ command, cwd } as ChildStart, cause as NodeJS.ErrnoException);
  }
}

function notStarted(start: Pick<ChildStart, 'command' | 'cwd'>, cause: NodeJS.ErrnoException): TrafficError {
  return new TrafficError('UPSTREAM_DOWN', `${start.command} cannot be started: ${whyNot(start, cause)}.`, {
    cause,
    facts: { phase: 'spawn', may_have_executed: false },
  });
}

/** ENOENT alone does not say whose: a directory's, a program's, or that of an interpreter which its first line names. */
function whyNot({ command, cwd }: Pick<ChildStart, 'command' | 'cwd'>, { code, message }: NodeJS.ErrnoException): string {
  if (cwd !== undefined && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) return `its directory ${cwd} is not there`;
  if (code !== 'ENOENT') return code ?? message;
  if (!/[/\\]/.test(command)) return 'it was not found on the PATH that it gets (ENOENT); install it, or name it with its directory';
  return 'there is no such file, or no interpreter for it (ENOENT)';
}

/** Whether it happened in time. */
async function within(event: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
  const isInTime = await Promise.race([event.then(() => true), late]);
  timer.abort();
  return isInTime;
}
