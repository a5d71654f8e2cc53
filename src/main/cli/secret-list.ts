/** `secret list`: the names in the vault. */
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { withVault } from './vault.ts';

export const secretList: Command = {
  usage: 'secret list [--json]',
  help: `Lists the names of the secrets in the vault, never their values. Without a running host SHADOWCAT_VAULT_KEY has to be set.
  --json           {"names","isPersistent"}`,
  flags: {},
  words: { min: 0, max: 0 },
  run(input) {
    const { isJson, screen } = input;
    return withVault(input, async ({ names, isPersistent }) => {
      if (isJson) await screen.write(`${JSON.stringify({ names, isPersistent })}\n`);
      else await screen.write(names.length === 0 ? 'The vault has no secret.\n' : names.map(name => `${name}\n`).join(''));
      return exitCodes.ok;
    });
  },
};
