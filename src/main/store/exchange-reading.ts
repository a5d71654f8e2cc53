/** Reads single exchanges and what is worth a look beside one. */
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Db } from './database.ts';
import { splitExchangeId } from './exchange-key.ts';
import { errorStatuses } from './exchange-rows.ts';
import { exchangeColumns, toExchange } from './row-reading.ts';
import type { RelatedRows } from './traffic-store.ts';

const select = `SELECT ${exchangeColumns} FROM exchange e JOIN session s ON s.key = e.session_key`;

export function readExchange(db: Db, id: number): ExchangeSummary | undefined {
  return optional(db.prepare(`${select} WHERE e.id = ?`).get(id));
}

export function readExchangeByKey(db: Db, exchangeId: string): ExchangeSummary | undefined {
  const key = splitExchangeId(exchangeId);
  if (key === undefined) return undefined;
  return optional(db.prepare(`${select} WHERE s.id = ? AND e.first_seq = ?`).get(key.sessionId, key.firstSeq));
}

/** The handshake, the legs before and after, and the calls of the same method and target around this one. */
export function readRelated(db: Db, id: number): RelatedRows {
  const row = db.prepare('SELECT session_key, first_seq, method, target, linked_exchange_id FROM exchange WHERE id = ?').get(id) as
    { session_key: number; first_seq: number; method: string; target: string | null; linked_exchange_id: string | null } | undefined;
  if (row === undefined) throw new TrafficError('NOT_FOUND', `There is no exchange ${id}.`);
  const exchangeId = readExchange(db, id)?.exchangeId ?? '';
  const all = (condition: string, ...params: (string | number | null)[]) =>
    db
      .prepare(`${select} WHERE ${condition}`)
      .all(...params)
      .map(toExchange);
  const same = 'e.method = ? AND e.target IS ? AND e.session_key = ?';
  const sameKey = [row.method, row.target, row.session_key];
  const found: [RelatedRows['rows'][number]['relation'], ExchangeSummary[]][] = [
    [
      'handshake',
      all(`e.session_key = ? AND e.method IN ('initialize', 'server/discover') AND e.id <> ? ORDER BY e.id LIMIT 1`, row.session_key, id),
    ],
    ['first-leg', row.linked_exchange_id === null ? [] : [readExchangeByKey(db, row.linked_exchange_id)].filter(leg => leg !== undefined)],
    ['retry', all('e.session_key = ? AND e.linked_exchange_id = ? ORDER BY e.id LIMIT 20', row.session_key, exchangeId)],
    ['same-target', all(`${same} AND e.id < ? ORDER BY e.id DESC LIMIT 1`, ...sameKey, id)],
    ['same-target', all(`${same} AND e.id > ? ORDER BY e.id LIMIT 1`, ...sameKey, id)],
  ];
  const counts = db
    .prepare(
      `SELECT count(*) AS count, coalesce(sum(status IN (SELECT value FROM json_each(?))), 0) AS errorCount FROM exchange e WHERE ${same}`,
    )
    .get(JSON.stringify(errorStatuses), ...sameKey) as { count: number; errorCount: number };
  return { rows: found.flatMap(([relation, exchanges]) => exchanges.map(exchange => ({ relation, exchange }))), sameTarget: counts };
}

function optional(row: unknown): ExchangeSummary | undefined {
  return row === undefined ? undefined : toExchange(row);
}
