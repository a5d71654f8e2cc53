/** `serve`: the headless host, with its window for a browser. */
import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { portFlag } from './port-flag.ts';
import { describeRunning, type RunningHost, runHost, tellReady } from './run-host.ts';

export const serve: Command = {
  usage: 'serve [--port P] [--config FILE] [--open] [--json]',
  help: `Runs the host of the data directory and serves its window on 127.0.0.1 until Ctrl-C. Where one runs already,
prints a fresh address of its window, or brings the desktop app's to the front, and ends with 0.
  --port P         port of the window (default 7390, or the next free one); 0 takes any
  --config FILE    configuration to take (default shadowcat.yaml of the data directory, where there is one)
  --open           open the window in a browser
  --json           print JSON lines; the first is
                   {"event":"ready","uiUrl":…,"pid":…,"dataDir":…,"listeners":[…]}
                   or the same with "already-running"`,
  flags: { port: { type: 'string' }, config: { type: 'string' }, open: { type: 'boolean' } },
  words: { min: 0, max: 0 },
  run(input) {
    const { config } = input.flags;
    const isTabWanted = input.flags['open'] === true;
    return runHost(input, {
      uiPort: portFlag(input.flags['port']),
      isTabWanted,
      isReloadable: true,
      open: host => (typeof config === 'string' ? host.engine.gateway.load(resolve(config)) : host.engine.gateway.loadUsual()),
      async join(running) {
        const ready = { ...(await describeRunning(running)), ...(await raiseWindow(running)) };
        await tellReady(input, ready, running.info.wrapCommand, isTabWanted);
        return exitCodes.ok;
      },
    });
  },
};

/** The desktop app has a window of its own and serves none: whoever asks for a host shall see that one. */
async function raiseWindow({ connection, info }: RunningHost): Promise<{ window?: string }> {
  if (info.kind !== 'desktop') return {};
  await connection.call('host.showWindow', {});
  return { window: 'that of the desktop app, now in front' };
}
