/**
 * Plays the sample session: a real client and a real server, with Shadowcat between them. Nothing of what is then on
 * screen is invented; it all came through the shim and a listener.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListenerInfo } from '../../shared/model/host.ts';
import { httpClient } from './http-client.ts';
import { httpClientInfo, httpScript } from './http-script.ts';
import { stdioClient } from './stdio-client.ts';
import { answerQuestion, stdioScript, type Step } from './stdio-script.ts';

/** Files and programs, which only the host knows. */
export interface SamplePaths {
  readonly dataDir: string;
  /** A Node that runs the shim and the servers. */
  readonly node: string;
  /** The environment of everything the sample starts; the host decides what of its own is in it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly shim: string;
  readonly stdioServer: string;
  readonly httpServer: string;
}

/** What the sample uses of the engine. */
export interface SampleStage {
  openProxy(request: { readonly upstream: string; readonly port?: number; readonly name?: string }): Promise<ListenerInfo>;
  closeProxy(id: string): Promise<void>;
}

/** Pause between two steps, so that a person sees the rows arrive one after the other. */
const PAUSE_MS = 120;
const SERVER_START_MS = 10_000;
/** Of both scripts together; the second is not written yet when the first begins. */
const STEP_COUNT = 15;

/** Runs to the end in about six seconds; rejects when a peer fails, or with the signal's reason when it aborts. */
export async function playSample(
  paths: SamplePaths,
  stage: SampleStage,
  signal: AbortSignal,
  onStep: (progress: { readonly step: string; readonly done: number; readonly total: number }) => void,
): Promise<void> {
  let done = 0;
  const play = async (steps: readonly Step[]) => {
    for (const step of steps) {
      signal.throwIfAborted();
      onStep({ step: step.title, done, total: STEP_COUNT });
      await Promise.race([step.run(), abortOf(signal)]);
      done += 1;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  };
  await playOverStdio(paths, signal, play);
  await playOverHttp(paths, stage, signal, play);
  onStep({ step: 'Done', done, total: STEP_COUNT });
}

type Play = (steps: readonly Step[]) => Promise<void>;

async function playOverStdio(paths: SamplePaths, signal: AbortSignal, play: Play): Promise<void> {
  const args = [paths.shim, '--data-dir', paths.dataDir, '--name', 'harbour (sample)', '--', paths.node, paths.stdioServer];
  const client = stdioClient({ command: paths.node, args, env: paths.env }, answerQuestion);
  try {
    await play(stdioScript(client, ms => sleep(ms, undefined, { signal })));
  } finally {
    await client.close();
  }
}

async function playOverHttp(paths: SamplePaths, stage: SampleStage, signal: AbortSignal, play: Play): Promise<void> {
  const server = spawn(paths.node, [paths.httpServer], { env: paths.env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
  try {
    const proxy = await stage.openProxy({ upstream: await addressOf(server, signal), port: 0, name: 'harbour by HTTP (sample)' });
    try {
      await play(httpScript(httpClient({ url: proxy.url, clientInfo: httpClientInfo, signal })));
    } finally {
      await stage.closeProxy(proxy.id);
    }
  } finally {
    await endOf(server);
  }
}

/** The server prints where it listens as its first line. */
async function addressOf(server: ChildProcess & { readonly stdout: NodeJS.ReadableStream }, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(SERVER_START_MS)]);
  const [line] = (await once(createInterface({ input: server.stdout }), 'line', { signal: deadline })) as [string];
  return (JSON.parse(line) as { url: string }).url;
}

async function endOf(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit').catch(() => undefined);
  server.stdin?.end();
  const late = setTimeout(() => server.kill('SIGKILL'), 2_000);
  await exited;
  clearTimeout(late);
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
