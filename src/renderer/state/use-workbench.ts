/** The workbench in React: one context, and hooks that read a store without copying it. */
import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import type { CallInput, CallName, CallOutput } from '../../shared/contract/calls.ts';
import type { TopicMessage, TopicName, TopicParams } from '../../shared/contract/topics.ts';
import type { UpstreamState } from '../../shared/model/gateway-state.ts';
import type { HostInfo, HostStatus } from '../../shared/model/host.ts';
import type { Preferences } from '../../shared/model/preferences.ts';
import type { HostClient } from '../host/host-client.ts';
import type { WireState } from '../host/wire-state.ts';
import { openBreakerCount } from './open-breakers.ts';
import { ticker } from './ticker.ts';
import type { WindowState } from './window-store.ts';
import type { Workbench } from './workbench.ts';

export const WorkbenchContext = createContext<Workbench | undefined>(undefined);

export function useWorkbench(): Workbench {
  const value = useContext(WorkbenchContext);
  if (value === undefined) throw new Error('No workbench around this component');
  return value;
}

export function useWindow<T>(select: (state: WindowState) => T): T {
  return useStore(useWorkbench().window, select);
}

export function usePreferences(): Preferences {
  const { preferences } = useWorkbench();
  return useSyncExternalStore(preferences.subscribe, preferences.get);
}

export function useStatus(): HostStatus | undefined {
  const { status } = useWorkbench();
  return useSyncExternalStore(status.subscribe, status.get);
}

/** Instances behind the gateway; undefined until the host told. */
export function useUpstreams(): readonly UpstreamState[] | undefined {
  const { upstreams } = useWorkbench();
  return useSyncExternalStore(upstreams.subscribe, upstreams.get)?.upstreams;
}

/** Draws again only when the number changes. */
export function useOpenBreakerCount(): number {
  const { upstreams } = useWorkbench();
  return useSyncExternalStore(upstreams.subscribe, () => openBreakerCount(upstreams.get()?.upstreams ?? []));
}

export function useWireState(): WireState {
  const { host } = useWorkbench();
  return useSyncExternalStore(
    useCallback(listener => host.onState(listener), [host]),
    () => host.state,
  );
}

/** Last messages of topics by host, so that a page that is opened again begins with what was known, even when the host is gone. */
const lastMessages = new WeakMap<HostClient, Map<string, unknown>>();

/** The latest message of a topic that only some page shows: followed while the component is there. Undefined until the first message. */
export function useTopic<N extends TopicName>(topic: N, params: TopicParams<N>): TopicMessage<N> | undefined {
  const { host } = useWorkbench();
  const key = `${topic} ${JSON.stringify(params)}`;
  const [message, setMessage] = useState(() => lastMessages.get(host)?.get(key) as TopicMessage<N> | undefined);
  useEffect(
    () =>
      host.follow(topic, params, next => {
        const known = lastMessages.get(host) ?? new Map<string, unknown>();
        lastMessages.set(host, known.set(key, next));
        setMessage(next);
      }),
    // The key stands for the params.
    // oxlint-disable-next-line react/exhaustive-deps
    [host, topic, key],
  );
  return message;
}

/** The shared clock of everything that counts up; `isRunning` false costs nothing. */
export function useNow(isRunning: boolean): number {
  return useSyncExternalStore(isRunning ? ticker.subscribe : neverChanges, ticker.now);
}

const neverChanges = () => () => {};

export type Asked<T> =
  | { readonly kind: 'waiting'; readonly value?: T }
  | { readonly kind: 'here'; readonly value: T }
  | { readonly kind: 'failed'; readonly message: string; readonly value?: T };

/**
 * Asks the host once per key. The last answer stays while a newer question is on its way, so nothing flickers.
 * An undefined key asks nothing.
 */
export function useCall<N extends CallName>(name: N, input: CallInput<N>, key: string | undefined): Asked<CallOutput<N>> {
  const { host } = useWorkbench();
  const wire = useWireState();
  const [asked, setAsked] = useState<Asked<CallOutput<N>>>({ kind: 'waiting' });
  const isConnected = wire.kind === 'connected';
  useEffect(() => {
    if (key === undefined || !isConnected) return;
    let isCurrent = true;
    host.call(name, input).then(
      value => isCurrent && setAsked({ kind: 'here', value }),
      (error: unknown) =>
        isCurrent &&
        setAsked(before => ({
          kind: 'failed',
          message: error instanceof Error ? error.message : String(error),
          ...(before.value === undefined ? {} : { value: before.value }),
        })),
    );
    return () => {
      isCurrent = false;
    };
    // The key stands for the input.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [host, name, key, isConnected]);
  return asked;
}

/** What the host tells of itself; asked again after a reconnect, for another host may have come back. */
export function useHostInfo(): HostInfo | undefined {
  const wire = useWireState();
  return useCall('host.info', {}, wire.kind).value;
}

/** Runs something of the host's and tells a person when it fails. */
export function useAct(): (what: () => Promise<unknown>) => void {
  const { window } = useWorkbench();
  return useCallback(
    what => {
      what().catch((error: unknown) => window.toast(error instanceof Error ? error.message : String(error), { tone: 'error' }));
    },
    [window],
  );
}
