/** Changes to whole sessions: rename, hide and restore, purge in steps, and what a dead host left open. */
import type { Db } from './database.ts';

/** Frames removed in one transaction: a commit waits for one step at most. */
const FRAMES_PER_PURGE_STEP = 1_000;
/** Pages given back to the file system after each purged session (16 KiB each). */
const VACUUM_PAGES = 2_000;

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

  /** The next session to purge. Live ones wait for their end: their next frame would bring them back half. */
  nextToPurge(before: number): number | undefined {
    return this.#db
      .prepare<[number], { key: number }>(
        `SELECT key FROM session INDEXED BY session_deleted WHERE deleted_at IS NOT NULL AND deleted_at < ? AND state <> 'live' LIMIT 1`,
      )
      .get(before)?.key;
  }

  /** Removes a part of a session; true when nothing is left of it. The session row goes last, so a crash in between is taken up again. */
  purgeStep(sessionKey: number): boolean {
    const db = this.#db;
    return db.transaction(() => {
      const frames = db
        .prepare<[number, number], { id: number; body_key: number | null; delivered_key: number | null }>(
          'SELECT id, body_key, delivered_key FROM frame WHERE session_key = ? ORDER BY seq LIMIT ?',
        )
        .all(sessionKey, FRAMES_PER_PURGE_STEP);
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
      if (frames.length === FRAMES_PER_PURGE_STEP) return false;
      db.prepare('DELETE FROM exchange WHERE session_key = ?').run(sessionKey);
      db.prepare('DELETE FROM session WHERE key = ?').run(sessionKey);
      return true;
    })();
  }

  /** Gives free pages back. */
  vacuum(): void {
    this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
  }
}
