/** Where shims meet the engine: a private socket for those that live, a look at the spool files for those that do not. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StdioPlans } from '../pipeline/stdio-plan.ts';
import type { Clock, Logger } from '../ports.ts';
import { spoolDirName } from '../../shared/shim/host-file.ts';
import type { Conversations } from '../traffic/conversations.ts';
import { ShimConnection } from './shim-connection.ts';
import type { ShimStore } from './shim-intake.ts';
import { ShimIntakes } from './shim-intakes.ts';
import { shimSocketPath } from './shim-socket-path.ts';
import { shimKilled, ShimSpools } from './shim-spools.ts';

/** More wrapped servers than a person has; a connection beyond it is closed, and its shim spools. */
const maxConnections = 2_000;
/** A shim that has just ended may have left a file; it is gone a moment after its connection. */
const lookAfterReleaseMs = 400;

export interface ShimHubDeps {
  readonly dataDir: string;
  readonly secret: string;
  readonly conversations: Conversations;
  readonly store: ShimStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** What policies and limits have to say about wrapped servers; absent: nothing, and every session is transparent. */
  readonly plans?: StdioPlans | undefined;
  /** How long a living shim may be without a connection before its session counts as lost. */
  readonly graceMs?: number;
  /** How often to look for spool files that no connection announced. */
  readonly lookEveryMs?: number;
}

export interface ShimHub {
  /** Socket path or pipe name, for host.json. */
  readonly path: string;
  /** Takes in the spool files of shims that are gone, and resolves when their frames are committed. */
  takeInSpools(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the hub of a data directory that this process has locked. Spool files are taken in at once, in the background. */
export async function openShimHub(deps: ShimHubDeps): Promise<ShimHub> {
  const { dataDir, secret, conversations, store, clock, log, plans } = deps;
  const path = shimSocketPath({ dataDir, platform: process.platform, tempDir: tmpdir() });
  let soon: NodeJS.Timeout | undefined;
  const intakes = new ShimIntakes({
    conversations,
    store,
    graceMs: deps.graceMs ?? 60_000,
    onReleased: () => {
      soon ??= setTimeout(() => {
        soon = undefined;
        void spools.look();
      }, lookAfterReleaseMs).unref();
    },
    onOrphaned: sessionId => void spools.look().then(() => intakes.interrupt(sessionId, shimKilled)),
  });
  const spools = new ShimSpools({ spoolDir: join(dataDir, spoolDirName), intakes, log, lookEveryMs: deps.lookEveryMs ?? 10_000 });
  const connections = new Set<ShimConnection>();
  const server = createServer(socket => {
    const connection = new ShimConnection(socket, { secret, intakes, clock, log, plans });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.maxConnections = maxConnections;
  await listen(server, path);
  server.on('error', error => log.error('The hub cannot accept connections', { error: error.message }));
  void spools.look();

  return {
    path,
    takeInSpools: () => spools.look(),
    async close() {
      clearTimeout(soon);
      const closed = new Promise(resolve => server.close(resolve));
      for (const connection of connections) connection.close();
      await Promise.all([closed, spools.close()]);
      intakes.close();
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  const isFile = process.platform !== 'win32';
  // Left over from a host that was killed: the lock on the data directory says that nobody else listens there.
  if (isFile) rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
    if (isFile && server.listening) chmodSync(path, 0o600);
  });
  if (isFile) chmodSync(path, 0o600);
}
