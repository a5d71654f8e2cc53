/** `wrap` is the shim and never comes this way; only its help and its place in the list do. */
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';

export const wrapHelp: Command = {
  usage: 'wrap [--name N] [--data-dir D] [--require-host] -- command args…',
  help: `Runs an MCP server over stdio, passes every byte on, and records both directions. Put it into a client's
configuration in place of the server's own command. The exit code is the server's.`,
  flags: {},
  words: { min: 0, max: 0 },
  async run({ screen }) {
    screen.remark('shadowcat: "wrap" must be the first word: shadowcat wrap --data-dir D -- command args…');
    return exitCodes.usage;
  },
};
