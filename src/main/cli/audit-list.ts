/** `audit list`: rows of the audit, newest first. Reads the files alone, so it needs no host and disturbs none. */
import type { AuditRow } from '../../shared/model/audit.ts';
import { auditDirOf } from '../audit/audit-files.ts';
import { queryAuditFiles } from '../audit/query-audit.ts';
import { auditFilterFlags, auditFilterHelp, auditFilters } from './audit-filters.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { localTime } from './formats.ts';
import { limitOf } from './limit-flag.ts';
import { table } from './screen.ts';

const USUAL_LIMIT = 100;
const MAX_LIMIT = 100_000;

export const auditList: Command = {
  usage: 'audit list [--since T] [--kind K,K] [--limit N] [--json]',
  help: `Lists rows of the audit, newest first. With --json: an array of rows.
${auditFilterHelp}
  --limit N        at most N of them (default ${USUAL_LIMIT})`,
  flags: { ...auditFilterFlags, limit: { type: 'string' } },
  words: { min: 0, max: 0 },
  async run({ flags, dataDir, isJson, screen }) {
    const { rows, cursor } = await queryAuditFiles(auditDirOf(dataDir), {
      ...auditFilters(flags),
      limit: limitOf(flags['limit'], { usual: USUAL_LIMIT, max: MAX_LIMIT }),
    });
    if (isJson) await screen.write(`${JSON.stringify(rows)}\n`);
    else if (rows.length === 0) await screen.write('No such row is in the audit.\n');
    else await screen.write(table(columns, rows.map(auditCells), screen.isTerminal ? screen.columns : 0));
    if (cursor !== undefined && !isJson) screen.remark(`There are older rows; --limit shows more (at most ${MAX_LIMIT}).`);
    return exitCodes.ok;
  },
};

const columns = [
  { title: 'SEQ', align: 'right' },
  { title: 'TIME' },
  { title: 'KIND' },
  { title: 'ACTION' },
  { title: 'PRINCIPAL' },
  { title: 'UPSTREAM' },
  { title: 'WHAT' },
  { title: 'BY' },
  { title: 'REASON' },
] as const;

/** One row of the table. */
export function auditCells(row: AuditRow): string[] {
  return [
    String(row.seq),
    localTime(Date.parse(row.at)),
    row.kind,
    row.action,
    row.principal_id ?? '',
    row.upstream ?? '',
    what(row),
    deciders(row),
    row.reason ?? row.code ?? '',
  ];
}

/** The policies and limits that had a say: a reason is a text for the client and need not name them. */
function deciders({ decisions = [] }: AuditRow): string {
  return [...new Set(decisions.flatMap(({ id }) => (id === undefined ? [] : [id])))].join(', ');
}

/** What a row is about, as a person reads it; every fact is in the JSON. */
function what({ kind, action, method, target = '', instance = '', details = {} }: AuditRow): string {
  if (method !== undefined) return `${method} ${target}`.trim();
  const of = (name: string) => String(details[name] ?? '');
  switch (kind) {
    case 'breaker':
      return `${instance} ${of('tool')} ${of('from')} → ${action}`.replaceAll(/ +/g, ' ').trim();
    case 'child':
      return `${instance} pid ${of('pid')}`.trim();
    case 'config':
      return of('config_hash').slice(0, 12);
    case 'admin':
      return `${of('target')} by ${of('actor')}`;
    default:
      return Object.values(details).join(' ');
  }
}
