/** Calls about what the vault keeps: names go out, values only come in. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { actorOf } from '../publish/caller.ts';
import type { ApiDeps } from './api-deps.ts';
import type { CallHandlers } from './serve-calls.ts';

type SecretCalls = Pick<CallHandlers, 'secret.list' | 'secret.set' | 'secret.delete'>;

export function secretCalls({ gateway: { secrets } }: ApiDeps): SecretCalls {
  return {
    'secret.list': () => Promise.resolve(secrets.list()),
    'secret.set': async ({ name, value }, caller) => {
      await secrets.set({ name, value, actor: actorOf(caller) });
      return {};
    },
    'secret.delete': async ({ name }, caller) => {
      if (!(await secrets.delete({ name, actor: actorOf(caller) })))
        throw new TrafficError('NOT_FOUND', `The vault has no secret ${name}.`);
      return {};
    },
  };
}
