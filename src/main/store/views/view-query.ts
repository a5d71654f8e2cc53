/** The statements of one view: its scope and filter over ranges and lists of rows. */
import type { Statement } from 'better-sqlite3';
import { readFilter } from '../../../shared/filters/read-filter.ts';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { TimelineSpec } from '../../../shared/model/timeline.ts';
import { compileFilter, type CompiledFilter, type RowMode } from '../compile-filter.ts';
import type { Db } from '../database.ts';

type Param = string | number;

/** The conditions of a view. `scope` alone decides the total, both together what matches. */
export interface ViewConditions {
  readonly mode: RowMode;
  readonly table: 'exchange' | 'frame';
  readonly filter: CompiledFilter;
  /** Over `session`. */
  readonly sessionScope: { readonly sql: string; readonly params: readonly Param[] };
  /** Over `r`. */
  readonly where: { readonly sql: string; readonly params: readonly Param[] };
  /** No filter, no scope: every row of a session that is not deleted. */
  readonly isEverything: boolean;
  /** Only some sessions are in scope. */
  readonly isScoped: boolean;
}

const messagesOnly: Record<RowMode, string> = {
  exchanges: `r.kind = 'request'`,
  frames: `r.kind IN ('request', 'result', 'error', 'batch')`,
};

/** Compiles a spec; a filter that does not read is refused with its place. */
export function viewConditions(spec: TimelineSpec): ViewConditions {
  const reading = readFilter(spec.filter);
  if (!reading.ok) throw new TrafficError('BAD_CALL', `${reading.message} (at ${reading.start})`);
  const filter = compileFilter(reading.filter, spec.mode);
  const sessionScope = scopeOf(spec);
  const parts: string[] = [];
  const params: Param[] = [];
  const isScoped = sessionScope.sql !== '1';
  if (isScoped) {
    parts.push(`r.session_key IN (SELECT key FROM session WHERE ${sessionScope.sql})`);
    params.push(...sessionScope.params);
  }
  parts.push('r.session_key NOT IN (SELECT key FROM session INDEXED BY session_deleted WHERE deleted_at IS NOT NULL)');
  if (spec.requestsOnly) parts.push(messagesOnly[spec.mode]);
  parts.push(filter.sql);
  params.push(...filter.params);
  return {
    mode: spec.mode,
    table: spec.mode === 'exchanges' ? 'exchange' : 'frame',
    filter,
    sessionScope,
    where: { sql: parts.join(' AND '), params },
    isEverything: reading.filter.kind === 'all' && !isScoped && !spec.requestsOnly,
    isScoped,
  };
}

function scopeOf({ scope }: TimelineSpec): { sql: string; params: Param[] } {
  const parts: string[] = [];
  const params: Param[] = [];
  if (scope.sessionIds !== undefined) {
    parts.push('id IN (SELECT value FROM json_each(?))');
    params.push(JSON.stringify(scope.sessionIds));
  }
  if (scope.clientName !== undefined) {
    parts.push('client_name = ?');
    params.push(scope.clientName);
  }
  if (scope.serverName !== undefined) {
    parts.push('server_name = ?');
    params.push(scope.serverName);
  }
  return { sql: parts.length === 0 ? '1' : parts.join(' AND '), params };
}

/** The prepared statements of a view. */
export class ViewQuery {
  readonly conditions: ViewConditions;
  #inRange: Statement<Param[], number>;
  #inScope: Statement<Param[], number>;
  #inList: Statement<Param[], number>;
  #ofSessions: Statement<Param[], number>;
  #bounds: Statement<[], { first: number | null; last: number | null }>;
  #total: Statement<Param[], { total: number | null }>;
  #deletedCount: Statement<[], number>;
  #hits: Statement<Param[], number>;
  #lastIndexed: Statement<[], number>;
  #framesOfExchanges: Statement<[string], number>;

  constructor(db: Db, spec: TimelineSpec) {
    this.conditions = viewConditions(spec);
    const { table, where, sessionScope, mode } = this.conditions;
    const ids = (condition: string) =>
      db.prepare<Param[], number>(`SELECT r.id FROM ${table} r WHERE ${condition} AND ${where.sql} ORDER BY r.id`).pluck() as Statement<
        Param[],
        number
      >;
    this.#inRange = ids('r.id BETWEEN ? AND ?');
    // The plus keeps SQLite from walking all row numbers: the sessions' own index is the short way.
    this.#inScope = db.prepare(`SELECT r.id FROM ${table} r WHERE ${where.sql} ORDER BY +r.id`).pluck() as Statement<Param[], number>;
    this.#inList = ids('r.id IN (SELECT value FROM json_each(?))');
    this.#ofSessions = db
      .prepare(`SELECT id FROM ${table} WHERE session_key IN (SELECT value FROM json_each(?)) ORDER BY +id`)
      .pluck() as Statement<Param[], number>;
    this.#bounds = db.prepare(`SELECT (SELECT min(id) FROM ${table}) AS first, (SELECT max(id) FROM ${table}) AS last`);
    this.#total = db.prepare(
      `SELECT sum(${countColumn(mode, spec.requestsOnly)}) AS total FROM session WHERE deleted_at IS NULL AND ${sessionScope.sql}`,
    );
    this.#deletedCount = db.prepare('SELECT count(*) FROM session WHERE deleted_at IS NOT NULL').pluck() as Statement<[], number>;
    this.#hits = db
      .prepare(
        mode === 'frames'
          ? 'SELECT rowid FROM frame_text WHERE frame_text MATCH ? AND rowid BETWEEN ? AND ?'
          : `SELECT r.id FROM frame_text t CROSS JOIN frame f ON f.id = t.rowid
             CROSS JOIN exchange r ON r.session_key = f.session_key AND r.first_seq = f.exchange_seq
             WHERE t.frame_text MATCH ? AND t.rowid BETWEEN ? AND ?`,
      )
      .pluck() as Statement<Param[], number>;
    this.#lastIndexed = db.prepare(`SELECT value FROM counter WHERE name = 'text_indexed_frame_id'`).pluck() as Statement<[], number>;
    this.#framesOfExchanges = db
      .prepare(
        `SELECT f.id FROM json_each(?) j CROSS JOIN exchange e ON e.id = j.value
         CROSS JOIN frame f INDEXED BY frame_by_exchange ON f.session_key = e.session_key AND f.exchange_seq = e.first_seq ORDER BY f.id`,
      )
      .pluck() as Statement<[string], number>;
  }

  /** Smallest and largest row number of the store. */
  bounds(): { first: number; last: number } {
    const row = this.#bounds.get();
    return { first: row?.first ?? 1, last: row?.last ?? 0 };
  }

  /** Rows in scope, from the sessions' totals. */
  total(): number {
    return this.#total.get(...this.conditions.sessionScope.params)?.total ?? 0;
  }

  hasDeleted(): boolean {
    return (this.#deletedCount.get() ?? 0) > 0;
  }

  matchingInRange(from: number, to: number): number[] {
    return this.#inRange.all(from, to, ...this.conditions.where.params);
  }

  /** All at once; for scopes that are known to be small. */
  matchingInScope(): number[] {
    return this.#inScope.all(...this.conditions.where.params);
  }

  matching(ids: readonly number[]): number[] {
    return ids.length === 0 ? [] : this.#inList.all(JSON.stringify(ids), ...this.conditions.where.params);
  }

  idsOfSessions(keys: readonly number[]): number[] {
    return this.#ofSessions.all(JSON.stringify(keys));
  }

  /** Rows in whose frames the term is found; the range is of frames. */
  hits(term: number, fromFrame: number, toFrame: number): number[] {
    return this.#hits.all(this.conditions.filter.textTerms[term] ?? '', fromFrame, toFrame);
  }

  lastIndexedFrame(): number {
    return this.#lastIndexed.get() ?? 0;
  }

  framesOfExchanges(ids: readonly number[]): number[] {
    return this.#framesOfExchanges.all(JSON.stringify(ids));
  }
}

function countColumn(mode: RowMode, requestsOnly: boolean): string {
  if (mode === 'exchanges') return requestsOnly ? 'request_count' : 'exchange_count';
  return requestsOnly ? 'message_count' : 'frame_count';
}
