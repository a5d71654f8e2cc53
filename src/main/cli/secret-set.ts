/** `secret set`: keeps what `${vault:NAME}` stands for. */
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { readSecret } from './read-secret.ts';
import { secretName, withVault } from './vault.ts';

export const secretSet: Command = {
  usage: 'secret set NAME',
  help: `Keeps a secret in the vault, in place of one of that name; a configuration refers to it as \${vault:NAME}. The secret comes
from standard input (one newline at its end is cut), or is typed unseen; never from the command line, which others can read:
  shadowcat secret set github < token.txt
Without a running host SHADOWCAT_VAULT_KEY has to be set: the same that the gateway starts with
(32 random bytes in base64; make one by: openssl rand -base64 32).
  --json           {"name","isPersistent"}; not persistent: the host has no key, and forgets the secret when it ends`,
  flags: {},
  words: { min: 1, max: 1 },
  async run(input) {
    const { words, isJson, screen } = input;
    const name = secretName(words[0]);
    const value = await readSecret(process.stdin, () => screen.remark(`The secret ${name}, which is not shown; then Enter:`));
    return withVault(input, async ({ call, isPersistent }) => {
      await call('secret.set', { name, value });
      await screen.write(isJson ? `${JSON.stringify({ name, isPersistent })}\n` : `Kept as \${vault:${name}}.\n`);
      if (!isPersistent && !isJson)
        screen.remark(
          'The host has no key for its vault, so it forgets the secret when it ends. Start it with SHADOWCAT_VAULT_KEY set; make a key by: openssl rand -base64 32.',
        );
      return exitCodes.ok;
    });
  },
};
