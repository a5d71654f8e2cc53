/** `doctor`: looks at everything that can be wrong and says what to do about it. */
import type { Check } from '../../shared/model/host.ts';
import { machineChecks } from '../headless/doctor.ts';
import { withHost } from './call-host.ts';
import type { Command, CommandInput } from './command.ts';
import { gatewayChecks } from './doctor/gateway-checks.ts';
import { exitCodes } from './exit-codes.ts';
import { printable } from './screen.ts';

export const doctor: Command = {
  usage: 'doctor [--json]',
  help: `Checks Node, data directory, store, disk, ports, browser, hub socket and host; and of a gateway, where one runs or is
configured in the data directory, its configuration, listeners, upstreams, vault and issuers. Ends with 1 when a check failed.`,
  flags: {},
  words: { min: 0, max: 0 },
  async run(input) {
    const checks = [...(await machineChecks({ dataDir: input.dataDir, env: process.env })), ...(await engineChecks(input))];
    await print(input, checks);
    return checks.some(({ state }) => state === 'fail') ? exitCodes.failed : exitCodes.ok;
  },
};

/** Asks the running host, or an engine started to be looked at; one that does not start is itself a finding. */
async function engineChecks(input: CommandInput): Promise<Check[]> {
  try {
    return await withHost(input, async reached => {
      const { call, isRunningHost } = reached;
      const { version, pid } = await call('host.info', {});
      const detail = isRunningHost ? `process ${pid}, Shadowcat ${version}` : 'none runs; wrapped servers record and hand over later';
      const own = (await call('host.doctor', {})).checks;
      return [{ name: 'Host', state: 'ok' as const, detail, advice: '' }, ...own, ...(await gatewayChecks(reached))];
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [
      {
        name: 'Host',
        state: 'fail',
        detail,
        advice: 'Mend what the message names, or use another directory with --data-dir; "shadowcat serve --log-level debug" tells more.',
      },
    ];
  }
}

const marks = { ok: '✓', warn: '!', fail: '✗' } as const;

async function print({ isJson, screen }: CommandInput, checks: readonly Check[]): Promise<void> {
  if (isJson) return screen.write(`${JSON.stringify({ checks })}\n`);
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, state, detail, advice } of checks) {
    await screen.write(`${marks[state]} ${name.padEnd(width)}  ${printable(detail)}\n`);
    if (advice !== '') await screen.write(`  ${' '.repeat(width)}  → ${advice}\n`);
  }
}
