/** `status`: the gateway of the running host at a glance. */
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { withRunningGateway } from './running-gateway.ts';
import { statusText, troublesOf } from './status-text.ts';

export const status: Command = {
  usage: 'status [--json]',
  help: `Shows the gateway of the running host: what is wrong with it, the configuration in force, routes, upstreams with the health,
breaker and calls in flight of each instance, and limits that refused.
  --json           {"gateway","upstreams","limits","degraded"}; "degraded" is empty when nothing is wrong`,
  flags: {},
  words: { min: 0, max: 0 },
  run(input) {
    const { isJson, screen } = input;
    return withRunningGateway(input, async call => {
      const [gateway, { upstreams }, limits, { problem: vault }, { changes: toolChanges }, { exists: hasFile }] = await Promise.all([
        call('gateway.status', {}),
        call('gateway.upstreams', {}),
        call('gateway.limits', {}),
        call('secret.list', {}),
        call('pin.changes', {}),
        call('config.read', {}),
      ]);
      const now = Date.now();
      const state = { gateway, upstreams, limits, degraded: troublesOf({ gateway, upstreams, toolChanges, hasFile, vault }, now) };
      await screen.write(isJson ? `${JSON.stringify(state)}\n` : statusText(state, now, screen.isTerminal ? screen.columns : 0));
      return exitCodes.ok;
    });
  },
};
