/** Tells when the configuration file has become another one, however it was changed: written, renamed over, or linked elsewhere. */
import { open } from 'node:fs/promises';
import type { Clock, Logger } from '../ports.ts';
import { directoriesOf } from './config-directories.ts';
import { MAX_CONFIG_BYTES } from './config-yaml.ts';
import { configHash } from './read-config.ts';
import { WatchedDirectories } from './watched-directories.ts';

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
  const directories = new WatchedDirectories({ log, onEvent: event });
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
      // Links and directories may have been replaced.
      const wanted = await directoriesOf(path);
      if (!isClosed) directories.follow(wanted);
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
      directories.close();
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
