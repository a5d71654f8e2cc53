/** Opens the database file: permissions, pragmas, migrations, and what happens to a damaged file. */
import { closeSync, chmodSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { migrations } from './migrations/index.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Migration } from './migrations/migration.ts';
import { storeProblemOf } from './store-problem.ts';

export type Db = Database.Database;

/** 16 KiB pages take 1 KB rows 40 % faster than the default 4 KiB. */
const PAGE_SIZE_BYTES = 16 * 1024;

/** The log is folded into the file at this length (4 MiB). SQLite's default of 1,000 of our pages would be 16 MiB. */
const LOG_PAGES = 256;

/** Two connections of ours never write at once; this is for a person's own tool on the file. */
const BUSY_TIMEOUT_MS = 2_000;

export interface WritableOptions {
  readonly path: string;
  /** Cap of the file; writing beyond it fails as a full disk does. */
  readonly maxSizeBytes?: number;
  /** Names a file that is set aside. */
  readonly now: () => number;
}

/** Opens for writing, creating and migrating as needed. A damaged file is renamed, never deleted, and a new one started. */
export function openWritable(options: WritableOptions): { db: Db; setAsidePath: string | undefined } {
  mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
  try {
    return { db: openMigrated(options), setAsidePath: undefined };
  } catch (error) {
    if (storeProblemOf(error)?.state !== 'corrupt') throw error;
    const setAsidePath = setAside(options.path, options.now());
    return { db: openMigrated(options), setAsidePath };
  }
}

/** Larger files of a read-only directory are not read: they would have to fit in memory. */
const MAX_COPIED_BYTES = 256 * 1024 * 1024;

/** Opens for reading only. Readers of a write-ahead log write a file beside it; where that cannot be, a copy in memory is read. */
export function openReadable(path: string): Db {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
    db.pragma('cache_size = -64000');
    db.pragma('user_version');
    return db;
  } catch (error) {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? Infinity;
    if (storeProblemOf(error)?.state !== 'read-only' || size > MAX_COPIED_BYTES) throw error;
    const bytes = readFileSync(path);
    // File format, 1.3.3: 1 in both bytes says that no write-ahead log belongs to the file.
    bytes.fill(1, 18, 20);
    return new Database(bytes, { readonly: true });
  }
}

/** Renames the file and its companions; the name tells when. */
export function setAside(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-');
  let target = `${path}.damaged-${stamp}`;
  for (let count = 2; existsSync(target); count += 1) target = `${path}.damaged-${stamp}-${count}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);
  }
  return target;
}

/** Applies the missing steps, each with its version in one transaction. A file of a newer program is refused. */
export function migrate(db: Db, steps: readonly Migration[] = migrations): void {
  const from = db.pragma('user_version', { simple: true }) as number;
  if (from > steps.length)
    throw new TrafficError(
      'STORE_FAILED',
      `The database has schema ${from}, this program knows up to ${steps.length}: use the newer program.`,
    );
  for (const step of steps.slice(from)) {
    db.transaction(() => {
      db.exec(step.up);
      db.pragma(`user_version = ${step.version}`);
    })();
  }
}

/** Folds the write-ahead log into the file and cuts it to nothing. False when a reader was in the way: never waits for one. */
export function foldLog(db: Db): boolean {
  db.pragma('busy_timeout = 0');
  try {
    if (!isWhole(db.pragma('wal_checkpoint(PASSIVE)'))) return false;
    return isWhole(db.pragma('wal_checkpoint(TRUNCATE)'));
  } finally {
    db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }
}

function isWhole(result: unknown): boolean {
  const [row] = result as { busy: number; log: number; checkpointed: number }[];
  return row !== undefined && row.busy === 0 && row.log === row.checkpointed;
}

/** Beyond so many bytes of the file, writing fails as on a full disk. */
export function capSize(db: Db, maxSizeBytes: number): void {
  db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxSizeBytes / PAGE_SIZE_BYTES))}`);
}

/** Bytes of the file and its write-ahead log. */
export function fileSizeBytes(path: string): number {
  return ['', '-wal'].reduce((sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0), 0);
}

function openMigrated({ path, maxSizeBytes }: WritableOptions): Db {
  // SQLite gives its companion files the mode of the main file, so creating that one privately is enough.
  closeSync(openSync(path, 'a', 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma(`page_size = ${PAGE_SIZE_BYTES}`);
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    // A commit survives the kill of the process either way; NORMAL only defers what a power cut could take.
    db.pragma('synchronous = NORMAL');
    db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
    // A log that a burst made long is cut when it begins anew.
    db.pragma(`journal_size_limit = ${LOG_PAGES * PAGE_SIZE_BYTES}`);
    db.pragma('cache_size = -64000');
    if (maxSizeBytes !== undefined) capSize(db, maxSizeBytes);
    migrate(db);
    // Damage in the tables' roots shows here, before traffic does; a full check of gigabytes would take seconds.
    db.prepare('SELECT name, value FROM counter').all();
    db.prepare('SELECT key FROM session LIMIT 1').all();
    db.prepare('SELECT id FROM frame ORDER BY id DESC LIMIT 1').all();
    db.prepare('SELECT id FROM exchange ORDER BY id DESC LIMIT 1').all();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
