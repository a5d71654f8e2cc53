/** `secret delete`: takes a secret out of the vault. */
import type { Command } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { oneOf } from './nearest.ts';
import { secretName, withVault } from './vault.ts';

export const secretDelete: Command = {
  usage: 'secret delete NAME',
  help: `Deletes a secret from the vault. What a server was given before is not taken back there.
  --json           {"deleted":NAME}`,
  flags: {},
  words: { min: 1, max: 1 },
  async run(input) {
    const { words, isJson, screen } = input;
    const name = secretName(words[0]);
    return withVault(input, async ({ call, names }) => {
      if (!names.includes(name)) throw new CommandError(exitCodes.notFound, `The vault has no secret ${name}. ${oneOf(name, names)}`);
      await call('secret.delete', { name });
      await screen.write(isJson ? `${JSON.stringify({ deleted: name })}\n` : `Deleted ${name}.\n`);
      return exitCodes.ok;
    });
  },
};
