/** Values that completion offers, most frequent first, taken from the newest rows. */
import { fromWords, kindWords, statusWords } from '../../shared/filters/filter-tree.ts';
import type { Db } from './database.ts';

/** Enough to know what is frequent, and read in a few tens of milliseconds. */
const NEWEST_ROWS = 50_000;

const words: Readonly<Record<string, readonly string[]>> = {
  kind: kindWords,
  from: fromWords,
  status: statusWords,
  dur: ['>100ms', '>1s'],
  size: ['>10kb', '>1mb'],
};

const sources: Readonly<Record<string, string>> = {
  server: 'SELECT server_name AS value, sum(exchange_count + 1) AS weight FROM session WHERE deleted_at IS NULL GROUP BY 1',
  client: 'SELECT client_name AS value, sum(exchange_count + 1) AS weight FROM session WHERE deleted_at IS NULL GROUP BY 1',
  session: `SELECT coalesce(nullif(name, ''), id) AS value, last_at AS weight FROM session WHERE deleted_at IS NULL`,
  method: `SELECT method AS value, count(*) AS weight FROM (SELECT method FROM exchange ORDER BY id DESC LIMIT ${NEWEST_ROWS}) GROUP BY 1`,
  tool: `SELECT target AS value, count(*) AS weight FROM (SELECT method, target FROM exchange ORDER BY id DESC LIMIT ${NEWEST_ROWS})
    WHERE method = 'tools/call' GROUP BY 1`,
};

export function readFilterValues(db: Db, key: string, prefix: string, limit: number): string[] {
  const lower = prefix.toLowerCase();
  // The key is the caller's: `constructor` is on every object and no key of ours.
  const fixed = Object.hasOwn(words, key) ? words[key] : undefined;
  if (fixed !== undefined) return fixed.filter(word => word.startsWith(lower)).slice(0, limit);
  const source = Object.hasOwn(sources, key) ? sources[key] : undefined;
  if (source === undefined) return [];
  const rows = db
    .prepare(
      `SELECT value FROM (${source}) WHERE value IS NOT NULL AND value <> '' AND substr(lower(value), 1, length(@prefix)) = @prefix
       ORDER BY weight DESC, value LIMIT @limit`,
    )
    .all({ prefix: lower, limit }) as { value: string }[];
  return rows.map(row => row.value);
}
