/** `gateway`: the routes of a configuration file, at the running host or at one of its own. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GatewayStatus } from '../../shared/model/gateway-state.ts';
import type { Command } from './command.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { describeRunning, runHost, tellReady } from './run-host.ts';
import { untilStopped } from './until-stopped.ts';

export const gateway: Command = {
  usage: 'gateway [--config FILE] [--json]',
  help: `Guards MCP servers as FILE says (see docs/configuration.md): OAuth, limits, policies, breakers, balancing. Follows
changes of FILE, and reads it anew at SIGHUP unless it runs in a terminal. Beside a running host of the data directory that host takes
FILE and keeps it; else this command is the host until Ctrl-C.
  --config FILE    YAML or JSON (default: shadowcat.yaml in the data directory); check it first with shadowcat config check FILE
  --json           print JSON lines, as serve does; "listeners" holds the addresses to dial`,
  flags: { config: { type: 'string' } },
  words: { min: 0, max: 0 },
  run(input) {
    const { config } = input.flags;
    if (config === '') throw new CommandError(exitCodes.usage, '--config needs the path of a file (see shadowcat gateway --help)');
    const path = typeof config === 'string' ? resolve(config) : join(input.dataDir, 'shadowcat.yaml');
    if (!existsSync(path)) {
      const advice = config === undefined ? ' Name one with --config FILE, or write a first one with shadowcat config init.' : '';
      throw new CommandError(exitCodes.usage, `There is no file ${path}.${advice}`);
    }
    return runHost(input, {
      uiPort: undefined,
      isTabWanted: false,
      isReloadable: true,
      async open(host) {
        await host.engine.gateway.load(path);
      },
      async join(running): Promise<ExitCode> {
        const load = (): Promise<GatewayStatus> => running.connection.call('gateway.load', { path });
        // What is wrong with the file is told by the host.
        const watch = untilStopped({
          onHangup: () => void load().catch((error: unknown) => input.screen.remark(`shadowcat: ${sentenceOf(error)}`)),
        });
        const status = await load();
        const ready = await describeRunning(running);
        await tellReady(
          input,
          { ...ready, event: 'ready', listeners: routesOf(status), staysAtHost: true },
          running.info.wrapCommand,
          false,
        );
        const gone = running.connection.closed.then(() => 'gone' as const);
        const end = await Promise.race([watch.stopped, gone]);
        watch.release();
        if (end === 'gone') throw new CommandError(exitCodes.unavailable, 'The host went away, and the gateway with it.');
        return exitCodes.ok;
      },
    });
  },
};

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One address per route, as a client dials it. */
function routesOf({ listeners }: GatewayStatus) {
  return listeners.flatMap(({ name, url, routes }) =>
    routes.map(({ path, upstream }) => ({ id: `${name}${path}`, name: upstream, kind: 'gateway' as const, url: `${url}${path}` })),
  );
}
