/** `host.json`: how the command line and the shims find the host of a data directory. It holds the host's secret, so it is its owner's alone. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivateFile } from '../support/private-file.ts';

export const HostFile = z.object({
  pid: z.number().int(),
  startedAt: z.number(),
  version: z.string(),
  contractVersion: z.number().int(),
  secret: z.string().min(1),
  /** Where the contract is spoken, for instance `ws://127.0.0.1:7390/contract`. */
  apiUrl: z.string(),
  /** The socket that shims dial; absent where the hub could not be opened. */
  hubPath: z.string().optional(),
});
export type HostFile = z.infer<typeof HostFile>;

/** Path of the file in a data directory. */
export function hostFilePath(dataDir: string): string {
  return join(dataDir, 'host.json');
}

/** Publishes this host. Readers see the file of before or this one, never half of it. */
export function writeHostFile(dataDir: string, file: HostFile): void {
  writePrivateFile(hostFilePath(dataDir), `${JSON.stringify(file)}\n`);
}

/** What stands in the file; `undefined` when it is absent or unreadable. It may be left over from a host that was killed. */
export function readHostFile(dataDir: string): HostFile | undefined {
  try {
    return HostFile.parse(JSON.parse(readFileSync(hostFilePath(dataDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Removes the file, but only while it is still this host's: a successor may have written its own. */
export function removeHostFile(dataDir: string, secret: string): void {
  if (readHostFile(dataDir)?.secret === secret) rmSync(hostFilePath(dataDir), { force: true });
}
