/** Pages and searches within a view. */
import type { FindQuery, RowsPage, TimelineRow } from '../../../shared/model/timeline.ts';
import type { Db } from '../database.ts';
import { errorStatuses } from '../exchange-rows.ts';
import { exchangeColumns, frameColumns, toExchange, toFrame } from '../row-reading.ts';
import type { View } from './view.ts';

/** Positions looked at between two chances for other calls. */
const FIND_STEP = 5_000;

export function readPage(db: Db, view: View, from: number, count: number): RowsPage {
  const ids = view.idsAt(from, count);
  const byId = new Map<number, TimelineRow>();
  if (view.spec.mode === 'exchanges') {
    const rows = db
      .prepare(
        `SELECT ${exchangeColumns} FROM json_each(?) j CROSS JOIN exchange e ON e.id = j.value CROSS JOIN session s ON s.key = e.session_key`,
      )
      .all(JSON.stringify(ids));
    for (const row of rows) {
      const exchange = toExchange(row);
      byId.set(exchange.id, { row: 'exchange', exchange });
    }
  } else {
    const rows = db
      .prepare(
        `SELECT ${frameColumns} FROM json_each(?) j CROSS JOIN frame f ON f.id = j.value CROSS JOIN session s ON s.key = f.session_key`,
      )
      .all(JSON.stringify(ids)) as { id: number; client_name: string; server_name: string }[];
    for (const row of rows)
      byId.set(row.id, { row: 'frame', id: row.id, frame: toFrame(row), clientName: row.client_name, serverName: row.server_name });
  }
  const rows = ids.map(id => byId.get(id)).filter(row => row !== undefined);
  return { revision: view.revision, from, rows };
}

/** The next position after (or before) `query.from` whose row failed; -1 when there is none. */
export async function findInView(db: Db, view: View, query: FindQuery): Promise<number> {
  const isError = db
    .prepare(
      view.spec.mode === 'exchanges'
        ? 'SELECT id FROM exchange WHERE id IN (SELECT value FROM json_each(?)) AND status IN (SELECT value FROM json_each(?))'
        : `SELECT f.id FROM frame f WHERE f.id IN (SELECT value FROM json_each(?)) AND (f.kind = 'error' OR EXISTS (SELECT 1 FROM exchange x
             WHERE x.session_key = f.session_key AND x.response_seq = f.seq AND x.first_seq = f.exchange_seq
               AND x.status IN (SELECT value FROM json_each(?))))`,
    )
    .pluck();
  const step = query.backwards ? -1 : 1;
  let at = query.from + step;
  while (at >= 0 && at < view.length) {
    const start = query.backwards ? Math.max(0, at - FIND_STEP + 1) : at;
    const ids = view.idsAt(start, query.backwards ? at - start + 1 : FIND_STEP);
    const errors = new Set(isError.all(JSON.stringify(ids), JSON.stringify(errorStatuses)) as number[]);
    const found = query.backwards ? ids.findLastIndex(id => errors.has(id)) : ids.findIndex(id => errors.has(id));
    if (found !== -1) return start + found;
    at = query.backwards ? start - 1 : start + ids.length;
    await new Promise(resolve => {
      setImmediate(resolve);
    });
  }
  return -1;
}
