/**
 * The server process: started in a group of its own, so that nothing it started outlives it, and ended in time:
 * clients kill us two seconds after they asked us to end (MCP SDKs), and a killed shim cannot end anybody.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { eventWithin } from './event-within.ts';
import type { Tap } from './tap.ts';
import { windowsCommand } from '../support/windows-command.ts';

const killAfterMs = 1_500;
/** What the server started gets this long to end by itself once the server has and the client waits for nothing more. */
const leftoverGraceMs = 200;
/** Who left the group on purpose and holds the server's stdout is not waited for longer than this. */
const strangerGraceMs = 300;
const lookEveryMs = 20;
/** The same for a server in the background, which may run for days. */
const lookAtBackgroundEveryMs = 100;

export interface ServerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type ServerProcess = ChildProcessByStdio<Writable, Readable, Readable>;

const isWindows = process.platform === 'win32';

/** Starts the command. Throws, or emits `error`, as spawn does. */
export function startServer(command: string, args: readonly string[]): ServerProcess {
  const start = isWindows
    ? windowsCommand(command, args, {
        env: process.env,
        cwd: process.cwd(),
        isFile: path => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
      })
    : { file: command, args, isVerbatim: false };
  return spawn(start.file, start.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: !isWindows,
    windowsHide: true,
    windowsVerbatimArguments: start.isVerbatim,
  });
}

export class WrappedServer {
  readonly process: ServerProcess;
  readonly stdin: Writable;
  readonly #tap: Tap;
  readonly #hasUnreadOutput: () => boolean;
  #askedAt: number | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #end: ServerEnd | undefined;
  #isClosed = false;
  #isClientDone = false;

  constructor(options: { process: ServerProcess; tap: Tap; hasUnreadOutput: () => boolean }) {
    this.process = options.process;
    this.stdin = options.process.stdin;
    // Node destroys the stdin it knows of when the process exits, but a server in the background still reads from it.
    (this.process as { stdin: Writable | null }).stdin = null;
    this.#tap = options.tap;
    this.#hasUnreadOutput = options.hasUnreadOutput;
    this.process.once('exit', (code, signal) => (this.#end = { code, signal }));
    this.process.once('close', () => (this.#isClosed = true));
  }

  /** When we were asked to end. */
  get askedAt(): number | undefined {
    return this.#askedAt;
  }

  /** Passes a signal on; what asks for the end is enforced after a while. */
  signal(signal: NodeJS.Signals): void {
    this.#tap.fact('fromClient', { event: 'signal', signal });
    if (this.#end === undefined) this.process.kill(signal);
  }

  askToEnd(signal: NodeJS.Signals): void {
    this.signal(signal);
    this.#askedAt ??= performance.now();
    this.#killTimer ??= setTimeout(() => this.#kill(), killAfterMs);
  }

  /** The client closed its end of stdin: what a server left behind is waited for no longer. */
  clientDone(): void {
    this.#isClientDone = true;
  }

  /**
   * Resolves when the server has ended, its output is read, and nobody of its group is left. A launcher may have started
   * the server in the background: what holds its stdout goes on until the client closes stdin or asks for the end.
   */
  async ended(): Promise<ServerEnd> {
    const end =
      this.#end ?? (await new Promise<ServerEnd>(resolve => this.process.once('exit', (code, signal) => resolve({ code, signal }))));
    while (this.#isInBackground()) await eventWithin(this.process, 'close', lookAtBackgroundEveryMs);
    await this.#leftoversEnded(performance.now());
    clearTimeout(this.#killTimer);
    return end;
  }

  async #leftoversEnded(fromMs: number): Promise<void> {
    let isGroupAsked = false;
    while (!this.#isClosed || this.#isGroupAlive()) {
      const sinceEndMs = performance.now() - fromMs;
      const sinceAskedMs = performance.now() - Math.min(this.#askedAt ?? fromMs, fromMs);
      if (this.#isGroupAlive()) {
        if (!isGroupAsked && (sinceEndMs > leftoverGraceMs || this.#askedAt !== undefined)) {
          isGroupAsked = true;
          this.#signalGroup('SIGTERM');
        }
        if (sinceAskedMs > killAfterMs) {
          this.#signalGroup('SIGKILL');
          // Dead members that nobody collects keep a group alive; they are no orphans.
          if (sinceAskedMs > killAfterMs + 2 * lookEveryMs) break;
        }
      } else if (this.#askedAt !== undefined ? sinceAskedMs > killAfterMs : sinceEndMs > strangerGraceMs && !this.#hasUnreadOutput()) break;
      await eventWithin(this.process, 'close', lookEveryMs);
    }
  }

  #isInBackground(): boolean {
    const { stdout } = this.process;
    return !this.#isClientDone && this.#askedAt === undefined && !stdout.readableEnded && !stdout.destroyed && this.#isGroupAlive();
  }

  #kill(): void {
    if (this.#end !== undefined) return;
    this.#tap.fact('fromClient', { event: 'killed' });
    this.#signalGroup('SIGKILL');
  }

  #isGroupAlive(): boolean {
    return !isWindows && this.#signalGroup(0);
  }

  #signalGroup(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.process;
    if (pid === undefined) return false;
    if (isWindows) {
      spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => this.process.kill());
      return true;
    }
    try {
      return process.kill(-pid, signal);
    } catch {
      return false;
    }
  }
}
