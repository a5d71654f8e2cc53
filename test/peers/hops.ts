/** The two ways to put Shadowcat between a client and a server, each with a data directory of its own. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Target } from './peer.ts';
import type { ListeningServer, StdioCommand } from './servers.ts';
import { startProxy, wrapped } from './shadowcat.ts';

/** A hop and where it records. */
export interface Hop extends AsyncDisposable {
  readonly target: Target;
  readonly dataDir: string;
  readonly home: string;
}

/** The same server, started by `shadowcat wrap`. No host runs, so the recording waits until somebody asks for it. */
export function throughWrap(server: StdioCommand, home: string, env?: Record<string, string>): Hop {
  const dataDir = newDataDir(home);
  const target: Target = { kind: 'stdio', ...wrapped(server, { dataDir, name: 'peer' }), ...(env === undefined ? {} : { env }) };
  return { target, dataDir, home, async [Symbol.asyncDispose]() {} };
}

/** The same server behind `shadowcat proxy`. */
export async function throughProxy(server: ListeningServer, kind: 'http' | 'sse', home: string): Promise<Hop> {
  const dataDir = newDataDir(home);
  const proxy = await startProxy({ url: server.url, dataDir, home });
  return { target: { kind, url: proxy.url }, dataDir, home, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

function newDataDir(home: string): string {
  return join(home, `data-${randomUUID().slice(0, 8)}`);
}
