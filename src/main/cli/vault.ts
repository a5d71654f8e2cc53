/** The vault as `secret` commands reach it: at the running host, or by itself where it has a key. */
import { calls } from '../../shared/contract/calls.ts';
import { type CallHost, withHost } from './call-host.ts';
import type { CommandInput } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

interface Vault {
  readonly call: CallHost;
  readonly names: readonly string[];
  /** False: it forgets everything when the host ends. */
  readonly isPersistent: boolean;
}

/** Ends the command where nothing that is kept could be reached, or would last. */
export function withVault<T>(input: CommandInput, work: (vault: Vault) => Promise<T>): Promise<T> {
  return withHost(input, async ({ call, isRunningHost }) => {
    const { names, isPersistent, problem } = await call('secret.list', {});
    if (!isRunningHost && !isPersistent)
      throw new CommandError(
        exitCodes.unavailable,
        'No host runs on this data directory, and SHADOWCAT_VAULT_KEY is not set, so the vault cannot be opened. Start the host, or set the key that it starts with; make one by: openssl rand -base64 32.',
      );
    // A secret that went into an empty one now would set aside what the right key opens.
    if (!isRunningHost && problem !== undefined) throw new CommandError(exitCodes.unavailable, problem);
    if (problem !== undefined) input.screen.remark(problem);
    return work({ call, names, isPersistent });
  });
}

/** Ends the command where it is no name of a secret. */
export function secretName(word: string | undefined): string {
  const parsed = calls['secret.delete'].input.safeParse({ name: word });
  if (!parsed.success) throw new CommandError(exitCodes.usage, parsed.error.issues[0]?.message ?? 'That is no name.');
  return parsed.data.name;
}
