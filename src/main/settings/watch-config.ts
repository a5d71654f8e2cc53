/** Tells when the configuration file has become another one, however it was changed: written, renamed over, or linked elsewhere. */
import { type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Clock, Logger } from '../ports.ts';
import { directoriesOf } from './config-directories.ts';
import { MAX_CONFIG_BYTES } from './config-yaml.ts';
import { configHash } from './read-config.ts';

/** Quiet time after the last event before the file is read: an editor writes in several steps. */
const DEBOUNCE_MS = 250;
/** A directory that never becomes quiet must not keep the change back. */
const LONGEST_WAIT_MS = 2000;
/** Mounts over a network and into containers tell nothing; there the file is looked at this often. */
const LOOK_EVERY_MS = 5000;

export interface ChangedConfig {
  /** What the file holds now; one byte more than allowed where it is too large. `readConfig` takes it as it is. */
  readonly contents: Uint8Array;
  readonly hash: string;
}

export interface WatchConfigOptions {
  readonly path: string;
  /** Hash of what the caller has read; what changed since is told at once. Without it: of the file as it is now. */
  readonly hash?: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Not called again before it is done. What it throws is logged. */
  readonly onChange: (changed: ChangedConfig) => void | Promise<void>;
}

export interface ConfigWatch {
  /** Reads now, without waiting for an event; resolves when a change was told. */
  look(): Promise<void>;
  /** Resolves when nothing is called any more. */
  close(): Promise<void>;
}

/** Watches the directories that the path leads through. A file that is gone changes nothing: the last one stays in force. */
export function watchConfig({ path, hash, clock, log, onChange }: WatchConfigOptions): ConfigWatch {
  const watchers = new Map<string, { readonly inode: string; readonly watcher: FSWatcher }>();
  let known = hash;
  let isGone = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let firstEventUs: number | undefined;
  let working: Promise<void> = Promise.resolve();

  function event(): void {
    if (isClosed) return;
    firstEventUs ??= clock.monotonicUs();
    const waitedMs = (clock.monotonicUs() - firstEventUs) / 1000;
    clearTimeout(timer);
    timer = setTimeout(() => void look(), Math.max(0, Math.min(DEBOUNCE_MS, LONGEST_WAIT_MS - waitedMs)));
    timer.unref();
  }

  /** One after the other, so that an older file never overtakes a newer one. */
  function look(): Promise<void> {
    clearTimeout(timer);
    firstEventUs = undefined;
    working = working.then(lookOnce);
    return working;
  }

  async function lookOnce(): Promise<void> {
    if (isClosed) return;
    try {
      await rewatch();
      const contents = await readUpTo(path, MAX_CONFIG_BYTES + 1);
      isGone = false;
      const found = configHash(contents);
      const isFirst = known === undefined;
      if (isClosed || found === known) return;
      known = found;
      if (!isFirst) await onChange({ contents, hash: found });
    } catch (error) {
      tell(error);
    }
  }

  function tell(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      return log.error('The changed configuration was not taken', { path, error: String(error) });
    if (!isGone) log.warn('The configuration file is gone; what it said stays in force', { path });
    isGone = true;
  }

  /** Links and directories may have been replaced: an old watcher would then watch what nobody sees. */
  async function rewatch(): Promise<void> {
    const wanted = await directoriesOf(path);
    for (const [directory, { inode, watcher }] of watchers) {
      if (wanted.get(directory) === inode) continue;
      watcher.close();
      watchers.delete(directory);
    }
    for (const [directory, inode] of wanted) if (!watchers.has(directory) && !isClosed) startWatching(directory, inode);
  }

  function startWatching(directory: string, inode: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, event);
      watcher.on('error', () => {
        watcher.close();
        if (watchers.get(directory)?.watcher === watcher) watchers.delete(directory);
        event();
      });
      watchers.set(directory, { inode, watcher });
    } catch (error) {
      log.debug('A directory cannot be watched; it is looked at from time to time', { directory, error: String(error) });
    }
  }

  const ticking = setInterval(() => void look(), LOOK_EVERY_MS);
  ticking.unref();
  void look();
  return {
    look,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      clearInterval(ticking);
      await working;
      for (const { watcher } of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

async function readUpTo(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < maxBytes) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(64 * 1024, maxBytes - length)));
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
}
