/** Writes the rows of the audit and how far they go. Rows are never changed; the oldest go when their file does. */
import type { Statement } from 'better-sqlite3';
import type { Db } from './database.ts';
import type { AuditLedgerRow, AuditStart } from './traffic-store.ts';

/** Rows that one step of trimming removes, so that commits of the record go between two steps. */
const TRIM_ROWS = 2_000;

export class AuditTable {
  #insert: Statement;
  #setHead: Statement;
  #setStart: Statement;
  #trim: Statement;
  #append: (rows: readonly AuditLedgerRow[], start: AuditStart) => void;

  constructor(db: Db) {
    // A row that is there already stays as it is: what it was first is what the file is held against.
    this.#insert = db.prepare(
      'INSERT INTO audit_row (seq, at, kind, principal_id, upstream, hash, line) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING',
    );
    this.#setHead = db.prepare(
      `INSERT INTO audit_head (id, seq, hash, first_seq, first_prev_hash) VALUES (1, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE excluded.seq > seq`,
    );
    this.#setStart = db.prepare('UPDATE audit_head SET first_seq = ?, first_prev_hash = ? WHERE first_seq < ?');
    this.#trim = db.prepare('DELETE FROM audit_row WHERE seq IN (SELECT seq FROM audit_row WHERE seq < ? ORDER BY seq LIMIT ?)');
    this.#append = db.transaction((rows: readonly AuditLedgerRow[], start: AuditStart) => this.#write(rows, start));
  }

  /** Appends rows in order. `start` is where the oldest file begins; it counts only while no head is known. */
  append(rows: readonly AuditLedgerRow[], start: AuditStart): void {
    this.#append.call(this, rows, start);
  }

  /** Forgets rows before the start; call again until it returns 0. */
  trim(start: AuditStart): number {
    this.#setStart.run(start.seq, start.prevHash, start.seq);
    return this.#trim.run(start.seq, TRIM_ROWS).changes;
  }

  #write(rows: readonly AuditLedgerRow[], start: AuditStart): void {
    for (const row of rows) this.#insert.run(row.seq, row.at, row.kind, row.principalId ?? null, row.upstream ?? null, row.hash, row.line);
    const last = rows.at(-1);
    if (last !== undefined) this.#setHead.run(last.seq, last.hash, start.seq, start.prevHash);
  }
}
