/** The flags by which audit commands choose rows. */
import { AuditKind, type AuditQuery } from '../../shared/model/audit.ts';
import { readDuration } from '../../shared/config/units.ts';
import { systemClock } from '../ports.ts';
import type { CommandInput, Flag } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

export const auditFilterFlags = {
  since: { type: 'string' },
  until: { type: 'string' },
  kind: { type: 'string' },
  principal: { type: 'string' },
  upstream: { type: 'string' },
  text: { type: 'string' },
} as const satisfies Record<string, Flag>;

export const auditFilterHelp = `  --since T        not older than this: a time (2026-11-22, 2026-11-22T08:00Z) or an age (30m, 2h, 7d)
  --until T        older than this
  --kind K,K       only rows of these kinds: ${AuditKind.options.slice(0, 8).join(', ')},
                   ${AuditKind.options.slice(8).join(', ')}
  --principal P    only rows of this principal
  --upstream U     only rows about this upstream
  --text T         only rows that hold this text`;

/** The wish as a query without a page. */
export function auditFilters(flags: CommandInput['flags']): Omit<AuditQuery, 'limit' | 'cursor'> {
  const text = (name: string) => (typeof flags[name] === 'string' ? flags[name] : undefined);
  const from = time('--since', text('since'));
  const to = time('--until', text('until'));
  const kinds = text('kind')?.split(',').map(kindOf);
  const principal = text('principal');
  const upstream = text('upstream');
  const wanted = text('text');
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(principal === undefined ? {} : { principal }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(wanted === undefined ? {} : { text: wanted }),
  };
}

function kindOf(word: string): AuditKind {
  const kind = AuditKind.options.find(known => known === word.trim());
  if (kind === undefined) throw new CommandError(exitCodes.usage, `--kind takes ${AuditKind.options.join(', ')}.`);
  return kind;
}

function time(flag: string, wish: string | undefined): number | undefined {
  if (wish === undefined) return undefined;
  const age = readDuration(wish);
  const at = age === undefined ? Date.parse(wish) : systemClock.now() - age;
  if (Number.isNaN(at)) throw new CommandError(exitCodes.usage, `${flag} needs a time such as 2026-11-22T08:00Z, or an age such as 2h.`);
  return at;
}
