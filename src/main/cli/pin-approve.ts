/** `pin approve`: lets a changed tool go on as it is now. */
import type { Command } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { oneOf } from './nearest.ts';
import { withRunningGateway } from './running-gateway.ts';
import { printable } from './screen.ts';
import { toolChanges } from './tool-changes.ts';

export const pinApprove: Command = {
  usage: 'pin approve UPSTREAM TOOL…',
  help: `Takes the definition that each TOOL has now for the pinned one. Look at it first: shadowcat pin list --upstream U --diff.
Where a TOOL has no change to approve, none is approved.
  --json           {"upstream","approved":[TOOL,…]}`,
  flags: {},
  words: { min: 2, max: 100 },
  run(input) {
    const { words, isJson, screen } = input;
    const [upstream = '', ...named] = words;
    const tools = [...new Set(named)];
    return withRunningGateway(input, async call => {
      const changed = (await toolChanges(call, upstream)).map(({ tool }) => tool);
      // All are looked up before any is approved: a mistyped one approves nothing.
      for (const tool of tools)
        if (!changed.includes(tool))
          throw new CommandError(exitCodes.notFound, `${upstream} has no change of ${tool} to approve. ${oneOf(tool, changed)}`);
      for (const tool of tools) await call('pin.approve', { upstream, tool });
      await screen.write(
        isJson ? `${JSON.stringify({ upstream, approved: tools })}\n` : `Approved ${tools.map(printable).join(', ')} of ${upstream}.\n`,
      );
      return exitCodes.ok;
    });
  },
};
