/** `pin list`: tools whose definition is not the pinned one. */
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { withRunningGateway } from './running-gateway.ts';
import { table } from './screen.ts';
import { changeCells, changeColumns, changeDiff, toolChanges } from './tool-changes.ts';

export const pinList: Command = {
  usage: 'pin list [--upstream U] [--diff] [--json]',
  help: `Lists tools whose definition is not the one that was pinned when it was first seen. "held" ones are hidden and refused,
where pinning is hold or block, until they are as before or somebody approves them (shadowcat pin approve).
  --upstream U     only those of this upstream
  --diff           what differs, line by line
  --json           an array of changes, with the texts of before and after`,
  flags: { upstream: { type: 'string' }, diff: { type: 'boolean' } },
  words: { min: 0, max: 0 },
  run(input) {
    const { flags, isJson, screen } = input;
    return withRunningGateway(input, async call => {
      const changes = await toolChanges(call, typeof flags['upstream'] === 'string' ? flags['upstream'] : undefined);
      if (isJson) await screen.write(`${JSON.stringify(changes)}\n`);
      else if (changes.length === 0) await screen.write('Every tool is as it was pinned.\n');
      else if (flags['diff'] === true) await screen.write(changes.map(changeDiff).join('\n'));
      else await screen.write(table(changeColumns, changes.map(changeCells), screen.isTerminal ? screen.columns : 0));
      return exitCodes.ok;
    });
  },
};
