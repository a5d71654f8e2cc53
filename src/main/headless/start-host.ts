/** Puts a host together, desktop or headless: lock, engine, contract, `host.json`; and takes it apart newest first. */
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { contractVersion } from '../../shared/contract/wire.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { HostInfo } from '../../shared/model/host.ts';
import { type DirectoryLock, type Engine, startEngine } from '../engine.ts';
import { type ComponentLogs, randomIds, systemClock } from '../ports.ts';
import { samplePlayer } from '../sample/sample-player.ts';
import type { VaultKey } from '../secrets/token-vault.ts';
import { vaultKeyFromText } from '../secrets/vault-key.ts';
import { openPreferences } from '../settings/preferences.ts';
import { dataDirOf } from './data-dir.ts';
import { storeChecks } from './doctor.ts';
import { hostCommands } from './host-commands.ts';
import { removeHostFile, writeHostFile } from './host-file.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { installShim } from './install-shim.ts';
import type { PortWish } from './listen-on.ts';
import type { ProgramFiles } from './program-files.ts';
import { type Taken, takeDirectory } from './take-directory.ts';

/** Open streams get this long to end by themselves. */
const GRACE_MS = 1_000;

export interface EngineOptions {
  readonly kind: HostInfo['kind'];
  readonly dataDir: string;
  readonly program: ProgramFiles;
  readonly logs: ComponentLogs;
  /** Where the key of what is kept sealed comes from; else SHADOWCAT_VAULT_KEY. */
  readonly vaultKey?: VaultKey;
}

export interface HostOptions extends EngineOptions {
  readonly port: PortWish;
  /** The built window, for browsers; `undefined` serves the contract alone. */
  readonly rendererDir: string | undefined;
  /** A client of the contract asked the host to stop. */
  readonly onStopRequested: () => void;
  /** Somebody who has no window asked for that of this host; absent where it has none. */
  readonly onShowWindow?: () => void;
}

export interface Host {
  readonly engine: Engine;
  readonly dataDir: string;
  /** Where the contract is spoken over WebSocket. */
  readonly apiUrl: string;
  /** An address of the window that signs in once; `undefined` where none is served. */
  freshUiUrl(): string | undefined;
  /**
   * Lets what the gateway has under way end, then stops accepting, ends sessions, flushes, and lets the next host in. Harmless
   * when called twice. `isHurried`: a person waits, so nobody is told in advance.
   */
  stop(options?: { readonly isHurried: boolean }): Promise<void>;
}

export type HostStart = { readonly kind: 'started'; readonly host: Host } | Exclude<Taken, { readonly kind: 'mine' }>;

/** Becomes the host of the data directory, unless it has one. */
export async function startHost(options: HostOptions): Promise<HostStart> {
  const taken = await takeDirectory(options.dataDir);
  if (taken.kind !== 'mine') return taken;
  return { kind: 'started', host: await assemble(options, taken.lock) };
}

async function assemble(options: HostOptions, lock: DirectoryLock): Promise<Host> {
  const { dataDir, logs, port, rendererDir, program } = options;
  const log = logs.of('');
  const secret = randomBytes(32).toString('base64url');
  let server: HttpServer | undefined;
  let engine: Engine | undefined;
  let stopping: Promise<void> | undefined;
  const stop = async (isHurried: boolean) => {
    await engine?.gateway.drain(isHurried ? { readyDelayMs: 0 } : {});
    // First of all: whoever looks for a host from now on finds none, and shims spool.
    removeHostFile(dataDir, secret);
    await server?.close();
    await engine?.close({ graceMs: GRACE_MS });
    lock.release();
  };
  try {
    engine = await openEngine(options, {
      secret,
      stop: options.onStopRequested,
      uiUrl: () => server?.freshUiUrl(),
      showWindow: options.onShowWindow,
    });
    server = await startHttpServer({ api: engine.api, log, secret, port, rendererDir });
    const { apiUrl } = server;
    writeHostFile(dataDir, {
      pid: process.pid,
      startedAt: systemClock.now(),
      version: program.version,
      contractVersion,
      secret,
      apiUrl,
      hubPath: engine.hubPath,
    });
    const started = { engine, server };
    return {
      engine,
      dataDir,
      apiUrl,
      freshUiUrl: () => started.server.freshUiUrl(),
      stop: ({ isHurried } = { isHurried: true }) => (stopping ??= stop(isHurried)),
    };
  } catch (error) {
    await stop(true);
    throw error;
  }
}

/** What the engine asks of its host. */
export interface HostHooks {
  readonly secret: string;
  readonly stop: () => void;
  readonly uiUrl: () => string | undefined;
  readonly showWindow?: (() => void) | undefined;
}

/** Starts the engine alone, on a directory that the caller has locked: nothing listens but the hub, and nobody is told of that. */
export async function openEngine({ kind, dataDir, program, logs, vaultKey }: EngineOptions, hooks: HostHooks): Promise<Engine> {
  const log = logs.of('');
  const usualDataDir = dataDirOf({ named: undefined, env: {}, platform: process.platform, home: homedir() });
  const shim = installShim(dataDir, program.shim);
  const engine: Engine = await startEngine({
    dataDir,
    clock: systemClock,
    ids: randomIds,
    log,
    logs,
    version: program.version,
    hostKind: kind,
    paths: { storeWriter: program.storeWriter, storeReader: program.storeReader },
    secret: hooks.secret,
    preferences: openPreferences({ dataDir, log }),
    env: process.env,
    random: Math.random,
    vaultKey: vaultKey ?? vaultKeyFromText(process.env['SHADOWCAT_VAULT_KEY']),
    commands: hostCommands({ node: program.node, shim, dataDir, usualDataDir }),
    sample: (stage, onChanged) =>
      samplePlayer({
        paths: {
          dataDir,
          shim,
          node: program.node,
          env: sampleEnvironment(program),
          stdioServer: program.sampleStdioServer,
          httpServer: program.sampleHttpServer,
        },
        stage,
        clock: systemClock,
        log,
        onChanged,
        sessionsSince: at => newestSessions(engine, at),
      }),
    host: {
      doctor: store => storeChecks({ dataDir, store, hubPath: engine.hubPath }),
      stop: hooks.stop,
      uiUrl() {
        const url = hooks.uiUrl();
        if (url === undefined) throw new TrafficError('NOT_FOUND', 'This host serves no window to a browser.');
        return url;
      },
      showWindow() {
        if (hooks.showWindow === undefined) throw new TrafficError('NOT_FOUND', 'This host has no window of its own.');
        hooks.showWindow();
      },
    },
  });
  return engine;
}

/** The sample's programs get the way to the system's own libraries and nothing else of ours. */
function sampleEnvironment({ nodeEnv }: ProgramFiles): Record<string, string | undefined> {
  const { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMP } = process.env;
  return { PATH, HOME, USERPROFILE, SystemRoot, TEMP, TMP, ...nodeEnv };
}

async function newestSessions(engine: Engine, since: number) {
  const reply = await engine.api.call('session.list', { search: '', sort: 'startedAt', descending: true, limit: 50 });
  return reply.ok ? reply.value.sessions.filter(({ startedAt }) => startedAt >= since) : [];
}
