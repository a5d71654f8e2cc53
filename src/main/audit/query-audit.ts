/** Asks the audit for rows: from the database where there is one, else from the files; and the rows of all files as they are. */
import type { AuditPage, AuditQuery, AuditRow } from '../../shared/model/audit.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import { readLine } from './audit-chain.ts';
import { auditFiles, linesOf } from './audit-files.ts';

/** The database answers in steps; this many empty ones are about a million rows. */
const MAX_STEPS = 20;

export async function queryAuditStore(store: Pick<StoreReader, 'auditRows'>, query: AuditQuery): Promise<AuditPage> {
  const rows: AuditRow[] = [];
  let cursor = query.cursor;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const page = await store.auditRows({ ...query, limit: query.limit - rows.length, ...(cursor === undefined ? {} : { cursor }) });
    rows.push(...page.lines.flatMap(line => readLine(line)?.row ?? []));
    cursor = page.cursor;
    if (cursor === undefined || rows.length >= query.limit) break;
  }
  return { rows, ...(cursor === undefined ? {} : { cursor }) };
}

/** Newest first, like the database: files from the newest on, each read once, keeping no more than is asked for. */
export async function queryAuditFiles(dir: string, query: AuditQuery): Promise<AuditPage> {
  const matches = matcher(query);
  const rows: AuditRow[] = [];
  for (const { path } of (await auditFiles(dir)).toReversed()) {
    const wanted = query.limit + 1 - rows.length;
    let found: AuditRow[] = [];
    for await (const { text, isEnded } of linesOf(path)) {
      const row = isEnded ? readLine(text)?.row : undefined;
      if (row === undefined || !matches(row, text)) continue;
      found.push(row);
      if (found.length >= wanted * 2) found = found.slice(-wanted);
    }
    rows.push(...found.slice(-wanted).toReversed());
    if (rows.length > query.limit) break;
  }
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return { rows: shown, ...(rows.length > shown.length && last !== undefined ? { cursor: last.seq } : {}) };
}

/** Matching lines of all files, oldest first, as they stand there. */
export async function* exportAudit(dir: string, query: Omit<AuditQuery, 'limit' | 'cursor'>): AsyncGenerator<string> {
  const matches = matcher(query);
  const isAll = Object.values(query).every(value => value === undefined);
  for (const { path } of await auditFiles(dir)) {
    for await (const { text, isEnded } of linesOf(path)) {
      if (!isEnded) continue;
      const row = isAll ? undefined : readLine(text)?.row;
      if (isAll || (row !== undefined && matches(row, text))) yield `${text}\n`;
    }
  }
}

function matcher({ from, to, kinds, principal, upstream, text, cursor }: Partial<AuditQuery>): (row: AuditRow, line: string) => boolean {
  const fromText = from === undefined ? undefined : new Date(from).toISOString();
  const toText = to === undefined ? undefined : new Date(to).toISOString();
  const wanted = text?.toLowerCase();
  return (row, line) =>
    (cursor === undefined || row.seq < cursor) &&
    // Times of one length in UTC compare as text.
    (fromText === undefined || row.at >= fromText) &&
    (toText === undefined || row.at < toText) &&
    (kinds === undefined || kinds.includes(row.kind)) &&
    (principal === undefined || row.principal_id === principal) &&
    (upstream === undefined || row.upstream === upstream) &&
    (wanted === undefined || line.toLowerCase().includes(wanted));
}
