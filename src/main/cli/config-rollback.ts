/** `config rollback`: brings an earlier configuration back into force and into the file. */
import { withHost } from './call-host.ts';
import type { Command } from './command.ts';
import { findVersion } from './config-history.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

export const configRollback: Command = {
  usage: 'config rollback HASH',
  help: `Takes a configuration of "config history" into force again at the running host, and writes it into the file that the
host follows. The beginning of a hash will do, or "previous". Where it cannot be taken, nothing changes.
  --json           {"path","hash"}: the file, and what is in force`,
  flags: {},
  words: { min: 1, max: 1 },
  async run(input) {
    const { words, isJson, screen } = input;
    return withHost(input, async ({ call, isRunningHost }) => {
      if (!isRunningHost)
        throw new CommandError(exitCodes.unavailable, 'No host runs on this data directory, so no configuration is in force.');
      const version = await findVersion(call, words[0] ?? '');
      const { path, hash } = await call('config.rollback', { hash: version.hash });
      await screen.write(
        isJson ? `${JSON.stringify({ path, hash })}\n` : `${version.hash.slice(0, 12)} is in force again, and in ${path}.\n`,
      );
      return exitCodes.ok;
    });
  },
};
