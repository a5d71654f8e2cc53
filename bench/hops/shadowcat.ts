/** The product as it is built: its command line, its shim, and its contract to ask what it recorded. */
import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { connectToHost, type HostConnection } from '../../src/main/headless/host-connection.ts';
import { readHostFile } from '../../src/main/headless/host-file.ts';
import type { Running, Stand } from '../stand.ts';

const projectDir = join(import.meta.dirname, '../..');
const builtDir = join(projectDir, 'out/main');
const cliFile = join(builtDir, 'cli.js');

/** What clients' configurations run. */
export const shimFile = join(builtDir, 'shim.js');

/** A running host of ours. */
export interface Host extends AsyncDisposable {
  readonly process: Running;
  readonly dataDir: string;
  /** Where clients dial; only of a proxy or a gateway. */
  readonly url: string;
  readonly readyMs: number;
  readonly connection: HostConnection;
}

/** Whether the product is built; a sentence when it is not. */
export function missingBuild(): string | undefined {
  const missing = [cliFile, shimFile].find(file => !existsSync(file));
  return missing === undefined
    ? undefined
    : `${relative(projectDir, missing)} is not built: run "npm run build". Only the references were measured.`;
}

/** `shadowcat proxy` in front of a URL, recording or not, on a data directory of its own. */
export async function shadowcatProxy(stand: Stand, upstreamUrl: string, isRecording: boolean): Promise<Host> {
  const host = await startHost(stand, ['proxy', '--upstream', upstreamUrl, '--port', '0']);
  if (!isRecording) await host.connection.call('recording.set', { isOn: false });
  return host;
}

/** `shadowcat serve` on a fresh data directory: what wrapped servers report to. */
export function shadowcatServe(stand: Stand): Promise<Host> {
  return startHost(stand, ['serve', '--port', '0']);
}

/** `shadowcat gateway` with this configuration, on a data directory of its own. */
export function shadowcatGateway(stand: Stand, config: unknown): Promise<Host> {
  // JSON is YAML.
  const file = join(stand.newDir('config'), 'shadowcat.yaml');
  writeFileSync(file, JSON.stringify(config, null, 2));
  return startHost(stand, ['gateway', '--config', file]);
}

/** The command line of `shadowcat connect`, which stands where a stdio server would. */
export const connectCommand = (url: string, ...flags: readonly string[]): readonly string[] => [
  process.execPath,
  cliFile,
  'connect',
  url,
  ...flags,
];

async function startHost(stand: Stand, words: readonly string[]): Promise<Host> {
  const dataDir = stand.newDir('data');
  const startedAt = performance.now();
  const process = stand.start({
    name: `shadowcat ${words[0] ?? ''}`,
    args: [cliFile, ...words, '--json', '--data-dir', dataDir],
    // A gateway logs every request; reading that would cost the load generator, which is this process.
    stderrFile: join(dataDir, 'stderr.log'),
  });
  const ready = await process.ready();
  const readyMs = performance.now() - startedAt;
  const listeners = (ready['listeners'] ?? []) as { name: string; url: string }[];
  const file = readHostFile(dataDir);
  if (file === undefined) throw new Error(`shadowcat ${words[0] ?? ''} is ready but wrote no host.json`);
  const connection = await connectToHost({ apiUrl: file.apiUrl, secret: file.secret, deadlineMs: 5_000 });
  return {
    process,
    dataDir,
    url: listeners.find(({ url }) => url.startsWith('http'))?.url ?? '',
    readyMs,
    connection,
    async [Symbol.asyncDispose]() {
      connection.close();
      await process.stop();
    },
  };
}

/** What a host has in its store, and what it says it could not record. */
export interface Recorded {
  readonly exchangeCount: number;
  readonly frameCount: number;
  readonly droppedBodyCount: number;
  readonly unrecordedFrameCount: number;
}

const statusDeadlineMs = 5_000;

/** Asks the host over the contract, as the window would. */
export function recordedBy(host: Host): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('The host told no status')), statusDeadlineMs);
    const unsubscribe = host.connection.subscribe('status', {}, ({ recording, store }) => {
      clearTimeout(late);
      // The first message may arrive before this function has what unsubscribes.
      queueMicrotask(() => unsubscribe());
      const { exchangeCount, frameCount } = store;
      resolve({
        exchangeCount,
        frameCount,
        droppedBodyCount: recording.droppedBodyCount,
        unrecordedFrameCount: recording.unrecordedFrameCount,
      });
    });
  });
}
