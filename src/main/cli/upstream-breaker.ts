/** `upstream trip`, `reset`, `isolate` and `rejoin`: instances that a person takes out of the balancing, and puts back. */
import type { InstanceState } from '../../shared/model/gateway-state.ts';
import type { Command, CommandInput } from './command.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { clockTime } from './formats.ts';
import { oneOf } from './nearest.ts';
import { findUpstream, withRunningGateway } from './running-gateway.ts';

type Action = 'trip' | 'reset' | 'isolate' | 'rejoin';

const helpOf: Readonly<Record<Action, string>> = {
  trip: 'Opens the breaker of an instance: calls go elsewhere or are refused until it is probed and answers.',
  reset: 'Closes the breakers of an instance, those of its tools too, and takes back pauses and ejections.',
  isolate: 'Keeps every request from an instance, sessions included, until "shadowcat upstream rejoin" takes that back.',
  rejoin: 'Takes an isolation back.',
};

const breakerCommand = (action: Action): Command => ({
  usage: `upstream ${action} UPSTREAM [INSTANCE]`,
  help: `${helpOf[action]}
Without INSTANCE each instance of UPSTREAM. The audit says who did it.
  --json           {"upstream","instances":[{"id","breaker"}]}: those that were named, as they are now`,
  flags: {},
  words: { min: 1, max: 2 },
  run: input => setBreakers(input, action),
});

export const upstreamTrip = breakerCommand('trip');
export const upstreamReset = breakerCommand('reset');
export const upstreamIsolate = breakerCommand('isolate');
export const upstreamRejoin = breakerCommand('rejoin');

function setBreakers(input: CommandInput, action: Action): Promise<ExitCode> {
  const { words, isJson, screen } = input;
  const [name = '', wanted] = words;
  return withRunningGateway(input, async call => {
    const ids = (await findUpstream(call, name)).instances.map(({ id }) => id);
    if (wanted !== undefined && !ids.includes(wanted))
      throw new CommandError(exitCodes.notFound, `The upstream ${name} has no instance ${wanted}. ${oneOf(wanted, ids)}`);
    const named = wanted === undefined ? ids : [wanted];
    for (const instance of named) await call('breaker.set', { upstream: name, instance, action });
    const instances = (await findUpstream(call, name)).instances.filter(({ id }) => named.includes(id));
    if (isJson) {
      const states = instances.map(({ id, breaker }) => ({ id, breaker: breaker.word }));
      await screen.write(`${JSON.stringify({ upstream: name, instances: states })}\n`);
    } else for (const instance of instances) await screen.write(`${name}/${instance.id} is ${breakerText(instance)}.\n`);
    return exitCodes.ok;
  });
}

/** `open, probed again at 08:00:01` */
export function breakerText({ breaker: { word, reopensAt } }: Pick<InstanceState, 'breaker'>): string {
  return word === 'open' && reopensAt !== undefined ? `open, probed again at ${clockTime(reopensAt)}` : word;
}
