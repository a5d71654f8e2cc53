/**
 * One host per data directory. The lock is SQLite's own on a tiny database, so the kernel frees it when the process
 * dies, however it dies; a file with a process number in it would outlive its owner.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface DirectoryLock {
  /** Lets the next host in. Harmless when called twice. */
  release(): void;
}

/** Takes the lock of a data directory that exists; `undefined` when a living process holds it. Throws when the directory cannot be written. */
export function lockDirectory(dataDir: string): DirectoryLock | undefined {
  const path = join(dataDir, 'host.lock');
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path, { timeout: 0 });
  try {
    // Nothing is ever written, so no journal beside it either: a full disk must not keep a host from starting.
    db.pragma('journal_mode = MEMORY');
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}
