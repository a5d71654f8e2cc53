/** Secrets that a person puts into the vault or takes out of it. Nobody is told a value. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { TokenVault } from '../secrets/token-vault.ts';
import type { ByHand, Tell } from './by-hand.ts';

export function secretsByHand(vault: TokenVault, tell: Tell) {
  return {
    list: () => ({
      names: [...vault.names()],
      isPersistent: vault.isPersistent,
      ...(vault.problem === undefined ? {} : { problem: vault.problem }),
    }),
    async set({ name, value, actor }: ByHand & { readonly name: string; readonly value: string }): Promise<void> {
      try {
        await vault.write(name, value);
      } catch (cause) {
        throw notKept(name, cause);
      }
      tell('set secret', name, { actor });
    },
    async delete({ name, actor }: ByHand & { readonly name: string }): Promise<boolean> {
      let wasThere: boolean;
      try {
        wasThere = await vault.delete(name);
      } catch (cause) {
        throw notKept(name, cause);
      }
      if (wasThere) tell('delete secret', name, { actor });
      return wasThere;
    },
  };
}

function notKept(name: string, cause: unknown): TrafficError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new TrafficError('STORE_FAILED', `The vault did not take the change of ${name}. ${problem}`, { cause });
}
