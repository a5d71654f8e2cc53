/** `session delete`: deletes sessions. */
import { withHost } from './call-host.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { findSession } from './sessions.ts';

export const sessionDelete: Command = {
  usage: 'session delete ID…',
  help: 'Deletes sessions with all they hold. An ID may be the beginning of one, or "last".',
  flags: {},
  words: { min: 1, max: 1000 },
  async run(input) {
    const ids = await withHost(input, async ({ call }) => {
      const found: string[] = [];
      // All are looked up before any is deleted: a mistyped one deletes nothing.
      for (const wanted of input.words) found.push((await findSession(call, wanted)).id);
      await call('session.delete', { ids: found });
      return found;
    });
    await input.screen.write(input.isJson ? `${JSON.stringify({ deleted: ids })}\n` : `Deleted ${ids.join(', ')}.\n`);
    return exitCodes.ok;
  },
};
