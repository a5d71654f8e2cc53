/** Reads the rows of the audit: how far they go, their hashes in order, and filtered pages of them. */
import { existsSync } from 'node:fs';
import type { AuditQuery } from '../../shared/model/audit.ts';
import { openReadable, type Db } from './database.ts';
import type { AuditHead, AuditLedgerPage } from './traffic-store.ts';

/** Rows that one call looks at: a word that is nowhere must not keep the reader from everything else. */
const STEP_ROWS = 50_000;

/** Undefined while nothing was audited. */
export function readAuditHead(db: Db): AuditHead | undefined {
  return db
    .prepare<[], AuditHead>('SELECT seq, hash, first_seq AS firstSeq, first_prev_hash AS firstPrevHash FROM audit_head WHERE id = 1')
    .get();
}

/** Hashes of the rows after `afterSeq`, ascending. */
export function readAuditHashes(db: Db, afterSeq: number, limit: number): readonly { readonly seq: number; readonly hash: string }[] {
  return db
    .prepare<[number, number], { seq: number; hash: string }>('SELECT seq, hash FROM audit_row WHERE seq > ? ORDER BY seq LIMIT ?')
    .all(afterSeq, limit);
}

/** Matching rows of one step, newest first. With a `cursor` there may be more before it, also where the page is not full. */
export function readAuditRows(db: Db, query: AuditQuery): AuditLedgerPage {
  const head = readAuditHead(db);
  if (head === undefined) return { lines: [] };
  const before = Math.min(query.cursor ?? Infinity, head.seq + 1);
  const lowest = Math.max(head.firstSeq, before - STEP_ROWS);
  const conditions = ['seq < ?', 'seq >= ?'];
  const params: (string | number)[] = [before, lowest];
  const add = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add('at >= ?', query.from);
  add('at < ?', query.to);
  add('kind IN (SELECT value FROM json_each(?))', query.kinds === undefined ? undefined : JSON.stringify(query.kinds));
  add('principal_id = ?', query.principal);
  add('upstream = ?', query.upstream);
  add(`line LIKE ? ESCAPE '\\'`, query.text === undefined ? undefined : `%${query.text.replaceAll(/[\\%_]/g, '\\$&')}%`);
  const rows = db
    .prepare<(string | number)[], { seq: number; line: string }>(
      `SELECT seq, line FROM audit_row WHERE ${conditions.join(' AND ')} ORDER BY seq DESC LIMIT ?`,
    )
    .all(...params, query.limit);
  const reached = rows.length === query.limit ? (rows.at(-1)?.seq ?? lowest) : lowest;
  return { lines: rows.map(({ line }) => line), ...(reached > head.firstSeq ? { cursor: reached } : {}) };
}

/** What the database says of the audit, for whoever holds the files against it. */
export interface AuditLedgerFile {
  head(): AuditHead | undefined;
  hashes(afterSeq: number, limit: number): readonly { readonly seq: number; readonly hash: string }[];
  close(): void;
}

/** Opens the database beside a running host, for reading. Undefined when there is none, or one from before there was an audit. */
export function openAuditLedgerFile(path: string): AuditLedgerFile | undefined {
  if (!existsSync(path)) return undefined;
  const db = openReadable(path);
  const isThere = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'audit_head'`).get() !== undefined;
  if (!isThere) {
    db.close();
    return undefined;
  }
  return {
    head: () => readAuditHead(db),
    hashes: (afterSeq, limit) => readAuditHashes(db, afterSeq, limit),
    close: () => db.close(),
  };
}
