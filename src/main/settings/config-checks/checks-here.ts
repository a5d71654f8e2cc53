/** What is not here as a configuration needs it: warnings, as the file may be meant for another place. */
import type { ConfigCheck } from './check.ts';
import { missingCommands } from './missing-commands.ts';
import { unsetVariables } from './unset-variables.ts';
import { withheldVariables } from './withheld-variables.ts';

/** `env` is the environment of the gateway, or of whoever looks in its place. */
export function checksHere(env: Readonly<Record<string, string | undefined>>): readonly ConfigCheck[] {
  return [unsetVariables(env), missingCommands(env), withheldVariables(env)];
}
