/** The gateway that the running host of the data directory is: what operators steer. There is none without a host. */
import type { UpstreamState } from '../../shared/model/gateway-state.ts';
import { takeDirectory } from '../headless/take-directory.ts';
import type { CallHost } from './call-host.ts';
import type { CommandInput } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { oneOf } from './nearest.ts';

/** Ends the command where no host runs. */
export async function withRunningGateway<T>({ dataDir }: CommandInput, work: (call: CallHost) => Promise<T>): Promise<T> {
  const taken = await takeDirectory(dataDir);
  if (taken.kind === 'mine') {
    taken.lock.release();
    throw new CommandError(
      exitCodes.unavailable,
      `No host runs on ${dataDir}. Start one with "shadowcat gateway --config FILE", or name its directory with --data-dir.`,
    );
  }
  if (taken.kind !== 'running') throw new CommandError(exitCodes.unavailable, taken.message);
  const { connection } = taken;
  try {
    return await work((name, value) => connection.call(name, value));
  } finally {
    connection.close();
  }
}

/** Ends the command where the configuration in force has no such upstream. */
export async function findUpstream(call: CallHost, name: string): Promise<UpstreamState> {
  const { upstreams } = await call('gateway.upstreams', {});
  const found = upstreams.find(upstream => upstream.name === name);
  if (found !== undefined) return found;
  const names = upstreams.map(upstream => upstream.name);
  throw new CommandError(exitCodes.notFound, `The gateway has no upstream ${name}. ${oneOf(name, names)}`);
}
