/** Fills the full-text index after the commit, in small steps, so that a commit never waits long for it. */
import { performance } from 'node:perf_hooks';
import type { Statement } from 'better-sqlite3';
import { unpackBody, type BodyRow } from './body-table.ts';
import type { Db } from './database.ts';
import { headText, INDEXED_BODY_BYTES } from './frame-text.ts';

/** What a commit may have to wait for. One large step writes far less than many small ones: each makes a segment of its own. */
const STEP_MS = 20;
/** Frames between two looks at the time. */
const FRAMES_PER_LOOK = 50;
/** The same bound where the clock stands still or bodies are tiny. */
const MAX_FRAMES_PER_STEP = 2_000;

interface TextRow {
  id: number;
  method: string | null;
  target: string | null;
  http: string | null;
  content_encoding: string | null;
  body: Uint8Array | null;
  body_key: number | null;
}

export class TextIndex {
  #frames: Statement<[number, number], TextRow>;
  #body: Statement<[number], BodyRow>;
  #insert: Statement<[number, string]>;
  #progress: Statement<[], { value: number }>;
  #setProgress: Statement<[number]>;
  #step: () => { from: number; to: number } | undefined;

  constructor(db: Db) {
    this.#frames = db.prepare(
      'SELECT id, method, target, http, content_encoding, body, body_key FROM frame WHERE id > ? ORDER BY id LIMIT ?',
    );
    this.#body = db.prepare('SELECT codec, bytes, size_bytes FROM body WHERE key = ?');
    this.#insert = db.prepare('INSERT OR REPLACE INTO frame_text (rowid, text) VALUES (?, ?)');
    this.#progress = db.prepare(`SELECT value FROM counter WHERE name = 'text_indexed_frame_id'`);
    this.#setProgress = db.prepare(`UPDATE counter SET value = ? WHERE name = 'text_indexed_frame_id'`);
    this.#step = db.transaction(() => this.#indexNext());
  }

  /** Indexes the next frames; `undefined` when all are. Progress and index change together, so a crash repeats nothing and skips nothing. */
  step(): { from: number; to: number } | undefined {
    return this.#step();
  }

  #indexNext(): { from: number; to: number } | undefined {
    const done = this.#progress.get()?.value ?? 0;
    const end = performance.now() + STEP_MS;
    let first: number | undefined;
    let last = done;
    for (let count = 0; count < MAX_FRAMES_PER_STEP && (count === 0 || performance.now() < end); count += FRAMES_PER_LOOK) {
      const rows = this.#frames.all(last, FRAMES_PER_LOOK);
      for (const row of rows) {
        const text = this.#textOf(row);
        if (text !== '') this.#insert.run(row.id, text);
      }
      first ??= rows[0]?.id;
      last = rows.at(-1)?.id ?? last;
      if (rows.length < FRAMES_PER_LOOK) break;
    }
    if (first === undefined) return undefined;
    this.#setProgress.run(last);
    return { from: first, to: last };
  }

  #textOf(row: TextRow): string {
    const path = row.http === null || !row.http.includes('"path"') ? undefined : (JSON.parse(row.http) as { path?: string }).path;
    const text = headText(this.#bodyOf(row), row.content_encoding, INDEXED_BODY_BYTES);
    return [row.method, row.target, path, text].filter(part => part != null && part !== '').join('\n');
  }

  #bodyOf(row: TextRow): Uint8Array {
    if (row.body_key === null) return row.body ?? new Uint8Array();
    const stored = this.#body.get(row.body_key);
    return stored === undefined ? new Uint8Array() : unpackBody(stored);
  }
}
