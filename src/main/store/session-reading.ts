/** Reads sessions: one, a searched list, and what a resumed one needs to know. */
import type { SessionQuery } from '../../shared/model/timeline.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { ExchangeRecord, SessionRecord } from '../traffic/records.ts';
import { textQuery } from './compile-filter.ts';
import type { Db } from './database.ts';
import { exchangeColumns, toExchange, toSession } from './row-reading.ts';
import type { SessionPast } from './traffic-store.ts';

const sortColumns: Record<SessionQuery['sort'], string> = {
  startedAt: 'started_at',
  lastAt: 'last_at',
  name: `coalesce(nullif(name, ''), client_name)`,
  frameCount: 'frame_count',
  errorCount: 'error_count',
  sizeBytes: 'size_bytes',
};

/** Newest matches looked at per search word: a word that is everywhere must not read a million rows. */
const MAX_TEXT_MATCHES = 200_000;

export function readSession(db: Db, id: string): SessionSummary | undefined {
  const row = db.prepare('SELECT * FROM session WHERE id = ? AND deleted_at IS NULL').get(id);
  return row === undefined ? undefined : toSession(row);
}

export function readSessions(db: Db, query: SessionQuery): { sessions: SessionSummary[]; total: number } {
  const conditions = ['deleted_at IS NULL'];
  const params: (string | number)[] = [];
  if (query.states !== undefined) {
    conditions.push('state IN (SELECT value FROM json_each(?))');
    params.push(JSON.stringify(query.states));
  }
  for (const word of query.search.split(/\s+/).filter(part => part !== '')) {
    const like = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`;
    const names = ['name', 'client_name', 'server_name', 'upstream', 'id'].map(column => `${column} LIKE ? ESCAPE '\\'`);
    params.push(like, like, like, like, like);
    if (/[\p{L}\p{N}]/u.test(word)) {
      names.push(`key IN (SELECT f.session_key FROM (SELECT rowid FROM frame_text WHERE frame_text MATCH ? ORDER BY rowid DESC LIMIT ${MAX_TEXT_MATCHES}) t
        CROSS JOIN frame f ON f.id = t.rowid)`);
      params.push(textQuery(word, false));
    }
    conditions.push(`(${names.join(' OR ')})`);
  }
  const where = conditions.join(' AND ');
  const total = conditions.length === 1 ? countSessions(db) : countWhere(db, where, params);
  const direction = query.descending ? 'DESC' : 'ASC';
  const rows = db
    .prepare(`SELECT * FROM session WHERE ${where} ORDER BY ${sortColumns[query.sort]} ${direction}, key ${direction} LIMIT ? OFFSET ?`)
    .all(...params, query.limit, query.offset);
  return { sessions: rows.map(toSession), total };
}

/** All that are not hidden, counted inside two small indexes instead of over the wide rows. */
export function countSessions(db: Db): number {
  return db
    .prepare(
      'SELECT (SELECT count(*) FROM session) - (SELECT count(*) FROM session INDEXED BY session_deleted WHERE deleted_at IS NOT NULL)',
    )
    .pluck()
    .get() as number;
}

function countWhere(db: Db, where: string, params: readonly (string | number)[]): number {
  return db
    .prepare(`SELECT count(*) FROM session WHERE ${where}`)
    .pluck()
    .get(...params) as number;
}

/** What a session was when its host went away; exchanges that were marked as interrupted are given as they were. */
export function readSessionPast(db: Db, id: string): SessionPast | undefined {
  const row = db.prepare('SELECT * FROM session WHERE id = ?').get(id) as
    ({ key: number; committed_seq: number; last_seq: number } & object) | undefined;
  if (row === undefined) return undefined;
  const { name, frameCount, exchangeCount, errorCount, pendingCount, sizeBytes, lastAt, ...session } = toSession(row);
  void [name, frameCount, exchangeCount, errorCount, pendingCount, sizeBytes, lastAt];
  const pending = db
    .prepare(
      `SELECT ${exchangeColumns} FROM exchange e INDEXED BY exchange_unfinished JOIN session s ON s.key = e.session_key
       WHERE e.session_key = ? AND (e.status IN ('pending', 'open') OR e.interrupted_status IS NOT NULL) ORDER BY e.first_seq`,
    )
    .all(row.key);
  return {
    committedSeq: row.committed_seq,
    lastSeq: row.last_seq,
    session: session satisfies SessionRecord,
    pending: pending.map(toPending),
  };
}

function toPending(row: unknown): ExchangeRecord {
  const { id, clientName, serverName, preview, ...record } = toExchange(row);
  void [id, clientName, serverName, preview];
  const before = (row as { interrupted_status: string | null }).interrupted_status;
  if (before === null) return record;
  return { ...record, status: before as ExchangeRecord['status'], flags: record.flags.filter(flag => flag !== 'no-answer') };
}
