/** The group of a process that we started: nothing that it started itself outlives it. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const isWindows = process.platform === 'win32';
const LOOK_EVERY_MS = 20;
/** How long a killed group may take to vanish; members that nobody collects stay for ever, and are no orphans. */
const GONE_WITHIN_MS = 1000;

/** Groups that are alive: a process of ours that ends at once (a second signal) takes them along. */
const living = new Set<ProcessGroup>();

function killLiving(): void {
  for (const group of living) group.signal('SIGKILL');
}

export class ProcessGroup {
  readonly #pid: number;
  #isGone = false;

  /** Of a process that was started detached, so that it leads a group of its own. */
  constructor(pid: number) {
    this.#pid = pid;
    if (living.size === 0) process.on('exit', killLiving);
    living.add(this);
  }

  /** False when nobody is left. */
  signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#isGone) return false;
    if (isWindows) return this.#signalTree(signal);
    try {
      return process.kill(-this.#pid, signal);
    } catch {
      // From now on the number may be somebody else's.
      this.#forget();
      return false;
    }
  }

  /** The leader has ended: ends what it left behind, kindly for `graceMs`. */
  async end(graceMs: number): Promise<void> {
    if (!isWindows) {
      if (this.signal('SIGTERM')) await this.#gone(graceMs);
      if (this.signal('SIGKILL')) await this.#gone(GONE_WITHIN_MS);
    }
    this.#forget();
  }

  async #gone(withinMs: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < withinMs && this.signal(0); waitedMs += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
  }

  /** Windows has no groups: the tree is ended as a whole, which works only while its root lives. */
  #signalTree(signal: NodeJS.Signals | 0): boolean {
    if (signal === 0) return true;
    const force = signal === 'SIGKILL' ? ['/F'] : [];
    spawn('taskkill', ['/pid', String(this.#pid), '/T', ...force], { stdio: 'ignore', windowsHide: true }).on('error', () => undefined);
    return true;
  }

  #forget(): void {
    this.#isGone = true;
    living.delete(this);
    if (living.size === 0) process.off('exit', killLiving);
  }
}
