/** `session show`: one session with all its frames. */
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import { withHost } from './call-host.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { bytes, counted, duration, localTime } from './formats.ts';
import { frameNamer, previewOf } from './frame-words.ts';
import { printable, type Screen, table } from './screen.ts';
import { allFrames, findSession } from './sessions.ts';

export const sessionShow: Command = {
  usage: 'session show ID [--json]',
  help: `Shows a session and its frames in order. ID may be the beginning of one, or "last".
With --json: {"session": …, "frames": [ … ]}.`,
  flags: {},
  words: { min: 1, max: 1 },
  async run(input) {
    const [wanted = ''] = input.words;
    await withHost(input, async ({ call }) => {
      const session = await findSession(call, wanted);
      const pages = allFrames(call, session.id);
      await (input.isJson ? printJson(input.screen, session, pages) : printText(input.screen, session, pages));
    });
    return exitCodes.ok;
  },
};

type Pages = AsyncGenerator<readonly FrameSummary[]>;

/** Page by page: a session may hold more frames than fit into memory. */
async function printJson(screen: Screen, session: SessionSummary, pages: Pages): Promise<void> {
  await screen.write(`{"session":${JSON.stringify(session)},"frames":[`);
  let separator = '';
  for await (const frames of pages) {
    await screen.write(separator + frames.map(frame => JSON.stringify(frame)).join(','));
    separator = ',';
    if (screen.isClosed) return;
  }
  await screen.write(']}\n');
}

async function printText(screen: Screen, session: SessionSummary, pages: Pages): Promise<void> {
  const facts: [string, string | undefined][] = [
    ['Session', session.name === '' ? session.id : `${session.id} (${session.name})`],
    ['Client', session.clientName],
    ['Server', session.serverName],
    ['Upstream', session.upstream],
    ['Transport', `${session.transport}, ${session.era}${session.protocolVersion === undefined ? '' : ` ${session.protocolVersion}`}`],
    ['Started', localTime(session.startedAt)],
    ['Ended', session.endedAt === undefined ? session.state : `${localTime(session.endedAt)}, ${endOf(session)}`],
    [
      'Frames',
      `${session.frameCount} in ${counted(session.exchangeCount, 'row')}, ${counted(session.errorCount, 'error')}, ${bytes(session.sizeBytes)}`,
    ],
  ];
  for (const [name, value] of facts) if (value !== undefined) await screen.write(`${name.padEnd(9)}  ${printable(value)}\n`);
  await screen.write('\n');
  const columns = [
    { title: 'SEQ', align: 'right' },
    { title: 'TIME', align: 'right' },
    { title: '' },
    { title: 'KIND' },
    { title: 'ID' },
    { title: 'METHOD' },
    { title: 'TARGET' },
    { title: 'SIZE', align: 'right' },
    { title: 'LATENCY', align: 'right' },
    { title: 'PREVIEW' },
  ] as const;
  const nameOf = frameNamer();
  for await (const frames of pages) {
    const rows = frames.map(frame => rowOf(frame, { startedAt: session.startedAt, name: nameOf(frame), isTerminal: screen.isTerminal }));
    await screen.write(table(columns, rows, screen.isTerminal ? screen.columns : 0));
    if (screen.isClosed) return;
  }
}

function endOf({ endReason, exitCode, exitSignal }: SessionSummary): string {
  if (endReason !== undefined && endReason !== '') return endReason;
  return exitSignal ?? (exitCode === undefined ? 'closed' : `exit code ${exitCode}`);
}

interface RowFacts {
  readonly startedAt: number;
  readonly name: string;
  readonly isTerminal: boolean;
}

function rowOf(frame: FrameSummary, { startedAt, name, isTerminal }: RowFacts): string[] {
  return [
    String(frame.seq),
    `+${duration(Math.max(0, frame.at - startedAt))}`,
    frame.direction === 'fromClient' ? '→' : '←',
    frame.kind,
    frame.idText ?? '',
    name,
    frame.target ?? '',
    bytes(frame.sizeBytes),
    frame.latencyMs === undefined ? '' : duration(frame.latencyMs),
    previewOf(frame, isTerminal),
  ];
}
