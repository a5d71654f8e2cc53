/** `session rename`: gives a session a name that a person chose. */
import { withHost } from './call-host.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { findSession } from './sessions.ts';

export const sessionRename: Command = {
  usage: 'session rename ID NAME',
  help: 'Gives a session a name; an empty one takes it away. ID may be the beginning of one, or "last".',
  flags: {},
  words: { min: 2, max: 2 },
  async run(input) {
    const [wanted = '', name = ''] = input.words;
    const renamed = await withHost(input, async ({ call }) => call('session.rename', { id: (await findSession(call, wanted)).id, name }));
    await input.screen.write(input.isJson ? `${JSON.stringify(renamed)}\n` : `${renamed.id} is now "${renamed.name}".\n`);
    return exitCodes.ok;
  },
};
