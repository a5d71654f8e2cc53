/** A connection to an instance with the number of exchanges on it, so that one that is not needed any more is closed when the last has ended. */
import type { InstanceConfig, UpstreamConfig } from '../../../shared/config/schema.ts';
import type { InstanceConnection } from '../instance-connection.ts';
import type { Target } from '../guarded-request.ts';

export interface Line {
  readonly connection: InstanceConnection;
  /** What makes up the connection: another text needs another connection. */
  readonly identity: string;
  readonly target: Target;
  /** It carries sessions itself (stdio, HTTP+SSE): it tells the server of cancellations, and is not opened for a check. */
  readonly isBridged: boolean;
  openCount: number;
}

export function openLine(connection: InstanceConnection, instance: InstanceConfig, upstream: UpstreamConfig): Line {
  const isBridged = instance.url === undefined || instance.transport === 'http-sse';
  return { connection, identity: lineIdentity(instance, upstream), target: targetOf(instance), isBridged, openCount: 0 };
}

/** What is on the other end: where this changes, breaker and counters begin anew. */
export function serverIdentity({ url, transport, command, args, env, cwd }: InstanceConfig): string {
  return JSON.stringify([url, transport, command, args, env, cwd]);
}

export function lineIdentity(instance: InstanceConfig, { pool, tls, timeouts, stdio }: UpstreamConfig): string {
  return JSON.stringify([serverIdentity(instance), tls, instance.url === undefined ? stdio : [pool, timeouts.connect]]);
}

function targetOf({ url }: InstanceConfig): Target {
  if (url === undefined) return { path: '/' };
  const { host, pathname, search } = new URL(url);
  return { host, path: pathname + search };
}
