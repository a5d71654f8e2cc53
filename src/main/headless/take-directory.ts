/** Becomes the one host of a data directory, or finds the one that is. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockDirectory, type DirectoryLock } from '../engine.ts';
import { ensureDataDir } from './data-dir.ts';
import { findRunningHost, type HostSearch } from './find-running-host.ts';

/** A host that starts or stops, or a command that reads the store, is done within this time. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 100;

export type Taken =
  | { readonly kind: 'mine'; readonly lock: DirectoryLock }
  /** Something holds the directory and does not talk: a host that hangs, or one of another user's. */
  | { readonly kind: 'taken'; readonly message: string }
  | Exclude<HostSearch, { readonly kind: 'none' }>;

/** Creates the directory if need be. The caller releases the lock, or closes the connection of the running host. */
export async function takeDirectory(dataDir: string, patienceMs = PATIENCE_MS): Promise<Taken> {
  ensureDataDir(dataDir);
  const giveUpAt = performance.now() + patienceMs;
  let refusal: string | undefined;
  while (performance.now() < giveUpAt) {
    const lock = lockDirectory(dataDir);
    if (lock !== undefined) return { kind: 'mine', lock };
    const found = await findRunningHost(dataDir);
    if (found.kind !== 'none') return found;
    // It may have a place again soon, so it is asked again as one that is silent is.
    ({ refusal } = found);
    await sleep(RETRY_MS);
  }
  if (refusal !== undefined) return { kind: 'taken', message: `The host of ${dataDir} refuses: ${refusal}` };
  return {
    kind: 'taken',
    message: `Another process holds ${dataDir} and does not answer. End it, or name another directory with --data-dir.`,
  };
}
