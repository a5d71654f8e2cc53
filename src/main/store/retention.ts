/**
 * What is kept: by age and by size, oldest ended sessions first. Live sessions are never removed, so a store may
 * stay over its bound while they alone fill it; that is said, and mended when they end.
 */
import type { Db } from './database.ts';

export interface Retention {
  /** Sessions without a frame for longer go. */
  readonly maxAgeMs: number;
  /** Beyond this many stored bytes the oldest sessions go. */
  readonly maxStoredBytes: number;
  /** How often the bounds are looked at. Under full load the store grows by about 300 MB between two looks. */
  readonly checkMs: number;
}

export const defaultRetention: Retention = {
  maxAgeMs: 30 * 24 * 60 * 60 * 1000,
  maxStoredBytes: 2 * 1024 * 1024 * 1024,
  checkMs: 10_000,
};

/** Removing goes on down to this part of the bound, so that a full store is not at it all the time. */
const LOW_WATER = 0.95;
/** A session hidden so long ago is beyond any undo; its purge was cut short by the end of a host. */
const FORGOTTEN_PURGE_MS = 60 * 60 * 1000;
/** Free pages given back in one step (16 KiB each): what a commit may have to wait for. */
const VACUUM_PAGES_PER_STEP = 64;
/** Index pages merged in one step. */
const MERGE_PAGES_PER_STEP = 32;

export interface Expired {
  readonly key: number;
  readonly id: string;
  readonly reason: 'age' | 'size' | 'deleted';
}

export class RetentionRules {
  #db: Db;
  #retention: Retention;
  #pageBytes: number;
  #isShrinking = false;

  constructor(db: Db, retention: Retention) {
    this.#db = db;
    this.#retention = retention;
    this.#pageBytes = db.pragma('page_size', { simple: true }) as number;
  }

  /** The next session to remove; `undefined` when the store is within its bounds or only live sessions are left. */
  next(now: number): Expired | undefined {
    const deleted = this.#db
      .prepare<[number], { key: number; id: string }>(
        `SELECT key, id FROM session INDEXED BY session_deleted WHERE deleted_at IS NOT NULL AND deleted_at < ? AND state <> 'live' LIMIT 1`,
      )
      .get(now - FORGOTTEN_PURGE_MS);
    if (deleted !== undefined) return { ...deleted, reason: 'deleted' };
    const oldest = this.#db
      .prepare<[], { key: number; id: string; last_at: number }>(
        `SELECT key, id, last_at FROM session INDEXED BY session_by_last_at WHERE state <> 'live' AND deleted_at IS NULL ORDER BY last_at LIMIT 1`,
      )
      .get();
    if (oldest === undefined) return undefined;
    if (oldest.last_at < now - this.#retention.maxAgeMs) return { ...oldest, reason: 'age' };
    return this.isTooLarge() ? { ...oldest, reason: 'size' } : undefined;
  }

  /** Once over the bound, true until the store is clearly below it. */
  isTooLarge(): boolean {
    const limit = this.#retention.maxStoredBytes * (this.#isShrinking ? LOW_WATER : 1);
    this.#isShrinking = this.storedBytes() > limit;
    return this.#isShrinking;
  }

  /** Bytes in use, without the free pages of the file. */
  storedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pageBytes;
  }

  /** What is in use is within the bound, the file is not: merging the index of words takes room for a while and leaves it free. */
  hasRoomToGiveBack(): boolean {
    const pageCount = this.#pragma('page_count');
    return pageCount * this.#pageBytes > this.#retention.maxStoredBytes && this.#pragma('freelist_count') > 0;
  }

  /** Gives some free pages back to the file system; false when none are left. */
  vacuumStep(): boolean {
    if (this.#pragma('freelist_count') === 0) return false;
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES_PER_STEP})`);
    return true;
  }

  /** Removed text leaves the index only when its segments are merged. False when there is nothing to merge. */
  mergeTextStep(): boolean {
    const changes = () => this.#db.prepare('SELECT total_changes()').pluck().get() as number;
    const before = changes();
    this.#db.prepare(`INSERT INTO frame_text (frame_text, rank) VALUES ('merge', ${MERGE_PAGES_PER_STEP})`).run();
    // FTS5, 6.8: fewer than two changes mean that there was nothing to do.
    return changes() - before >= 2;
  }

  #pragma(name: string): number {
    return this.#db.pragma(name, { simple: true }) as number;
  }
}
