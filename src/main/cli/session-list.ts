/** `session list`: all recorded sessions, newest first. */
import type { SessionSummary } from '../../shared/model/session.ts';
import { withHost } from './call-host.ts';
import type { Command, CommandInput } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { bytes, localTime } from './formats.ts';
import { table } from './screen.ts';
import { allSessions } from './sessions.ts';

export const sessionList: Command = {
  usage: 'session list [--search TEXT] [--limit N] [--json]',
  help: `Lists recorded sessions, newest first. With --json: an array of sessions.
  --search TEXT    only sessions whose names or bodies hold these words
  --limit N        at most N of them`,
  flags: { search: { type: 'string' }, limit: { type: 'string' } },
  words: { min: 0, max: 0 },
  async run(input) {
    const limit = limitOf(input.flags['limit']);
    const sessions = await withHost(input, async ({ call }) => {
      const found: SessionSummary[] = [];
      for await (const page of allSessions(call, String(input.flags['search'] ?? ''))) {
        found.push(...page);
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    });
    await print(input, sessions);
    return exitCodes.ok;
  },
};

function limitOf(wish: string | boolean | undefined): number {
  if (wish === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d*$/.test(String(wish))) throw new CommandError(exitCodes.usage, '--limit needs a number above 0.');
  return Number(wish);
}

async function print({ isJson, screen }: CommandInput, sessions: readonly SessionSummary[]): Promise<void> {
  if (isJson) return screen.write(`${JSON.stringify(sessions)}\n`);
  if (sessions.length === 0)
    return screen.write('No session is recorded yet. Try: shadowcat wrap -- npx -y @modelcontextprotocol/server-everything\n');
  const columns = [
    { title: 'ID' },
    { title: 'STARTED' },
    { title: 'STATE' },
    { title: 'CLIENT' },
    { title: 'SERVER' },
    { title: 'TRANSPORT' },
    { title: 'FRAMES', align: 'right' },
    { title: 'ERRORS', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: 'NAME' },
  ] as const;
  await screen.write(table(columns, sessions.map(rowOf), screen.isTerminal ? screen.columns : 0));
}

function rowOf(session: SessionSummary): string[] {
  return [
    session.id,
    localTime(session.startedAt),
    session.isProbe ? 'probe' : session.state,
    session.clientName,
    session.serverName,
    session.transport,
    String(session.frameCount),
    String(session.errorCount),
    bytes(session.sizeBytes),
    session.name,
  ];
}
