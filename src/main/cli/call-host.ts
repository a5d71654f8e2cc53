/** Calls of the contract for one command: at the running host of the data directory, or at an engine of our own for that long. */
import { randomBytes } from 'node:crypto';
import type { CallInput, CallName, CallOutput } from '../../shared/contract/calls.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { openEngine } from '../headless/start-host.ts';
import { takeDirectory } from '../headless/take-directory.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import type { CommandInput } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/** Rejects with a `TrafficError` of the host's code. */
export type CallHost = <N extends CallName>(name: N, input: CallInput<N>) => Promise<CallOutput<N>>;

/** How the command reached the engine. */
export interface Reached {
  readonly call: CallHost;
  readonly isRunningHost: boolean;
  /** The store itself, where the engine is our own. */
  readonly store: StoreReader | undefined;
}

/** Runs the work and closes what was opened for it. What wrapped servers recorded without a host is taken in first. */
export async function withHost<T>(input: CommandInput, work: (host: Reached) => Promise<T>): Promise<T> {
  const taken = await takeDirectory(input.dataDir);
  switch (taken.kind) {
    case 'running':
      try {
        return await work({ call: (name, value) => taken.connection.call(name, value), isRunningHost: true, store: undefined });
      } finally {
        taken.connection.close();
      }
    case 'incompatible':
    case 'taken':
      throw new CommandError(exitCodes.unavailable, taken.message);
    case 'mine':
      try {
        return await withOwnEngine(input, work);
      } finally {
        taken.lock.release();
      }
  }
}

async function withOwnEngine<T>({ dataDir, program, logs }: CommandInput, work: (host: Reached) => Promise<T>): Promise<T> {
  const secret = randomBytes(32).toString('base64url');
  const engine = await openEngine({ kind: 'headless', dataDir, program, logs }, { secret, stop: () => {}, uiUrl: () => undefined });
  try {
    await engine.takeInSpools();
    return await work({
      isRunningHost: false,
      store: engine.store,
      async call(name, value) {
        const reply = await engine.api.call(name, value);
        if (!reply.ok) throw new TrafficError(reply.code, reply.message);
        return reply.value;
      },
    });
  } finally {
    await engine.close({ graceMs: 0 });
  }
}
