/** `proxy`: a listener before one URL, at the running host or at one of its own. */
import type { CallInput } from '../../shared/contract/calls.ts';
import type { Command, CommandInput } from './command.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { portFlag } from './port-flag.ts';
import { describeRunning, runHost, tellReady } from './run-host.ts';
import { untilStopped } from './until-stopped.ts';

export const proxy: Command = {
  usage: 'proxy --upstream URL [--port P] [--name N] [--json]',
  help: `Forwards everything between a client and the MCP server at URL, and records it, until Ctrl-C. Uses the running
host of the data directory, or becomes it.
  --upstream URL   the server, as its client would dial it
  --port P         port to listen on (default 7381, or the next free one); 0 takes any
  --name N         call the server N in lists
  --json           print JSON lines, as serve does; "listeners" holds the address to dial`,
  flags: { upstream: { type: 'string' }, port: { type: 'string' }, name: { type: 'string' } },
  words: { min: 0, max: 0 },
  run(input) {
    const request = requestOf(input);
    return runHost(input, {
      uiPort: undefined,
      isTabWanted: false,
      isReloadable: false,
      async open(host) {
        await host.engine.gateway.loadUsual();
        await host.engine.openProxy(request);
      },
      async join(running): Promise<ExitCode> {
        const watch = untilStopped();
        // The listener lives as long as this connection: whatever ends us, also closes it.
        const info = await running.connection.call('listener.open', request);
        const ready = await describeRunning(running);
        await tellReady(input, { ...ready, event: 'ready', listeners: [info] }, running.info.wrapCommand, false);
        const gone = running.connection.closed.then(() => 'gone' as const);
        const end = await Promise.race([watch.stopped, gone]);
        watch.release();
        if (end === 'gone') throw new CommandError(exitCodes.unavailable, 'The host went away, and the proxy with it.');
        return exitCodes.ok;
      },
    });
  },
};

function requestOf({ flags }: CommandInput): CallInput<'listener.open'> {
  const { upstream, name } = flags;
  if (typeof upstream !== 'string')
    throw new CommandError(exitCodes.usage, 'Usage: shadowcat proxy --upstream URL (see shadowcat proxy --help)');
  if (!URL.canParse(upstream) || !/^https?:$/.test(new URL(upstream).protocol))
    throw new CommandError(exitCodes.usage, `--upstream needs an http or https URL, not "${upstream}".`);
  const port = portFlag(flags['port']);
  return { upstream, ...(port === undefined ? {} : { port }), ...(typeof name === 'string' ? { name } : {}) };
}
