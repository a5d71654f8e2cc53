/** How the gateway of the running host is: its listeners dialled, its upstreams and issuers as it sees them. */
import { z } from 'zod';
import type { GatewayStatus, InstanceState, UpstreamState } from '../../../shared/model/gateway-state.ts';
import type { Check } from '../../../shared/model/host.ts';
import type { CallHost } from '../call-host.ts';
import { breakerText } from '../upstream-breaker.ts';
import type { SeenIssuer } from './gateway-checks.ts';
import { whyUnreachable } from './reach.ts';

/** What of the health page is looked at here. */
const HealthPage = z.object({
  issuers: z.array(z.object({ issuer: z.string(), keyCount: z.number(), problem: z.string().optional() })),
  degraded: z.array(z.string()),
});
const DEADLINE_MS = 3000;

export async function runningChecks(
  call: CallHost,
  status: GatewayStatus,
): Promise<{ readonly checks: Check[]; readonly issuers: readonly SeenIssuer[] }> {
  const [{ upstreams }, listeners, admin] = await Promise.all([
    call('gateway.upstreams', {}),
    Promise.all(status.listeners.map(({ name, url }) => doorCheck(`Listener ${name}`, url))),
    adminCheck(status.adminUrl),
  ]);
  return {
    checks: [...(listeners.length === 0 ? [noListener] : listeners), ...admin.checks, ...upstreams.map(upstreamCheck)],
    issuers: admin.issuers,
  };
}

const noListener: Check = {
  name: 'Listeners',
  state: 'warn',
  detail: 'none is open',
  advice: 'Add one to the configuration: listeners (docs/configuration.md).',
};

async function doorCheck(name: string, url: string): Promise<Check> {
  const problem = await whyUnreachable(url);
  if (problem === undefined) return { name, state: 'ok', detail: url, advice: '' };
  return {
    name,
    state: 'fail',
    detail: `${url} does not answer (${problem})`,
    advice: 'See whether the host stops or hangs (its log), and start it again.',
  };
}

/** There is none where the configuration switches it off. */
async function adminCheck(url: string | undefined): Promise<{ readonly checks: Check[]; readonly issuers: readonly SeenIssuer[] }> {
  if (url === undefined) return { checks: [], issuers: [] };
  const door = await doorCheck('Admin listener', url);
  if (door.state !== 'ok') return { checks: [door], issuers: [] };
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    const { issuers } = HealthPage.parse(await response.json());
    return { checks: [door], issuers };
  } catch (error) {
    const detail = `${url}/health cannot be read (${error instanceof Error ? error.message : String(error)})`;
    return { checks: [{ ...door, state: 'warn', detail, advice: 'See the log of the host.' }], issuers: [] };
  }
}

function upstreamCheck({ name: upstream, instances }: UpstreamState): Check {
  const name = `Upstream ${upstream}`;
  const now = Date.now();
  const troubled = instances.flatMap(instance => {
    const why = whyUnusable(instance, now);
    return why === undefined ? [] : [{ ...why, id: instance.id }];
  });
  const [first] = troubled;
  const count = instances.length === 1 ? '1 instance' : `${instances.length} instances`;
  if (first === undefined) return { name, state: 'ok', detail: `${count}, usable`, advice: '' };
  const isDown = troubled.length === instances.length;
  const detail = `${isDown ? 'no instance is usable' : `${troubled.length} of ${count} cannot be used`}: ${first.id}: ${first.why}`;
  // Switched off in the file is what somebody wanted.
  const isWanted = instances.every(({ isDisabled }) => isDisabled);
  return { name, state: isDown && !isWanted ? 'fail' : 'warn', detail, advice: first.advice(upstream) };
}

interface Trouble {
  readonly why: string;
  readonly advice: (upstream: string) => string;
}

function whyUnusable(instance: InstanceState, now: number): Trouble | undefined {
  const { id, address, transport, isDisabled, isHealthy, healthReason, breaker, ejectedUntil = 0, pausedUntil = 0 } = instance;
  if (isDisabled) return { why: 'disabled', advice: () => 'Take "disabled: true" out of the configuration to use it.' };
  if (breaker.word === 'isolated') return { why: 'isolated by hand', advice: upstream => `shadowcat upstream rejoin ${upstream} ${id}` };
  const start =
    transport === 'stdio'
      ? `Run it by hand to see why: ${address}`
      : `See that the server at ${address} runs and can be reached from here.`;
  if (!isHealthy) return { why: healthReason, advice: () => start };
  if (breaker.word === 'open')
    return {
      why: `breaker ${breakerText(instance)}`,
      advice: upstream => `${start} Once it is well: shadowcat upstream reset ${upstream} ${id}`,
    };
  if (ejectedUntil > now) return { why: 'ejected after failures', advice: () => start };
  if (pausedUntil > now)
    return { why: 'it asked to be left alone (429)', advice: () => 'Wait, or send it less: limits of the configuration.' };
  return undefined;
}
