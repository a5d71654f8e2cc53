/** Moves breakers by hand: asks first where traffic will be refused, then does it, and offers the way back. */
import { useState } from 'react';
import type { CallInput } from '../../../shared/contract/calls.ts';
import type { InstanceState, UpstreamState } from '../../../shared/model/gateway-state.ts';
import { useAct, useWorkbench } from '../../state/use-workbench.ts';

export type BreakerAction = CallInput<'breaker.set'>['action'];

export interface BreakerWish {
  readonly upstream: UpstreamState;
  readonly instance: InstanceState;
  readonly action: BreakerAction;
}

const UNDO_MS = 10_000;

const done: Readonly<Record<BreakerAction, string>> = {
  trip: 'Tripped',
  reset: 'Reset',
  isolate: 'Isolated',
  rejoin: 'Rejoined',
};
const wayBack: Partial<Readonly<Record<BreakerAction, BreakerAction>>> = { trip: 'reset', isolate: 'rejoin' };

export interface Breakers {
  /** What waits for a yes. */
  readonly asked: BreakerWish | undefined;
  readonly wish: (wish: BreakerWish) => void;
  readonly confirm: () => void;
  readonly cancel: () => void;
}

export function useBreakers(): Breakers {
  const { host, window: store } = useWorkbench();
  const act = useAct();
  const [asked, setAsked] = useState<BreakerWish>();

  const set = (upstream: string, instance: string, action: BreakerAction) =>
    act(async () => {
      await host.call('breaker.set', { upstream, instance, action });
      const back = wayBack[action];
      const label = back === 'reset' ? 'Reset' : 'Rejoin';
      store.toast(
        `${done[action]} ${upstream}/${instance}.`,
        back === undefined ? {} : { forMs: UNDO_MS, action: { label, run: () => set(upstream, instance, back) } },
      );
    });
  const run = ({ upstream, instance, action }: BreakerWish) => set(upstream.name, instance.id, action);

  return {
    asked,
    wish: wish => (wish.action === 'trip' || wish.action === 'isolate' ? setAsked(wish) : run(wish)),
    confirm() {
      setAsked(undefined);
      if (asked !== undefined) run(asked);
    },
    cancel: () => setAsked(undefined),
  };
}
