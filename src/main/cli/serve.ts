/** `serve`: the headless host, with its window for a browser. */
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { portFlag } from './port-flag.ts';
import { describeRunning, runHost, tellReady } from './run-host.ts';

export const serve: Command = {
  usage: 'serve [--port P] [--open] [--json]',
  help: `Runs the host of the data directory and serves its window on 127.0.0.1 until Ctrl-C. Where one runs already,
prints a fresh address of its window and ends with 0.
  --port P         port of the window (default 7390, or the next free one); 0 takes any
  --open           open the window in a browser
  --json           print JSON lines; the first is
                   {"event":"ready","uiUrl":…,"pid":…,"dataDir":…,"listeners":[…]}
                   or the same with "already-running"`,
  flags: { port: { type: 'string' }, open: { type: 'boolean' } },
  words: { min: 0, max: 0 },
  run(input) {
    const isTabWanted = input.flags['open'] === true;
    return runHost(input, {
      uiPort: portFlag(input.flags['port']),
      isTabWanted,
      open: () => Promise.resolve(),
      async join(running) {
        await tellReady(input, await describeRunning(running), running.info.wrapCommand, isTabWanted);
        return exitCodes.ok;
      },
    });
  },
};
