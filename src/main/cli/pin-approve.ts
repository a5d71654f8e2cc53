/** `pin approve`: lets a changed tool go on as it was when somebody looked at it. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ToolChangeData } from '../../shared/model/gateway-desk.ts';
import type { Command } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { oneOf } from './nearest.ts';
import { withRunningGateway } from './running-gateway.ts';
import { printable } from './screen.ts';
import { changeDiff, isDigestOf, toolChanges } from './tool-changes.ts';

export const pinApprove: Command = {
  usage: 'pin approve UPSTREAM TOOL…',
  help: `Takes the definition that each TOOL has now for the pinned one. Look at it first: shadowcat pin list --upstream U --diff.
Where a TOOL has no change to approve, none is approved. What differs is printed, and exactly that is approved.
  --digest D       approve only the definition of this digest, as pin list shows it; with one TOOL
  --json           {"upstream","approved":[TOOL,…],"digests":[D,…]}`,
  flags: { digest: { type: 'string' } },
  words: { min: 2, max: 100 },
  run(input) {
    const { words, isJson, screen, flags } = input;
    const [upstream = '', ...named] = words;
    const tools = [...new Set(named)];
    const digest = typeof flags['digest'] === 'string' ? flags['digest'] : undefined;
    if (digest !== undefined && tools.length > 1)
      throw new CommandError(exitCodes.usage, '--digest names one definition: approve the tools one by one.');
    return withRunningGateway(input, async call => {
      const waiting = await toolChanges(call, upstream);
      // All are looked up before any is approved: a mistyped one approves nothing.
      const changes = tools.map(tool => found(waiting, upstream, tool, digest));
      const approved: string[] = [];
      for (const change of changes) {
        if (!isJson && digest === undefined) await screen.write(changeDiff(change));
        try {
          await call('pin.approve', { upstream, tool: change.tool, digest: change.digest });
        } catch (error) {
          throw error instanceof TrafficError && approved.length > 0
            ? new TrafficError(error.code, `${error.message} Approved before that: ${approved.join(', ')}.`, { cause: error })
            : error;
        }
        approved.push(change.tool);
      }
      await screen.write(
        isJson
          ? `${JSON.stringify({ upstream, approved, digests: changes.map(change => change.digest) })}\n`
          : `Approved ${approved.map(printable).join(', ')} of ${upstream}.\n`,
      );
      return exitCodes.ok;
    });
  },
};

function found(waiting: readonly ToolChangeData[], upstream: string, tool: string, digest: string | undefined): ToolChangeData {
  const change = waiting.find(one => one.tool === tool);
  if (change === undefined) {
    const names = waiting.map(one => one.tool);
    throw new CommandError(exitCodes.notFound, `${upstream} has no change of ${tool} to approve. ${oneOf(tool, names)}`);
  }
  const isSame = digest === undefined ? true : isDigestOf(digest, change);
  if (isSame === undefined)
    throw new CommandError(exitCodes.usage, `--digest takes what pin list shows: "sha256:" and 32 to 64 digits of 0-9 and a-f.`);
  if (!isSame)
    throw new CommandError(
      exitCodes.unavailable,
      `The definition of ${tool} at ${upstream} changed again since you looked, and was not approved: run pin list.`,
    );
  return change;
}
