/** Finds the host of a data directory and makes sure that it lives: a file alone proves nothing, its writer may have been killed. */
import type { HostInfo } from '../../shared/model/host.ts';
import { contractVersion } from '../../shared/contract/wire.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { type HostFile, readHostFile } from './host-file.ts';
import { connectToHost, type HostConnection } from './host-connection.ts';

/** A host on the same machine that takes longer than this hangs. */
const ANSWER_DEADLINE_MS = 1_000;

export type HostSearch =
  /** `refusal`: something at its address answered, and says why it lets nobody in. */
  | { readonly kind: 'none'; readonly refusal?: string }
  /** Alive, but of a version that this program cannot talk to. */
  | { readonly kind: 'incompatible'; readonly file: HostFile; readonly message: string }
  | { readonly kind: 'running'; readonly file: HostFile; readonly info: HostInfo; readonly connection: HostConnection };

/** The caller closes the connection of a running host. */
export async function findRunningHost(dataDir: string): Promise<HostSearch> {
  const file = readHostFile(dataDir);
  if (file === undefined) return { kind: 'none' };
  if (file.contractVersion !== contractVersion) {
    if (!isAlive(file.pid)) return { kind: 'none' };
    const message = `The host of ${dataDir} (process ${file.pid}, Shadowcat ${file.version}) speaks contract ${file.contractVersion}, this program speaks ${contractVersion}. Stop it and start it again with this version.`;
    return { kind: 'incompatible', file, message };
  }
  let connection: HostConnection | undefined;
  try {
    connection = await connectToHost({ apiUrl: file.apiUrl, secret: file.secret, deadlineMs: ANSWER_DEADLINE_MS });
    const info = await Promise.race([connection.call('host.info', {}), late()]);
    return { kind: 'running', file, info, connection };
  } catch (error) {
    // Another program may have taken the port of a dead host; it does not know the secret, so it is not ours.
    connection?.close();
    return error instanceof TrafficError && error.code === 'CONFLICT' ? { kind: 'none', refusal: error.message } : { kind: 'none' };
  }
}

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('The host does not answer')), ANSWER_DEADLINE_MS).unref();
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
