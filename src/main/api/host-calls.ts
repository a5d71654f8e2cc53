/** Calls about the host itself: information, recording, listeners, the sample, preferences. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Caller } from '../publish/caller.ts';
import type { ApiDeps } from './api-deps.ts';
import type { CallHandlers } from './serve-calls.ts';

type HostCalls = Pick<
  CallHandlers,
  | 'host.info'
  | 'host.doctor'
  | 'host.stop'
  | 'host.uiUrl'
  | 'host.showWindow'
  | 'recording.set'
  | 'listener.open'
  | 'listener.close'
  | 'sample.play'
  | 'sample.stop'
  | 'preferences.get'
  | 'preferences.set'
>;

export function hostCalls(deps: ApiDeps): HostCalls {
  const mustAdminister = (caller: Caller) => {
    if (!caller.canAdminister) throw new TrafficError('NOT_ALLOWED', 'Only the command line of this host may do that.');
  };
  return {
    'host.info': () => Promise.resolve(deps.host.info()),
    'host.doctor': async () => ({ checks: [...(await deps.host.doctor())] }),
    'host.stop': (_input, caller) => {
      mustAdminister(caller);
      deps.host.stop();
      return Promise.resolve({});
    },
    'host.uiUrl': async (_input, caller) => {
      mustAdminister(caller);
      return Promise.resolve({ url: deps.host.uiUrl() });
    },
    'host.showWindow': (_input, caller) => {
      mustAdminister(caller);
      deps.host.showWindow();
      return Promise.resolve({});
    },
    'recording.set': ({ isOn }) => {
      deps.recording.setOn(isOn);
      deps.board.touch();
      return Promise.resolve(deps.recording.state());
    },
    'listener.open': async (input, caller) => {
      const listener = await deps.listeners.open(input);
      if (caller.signal.aborted) {
        await deps.listeners.close(listener.id);
        throw new TrafficError('CANCELLED', 'The connection closed before the listener was open.');
      }
      // The listener belongs to the connection: `shadowcat proxy` ends with its Ctrl-C, a window with its tab.
      caller.onClose(() => {
        deps.listeners
          .close(listener.id)
          .catch((error: unknown) => deps.log.warn('A listener did not close cleanly', { listener: listener.id, error: String(error) }));
      });
      deps.board.touch();
      return listener;
    },
    'listener.close': async ({ id }) => {
      await deps.listeners.close(id);
      deps.board.touch();
      return {};
    },
    'sample.play': async () => ({ sessionIds: [...(await deps.sample.play())] }),
    'sample.stop': () => {
      deps.sample.stop();
      return Promise.resolve({});
    },
    'preferences.get': () => Promise.resolve(deps.preferences.get()),
    'preferences.set': change => deps.preferences.set(dropUndefined(change)),
  };
}

/** With exact optional types an absent key and an undefined value differ; a change must not carry the latter. */
function dropUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
