/** `tape export`: a session as a portable file of JSON Lines. */
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { exportTape } from '../tapes/export.ts';
import { systemClock } from '../ports.ts';
import { withHost } from './call-host.ts';
import type { Command, CommandInput } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { framesToExport } from './frame-bodies.ts';
import { findSession } from './sessions.ts';

export const tapeExport: Command = {
  usage: 'tape export ID [--output FILE] [--reveal]',
  help: `Writes a session as JSON Lines: a header, its frames with their bodies, and an end with a checksum.
ID may be the beginning of one, or "last".
  --output FILE    write there instead of to stdout; the file appears when it is complete
  --reveal         leave secrets in bodies as they are (headers stay masked)`,
  flags: { output: { type: 'string' }, reveal: { type: 'boolean' } },
  words: { min: 1, max: 1 },
  async run(input) {
    const [wanted = ''] = input.words;
    const { output } = input.flags;
    const count = await withHost(input, async host => {
      const session = await findSession(host.call, wanted);
      const isRevealed = input.flags['reveal'] === true;
      const tool = { name: 'shadowcat', version: input.program.version };
      const lines = exportTape({ session, frames: framesToExport(host, session.id, !isRevealed), tool, clock: systemClock, isRevealed });
      return typeof output === 'string' ? writeFile(output, lines) : print(input, lines);
    });
    if (typeof output === 'string') input.screen.remark(`${count - 2} frames written to ${output}.`);
    return exitCodes.ok;
  },
};

async function print({ screen }: CommandInput, lines: AsyncGenerator<string>): Promise<number> {
  let count = 0;
  for await (const line of lines) {
    await screen.write(line);
    if (screen.isClosed) break;
    count += 1;
  }
  return count;
}

/** Under another name until it is complete: half a tape must not pass for a whole one. */
async function writeFile(path: string, lines: AsyncGenerator<string>): Promise<number> {
  const draft = `${path}.${process.pid}.tmp`;
  const file = createWriteStream(draft, { mode: 0o600 });
  const written = finished(file);
  // Awaited at the end; a failure before that is found there.
  written.catch(() => undefined);
  let count = 0;
  try {
    for await (const line of lines) {
      if (file.errored !== null) break;
      if (!file.write(line)) await Promise.race([once(file, 'drain'), written]);
      count += 1;
    }
    file.end();
    await written;
    renameSync(draft, path);
  } catch (error) {
    file.destroy();
    rmSync(draft, { force: true });
    if (error instanceof TrafficError) throw error;
    throw new CommandError(exitCodes.failed, `${path} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  return count;
}
