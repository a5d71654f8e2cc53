/** The preferences of the window, kept in one file of the data directory so that every window of a host agrees. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { defaultPreferences, Preferences } from '../../shared/model/preferences.ts';
import type { Logger } from '../ports.ts';
import { writePrivateFile } from '../support/private-file.ts';

export interface PreferenceFile {
  get(): Preferences;
  /** Applies a change, writes the whole file and tells the listeners. A failed write rejects and changes nothing. */
  set(change: Partial<Preferences>): Promise<Preferences>;
  /** Returns the way to stop listening. */
  onChanged(listener: (preferences: Preferences) => void): () => void;
}

/**
 * Reads the preferences of a data directory. A field that an older or newer program wrote differently falls back to
 * its default by itself; a file that is no JSON object is set aside, never deleted.
 */
export function openPreferences({ dataDir, log }: { dataDir: string; log: Logger }): PreferenceFile {
  const path = join(dataDir, 'preferences.json');
  const listeners = new Set<(preferences: Preferences) => void>();
  let current = readTolerantly(path, log);
  return {
    get: () => current,
    // Async, because a caller waits for durability and need not know that a file this small is written at once.
    async set(change) {
      const next = Preferences.parse({ ...current, ...change });
      write(path, next);
      current = next;
      for (const listener of listeners) listener(current);
      return current;
    },
    onChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function write(path: string, preferences: Preferences): void {
  try {
    writePrivateFile(path, `${JSON.stringify(preferences, undefined, 2)}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrafficError('STORE_FAILED', `The preferences could not be written: ${reason}`, { cause });
  }
}

function readTolerantly(path: string, log: Logger): Preferences {
  if (!existsSync(path)) return defaultPreferences;
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Error('It is not a JSON object');
  } catch (error) {
    log.warn('The preferences cannot be read; they start anew', { path, error: String(error) });
    setAside(path, log);
    return defaultPreferences;
  }
  const fields = Object.entries(Preferences.shape).map(([name, schema]) => {
    const parsed = schema.safeParse((raw as Record<string, unknown>)[name]);
    return [name, parsed.success ? parsed.data : defaultPreferences[name as keyof Preferences]];
  });
  return Preferences.parse(Object.fromEntries(fields));
}

/** One earlier bad file is kept; that is enough to look into, and a loop of bad starts fills no disk. */
function setAside(path: string, log: Logger): void {
  try {
    renameSync(path, `${path}.bad`);
  } catch (error) {
    log.warn('The bad preferences could not be set aside', { path, error: String(error) });
  }
}
