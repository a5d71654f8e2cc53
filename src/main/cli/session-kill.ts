/** `session kill`: ends live sessions at the running host. */
import { takeDirectory } from '../headless/take-directory.ts';
import type { Command } from './command.ts';
import type { CallHost } from './call-host.ts';
import { findSession } from './sessions.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

export const sessionKill: Command = {
  usage: 'session kill ID… [--reason TEXT]',
  help: `Ends live sessions of the running host at once: their open answers are broken off, and a client that comes back has to
initialize again. An ID may be the beginning of one, or "last".
  --reason TEXT    goes into the record and the audit trail`,
  flags: { reason: { type: 'string' } },
  words: { min: 1, max: 100 },
  async run({ dataDir, words, flags, isJson, screen }) {
    const taken = await takeDirectory(dataDir);
    if (taken.kind === 'mine') {
      taken.lock.release();
      throw new CommandError(exitCodes.unavailable, 'No host runs on this data directory, so no session is live.');
    }
    if (taken.kind !== 'running') throw new CommandError(exitCodes.unavailable, taken.message);
    const { connection } = taken;
    const call: CallHost = (name, value) => connection.call(name, value);
    const reason = typeof flags['reason'] === 'string' ? flags['reason'] : '';
    try {
      const ids: string[] = [];
      // All are looked up before any is ended: a mistyped one ends nothing.
      for (const word of words) ids.push((await findSession(call, word)).id);
      for (const id of ids) await call('session.kill', { id, reason });
      await screen.write(isJson ? `${JSON.stringify({ killed: ids })}\n` : `Ended ${ids.join(', ')}.\n`);
    } finally {
      connection.close();
    }
    return exitCodes.ok;
  },
};
