/** Starts the shim as a client would, and hosts for it; with what tests ask of both. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameWithBody } from '../../src/main/store/traffic-store.ts';
import type { SessionSummary } from '../../src/shared/model/session.ts';
import { SessionQuery } from '../../src/shared/model/timeline.ts';
import type { PlanOrder, PlanWord } from './stdio-plans.ts';
import { openTestStore } from './store-kit.ts';

const root = join(import.meta.dirname, '../..');
const serverFile = join(import.meta.dirname, 'stdio-server.ts');
const hostFile = join(import.meta.dirname, 'host-process.ts');
const plansFile = join(import.meta.dirname, 'stdio-plans.ts');

/** The built shim where it is newer than its sources, else the source, which Node runs as well. */
export function shimFile(): string {
  const built = join(root, 'out/main/shim.js');
  const sources = ['src/main/shim', 'src/shared/shim', 'src/shared/mcp', 'src/shared/errors'].flatMap(dir =>
    readdirSync(join(root, dir)).map(name => join(root, dir, name)),
  );
  const newest = Math.max(...[join(root, 'src/main/shim.ts'), ...sources].map(file => statSync(file).mtimeMs));
  return existsSync(built) && statSync(built).mtimeMs >= newest ? built : join(root, 'src/main/shim.ts');
}

/** The scriptable server, as a command line. */
export function scriptedServer(...flags: string[]): string[] {
  return [process.execPath, serverFile, ...flags];
}

/** A data directory of its own; removed on disposal. */
export function tempDataDir(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'shadowcat-stdio-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Since the process was started. */
  readonly afterMs: number;
}

/** A wrapped server, seen from its client. */
export class StdioClient implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  #stdout: Buffer[] = [];
  #stderr: Buffer[] = [];
  #nextId = 1;
  readonly #lines: string[] = [];
  #inLine: Buffer[] = [];

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const startedAt = performance.now();
    this.child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout.push(chunk);
      this.#splitLines(chunk);
    });
    this.child.stderr?.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    this.child.stdin?.on('error', () => undefined);
    this.exited = new Promise(resolve => {
      this.child.once('close', (code, signal) => resolve({ code, signal, afterMs: performance.now() - startedAt }));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get stdout(): Buffer {
    return (this.#stdout = [Buffer.concat(this.#stdout)])[0] as Buffer;
  }

  get stderr(): Buffer {
    return (this.#stderr = [Buffer.concat(this.#stderr)])[0] as Buffer;
  }

  write(bytes: Uint8Array | string): boolean {
    return this.child.stdin?.write(bytes) ?? false;
  }

  end(): void {
    this.child.stdin?.end();
  }

  /** Sends a request and resolves with the line that answers it. */
  async request(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    const line = await this.line(text => text.slice(0, 60).includes(`"id":${id},`));
    return (JSON.parse(line) as { result: Record<string, unknown> }).result;
  }

  /** Whole lines on stdout so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The first whole line on stdout that `isWanted` accepts. */
  async line(isWanted: (line: string) => boolean): Promise<string> {
    return until(() => this.#lines.find(isWanted), 'a line on stdout');
  }

  #splitLines(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      this.#lines.push(Buffer.concat([...this.#inLine, chunk.subarray(from, end)]).toString('utf8'));
      this.#inLine = [];
      from = end + 1;
    }
    this.#inLine.push(chunk.subarray(from));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Starts `shim --data-dir D -- command…`. */
export function startWrapped(dataDir: string, command: readonly string[], options: readonly string[] = []): StdioClient {
  return new StdioClient(process.execPath, [shimFile(), '--data-dir', dataDir, ...options, '--', ...command]);
}

/** A host that can be killed. */
export interface HostProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stderr: () => string;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** With `plan`: changes the configuration, or lets go what `hold` holds. */
  tell(order: PlanOrder): void;
  /** With `plan`: what the stages of the host have said so far. */
  readonly heard: readonly string[];
}

export async function startHost(
  dataDir: string,
  options: { readonly graceMs?: number; readonly isHidden?: boolean; readonly plan?: PlanWord } = {},
): Promise<HostProcess> {
  const flags = [options.isHidden === true ? 'hidden' : 'shown', ...(options.plan === undefined ? [] : [plansFile])];
  const child = spawn(process.execPath, [hostFile, dataDir, String(options.graceMs ?? 60_000), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, STDIO_PLAN: options.plan ?? 'none' },
  });
  const heard: string[] = [];
  child.on('message', message => heard.push(message as string));
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = once(child, 'exit');
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    exited.then(() => {
      throw new Error(`The host ended: ${stderr}`);
    }),
  ]);
  // The channel keeps neither of the two alive.
  child.channel?.unref();
  return {
    pid: child.pid ?? 0,
    stderr: () => stderr,
    kill,
    tell: order => void child.send(order),
    heard,
    [Symbol.asyncDispose]: () => kill('SIGKILL'),
  };
}

export interface RecordedSession {
  readonly session: SessionSummary;
  readonly frames: readonly FrameWithBody[];
}

/** What the store of a data directory holds, read when its host is gone. */
export async function recorded(dataDir: string): Promise<readonly RecordedSession[]> {
  await using kit = await openTestStore({ path: join(dataDir, 'traffic.db') });
  const { sessions } = await kit.store.sessions(SessionQuery.parse({ search: '' }));
  return await Promise.all(
    sessions.map(async session => {
      const frames: FrameWithBody[] = [];
      for (;;) {
        const more = await kit.store.framesWithBodies({ sessionId: session.id, afterSeq: frames.at(-1)?.frame.seq ?? 0, limit: 5_000 });
        if (more.length === 0) return { session, frames };
        frames.push(...more);
      }
    }),
  );
}

/** Waits until a host has taken in what shims left behind, stops it in good order, and reads its store. */
export async function recordedBy(host: HostProcess, dataDir: string): Promise<readonly RecordedSession[]> {
  await until(() => spoolFiles(dataDir).every(file => !file.endsWith('.spool')), `the spool to be taken in; ${host.stderr()}`, 40_000);
  await host.kill('SIGTERM');
  return recorded(dataDir);
}

/** The only session, with its frames. */
export function onlySession(sessions: readonly RecordedSession[]): RecordedSession {
  if (sessions.length !== 1) throw new Error(`Expected one session, found ${sessions.length}`);
  return sessions[0] as RecordedSession;
}

/** Bodies of lines in one direction, in order. */
export function linesOf({ frames }: RecordedSession, direction: 'fromClient' | 'fromServer'): string[] {
  return frames
    .filter(({ frame }) => frame.delivery === 'line' && frame.direction === direction)
    .map(({ body }) => Buffer.from(body).toString('utf8'));
}

/** True when the numbers are 1, 2, 3 … without a gap or a repeat. */
export function isGapless({ frames }: RecordedSession): boolean {
  return frames.every(({ frame }, index) => frame.seq === index + 1);
}

/** Looks until `find` finds something. */
export async function until<T>(find: () => T | undefined | false, what: string, withinMs = 15_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found as T;
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms for ${what}`);
    await new Promise(resolve => {
      setTimeout(resolve, 5);
    });
  }
}

/** Spool files of a data directory. */
export function spoolFiles(dataDir: string): string[] {
  const dir = join(dataDir, 'spool');
  return existsSync(dir) ? readdirSync(dir).map(name => join(dir, name)) : [];
}

/** A line of a client. */
export const request = (id: unknown, method: string, params: Record<string, unknown> = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

export const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** Lines that a scripted server wrote down as they came; none before the first. */
export const received = (log: string): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);
