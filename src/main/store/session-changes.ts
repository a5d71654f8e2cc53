/** Changes to whole sessions: rename, hide and restore, purge in steps, and what a dead host left open. */
import { performance } from 'node:perf_hooks';
import type { Db } from './database.ts';

/** Work of one purging transaction: what a commit that came meanwhile waits for. */
const PURGE_STEP_MS = 8;
/** Rows removed between two looks at the time. */
const ROWS_PER_LOOK = 64;

/** What one step of a purge removed. */
export interface PurgeStep {
  readonly frameIds: readonly number[];
  readonly exchangeIds: readonly number[];
  /** `resumed`: the session lives again, and what is left of it stays. */
  readonly state: 'more' | 'done' | 'resumed';
}

interface PurgedFrame {
  id: number;
  body_key: number | null;
  delivered_key: number | null;
}

export class SessionChanges {
  #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** False when there is no such session. */
  rename(id: string, name: string): boolean {
    return this.#db.prepare('UPDATE session SET name = ? WHERE id = ?').run(name, id).changes > 0;
  }

  /** Hides (a time) or shows (`null`) sessions; returns the keys of those that changed. */
  setDeleted(ids: readonly string[], deletedAt: number | null): number[] {
    const change = this.#db.prepare<[number | null, string], { key: number }>(
      `UPDATE session SET deleted_at = ? WHERE id = ? AND deleted_at IS ${deletedAt === null ? 'NOT NULL' : 'NULL'} RETURNING key`,
    );
    return this.#db.transaction(() => ids.flatMap(id => change.all(deletedAt, id).map(row => row.key)))();
  }

  /** Marks live sessions as interrupted and their unfinished exchanges as without an answer; `resume` can take that back. */
  markInterrupted(at: number): { ids: string[]; keys: number[] } {
    return this.#db.transaction(() => {
      const live = this.#db
        .prepare<[], { key: number; id: string }>(`SELECT key, id FROM session INDEXED BY session_live WHERE state = 'live'`)
        .all();
      const close = this.#db.prepare(
        `UPDATE session SET state = 'interrupted', ended_at = min(?, max(last_at, started_at)), end_reason = 'The host stopped without closing it' WHERE key = ?`,
      );
      for (const { key } of live) {
        this.#closeExchanges(key);
        close.run(at, key);
      }
      return { ids: live.map(row => row.id), keys: live.map(row => row.key) };
    })();
  }

  #closeExchanges(sessionKey: number): void {
    this.#db
      .prepare(
        `UPDATE exchange SET interrupted_status = status, status = CASE status WHEN 'pending' THEN 'no-answer' ELSE 'ok' END,
           flags = CASE status WHEN 'pending' THEN json_insert(coalesce(flags, '[]'), '$[#]', 'no-answer') ELSE flags END
         WHERE session_key = ? AND status IN ('pending', 'open')`,
      )
      .run(sessionKey);
    this.#recount(sessionKey);
  }

  /** Takes `markInterrupted` back for a session that a shim brought back to life. */
  resume(sessionKey: number): void {
    this.#db
      .prepare(
        `UPDATE exchange SET status = interrupted_status, interrupted_status = NULL,
           flags = (SELECT nullif(json_group_array(value), '[]') FROM json_each(coalesce(exchange.flags, '[]')) WHERE value <> 'no-answer')
         WHERE session_key = ? AND interrupted_status IS NOT NULL`,
      )
      .run(sessionKey);
    this.#recount(sessionKey);
  }

  #recount(sessionKey: number): void {
    this.#db
      .prepare(
        `UPDATE session SET
           pending_count = (SELECT count(*) FROM exchange WHERE session_key = session.key AND status = 'pending'),
           error_count = (SELECT count(*) FROM exchange WHERE session_key = session.key
             AND status IN ('error', 'tool-error', 'failed', 'refused', 'no-answer'))
         WHERE key = ?`,
      )
      .run(sessionKey);
  }

  /** Shows a session again that came back to life; returns its id if it was hidden. */
  bringBack(sessionKey: number): string | undefined {
    return this.#db
      .prepare<[number], { id: string }>('UPDATE session SET deleted_at = NULL WHERE key = ? AND deleted_at IS NOT NULL RETURNING id')
      .get(sessionKey)?.id;
  }

  /** The next session to purge. Live ones wait for their end: their next frame would bring them back half. */
  nextToPurge(before: number): number | undefined {
    return this.#db
      .prepare<[number], { key: number }>(
        `SELECT key FROM session INDEXED BY session_deleted WHERE deleted_at IS NOT NULL AND deleted_at < ? AND state <> 'live' LIMIT 1`,
      )
      .get(before)?.key;
  }

  /** Removes a part of a session. Its row goes last, so a crash in between is taken up again. */
  purgeStep(sessionKey: number): PurgeStep {
    return this.#db.transaction(() => this.#purgeSome(sessionKey))();
  }

  #purgeSome(sessionKey: number): PurgeStep {
    const frameIds: number[] = [];
    const exchangeIds: number[] = [];
    const end = performance.now() + PURGE_STEP_MS;
    const row = this.#db.prepare<[number], { state: string }>('SELECT state FROM session WHERE key = ?').get(sessionKey);
    if (row?.state === 'live') return { frameIds, exchangeIds, state: 'resumed' };
    while (performance.now() < end) {
      const frames = this.#dropFrames(sessionKey);
      frameIds.push(...frames);
      if (frames.length > 0) continue;
      const exchanges = this.#dropExchanges(sessionKey);
      exchangeIds.push(...exchanges);
      if (exchanges.length > 0) continue;
      this.#db.prepare('DELETE FROM session WHERE key = ?').run(sessionKey);
      return { frameIds, exchangeIds, state: 'done' };
    }
    return { frameIds, exchangeIds, state: 'more' };
  }

  #dropFrames(sessionKey: number): number[] {
    const db = this.#db;
    const frames = db
      .prepare<[number, number], PurgedFrame>('SELECT id, body_key, delivered_key FROM frame WHERE session_key = ? ORDER BY seq LIMIT ?')
      .all(sessionKey, ROWS_PER_LOOK);
    const dropText = db.prepare('DELETE FROM frame_text WHERE rowid = ?');
    const dropFrame = db.prepare('DELETE FROM frame WHERE id = ?');
    const dropBody = db.prepare(
      `DELETE FROM body WHERE key = @key AND NOT EXISTS (SELECT 1 FROM frame WHERE body_key = @key)
         AND NOT EXISTS (SELECT 1 FROM frame WHERE delivered_key = @key)`,
    );
    for (const frame of frames) {
      dropText.run(frame.id);
      dropFrame.run(frame.id);
    }
    const keys = new Set(frames.flatMap(frame => [frame.body_key, frame.delivered_key]).filter(key => key !== null));
    for (const key of keys) dropBody.run({ key });
    return frames.map(frame => frame.id);
  }

  #dropExchanges(sessionKey: number): number[] {
    return this.#db
      .prepare<[number, number], number>(
        'DELETE FROM exchange WHERE id IN (SELECT id FROM exchange WHERE session_key = ? LIMIT ?) RETURNING id',
      )
      .pluck()
      .all(sessionKey, ROWS_PER_LOOK) as unknown as number[];
  }
}
