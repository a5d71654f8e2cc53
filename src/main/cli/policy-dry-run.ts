/** `policy dry-run`: what the policies of a draft would have said to the calls that are recorded. */
import { readFile } from 'node:fs/promises';
import type { DryRunResult, DryRunRow } from '../../shared/model/gateway-state.ts';
import { withHost } from './call-host.ts';
import type { Command } from './command.ts';
import { reasonOf } from './config-file.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { counted, localTime } from './formats.ts';
import { limitOf } from './limit-flag.ts';
import { printable, table } from './screen.ts';
import { findSession } from './sessions.ts';

const USUAL_LIMIT = 1000;
const MAX_LIMIT = 10_000;

export const policyDryRun: Command = {
  usage: 'policy dry-run FILE [--session ID] [--limit N] [--all] [--json]',
  help: `Judges recorded calls, newest sessions first, by the policies of the configuration FILE and by those that are in force at the
host, each as whoever made it, and shows what would differ. Nothing is taken into force. "unknown" is what depends on something that
is not recorded, such as claims of a token. Without a running host nothing is in force.
  --session ID     only the calls of this session; the beginning of an id will do, or "last"
  --limit N        judge at most N calls (default ${USUAL_LIMIT}, at most ${MAX_LIMIT})
  --all            show also what would not differ; at most 500 rows are shown
  --json           the whole result`,
  flags: { session: { type: 'string' }, limit: { type: 'string' }, all: { type: 'boolean' } },
  words: { min: 1, max: 1 },
  async run(input) {
    const { words, flags, isJson, screen } = input;
    const file = words[0] ?? '';
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new CommandError(exitCodes.failed, `${file} cannot be read: ${reasonOf(error)}.`);
    });
    const limit = limitOf(flags['limit'], { usual: USUAL_LIMIT, max: MAX_LIMIT });
    const result = await withHost(input, async ({ call }) => {
      const sessionId = typeof flags['session'] === 'string' ? (await findSession(call, flags['session'])).id : undefined;
      return call('policy.dryRun', { text, limit, ...(sessionId === undefined ? {} : { sessionId }) });
    });
    if (isJson) await screen.write(`${JSON.stringify(result)}\n`);
    else if (result.problems.length > 0)
      for (const { line, column, message } of result.problems)
        await screen.write(`${printable(`${file}:${line}:${column}: ${message}`)}\n`);
    else await screen.write(shown(result, flags['all'] === true, screen.isTerminal ? screen.columns : 0));
    return result.problems.length > 0 ? exitCodes.failed : exitCodes.ok;
  },
};

function shown(
  { callCount, allowCount, denyCount, unknownCount, changedCount, rows }: DryRunResult,
  isAll: boolean,
  width: number,
): string {
  const unknown = unknownCount === 0 ? '' : `, ${unknownCount} cannot be told`;
  const sum = `${counted(callCount, 'call')}: ${allowCount} would be allowed, ${denyCount} denied${unknown}; ${changedCount} otherwise than now.\n`;
  const wanted = isAll ? rows : rows.filter(({ now, draft }) => now !== draft || draft === 'unknown');
  return wanted.length === 0 ? sum : `${sum}\n${table(columns, wanted.map(cells), width)}`;
}

const columns = [
  { title: 'TIME' },
  { title: 'SESSION' },
  { title: 'SEQ', align: 'right' },
  { title: 'SERVER' },
  { title: 'WHO' },
  { title: 'WHAT' },
  { title: 'NOW' },
  { title: 'DRAFT' },
  { title: 'BY' },
  { title: 'REASON' },
] as const;

/** Of the hash of a token's subject; ids of keys are names, and shown whole. */
const SHOWN_HASH = 8;

function cells(row: DryRunRow): string[] {
  const { at, sessionId, seq, server, principalId = '', method, target = '', now, draft, policyId = '', reason = '' } = row;
  const who = /^[0-9a-f]{32}$/.test(principalId) ? principalId.slice(0, SHOWN_HASH) : principalId;
  return [localTime(at), sessionId.slice(0, 8), String(seq), server, who, `${method} ${target}`.trim(), now, draft, policyId, reason];
}
