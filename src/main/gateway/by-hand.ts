/** What people do to a running gateway is told as an event, so that the audit says who did it. */
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { Clock } from '../ports.ts';

/** Who asks: `window`, `command line`, `admin`. */
export interface ByHand {
  readonly actor: string;
}

/** Says who did what to which thing. An empty reason is none. */
export type Tell = (action: string, target: string, by: ByHand, reason?: string) => void;

export function tellByHand({ clock, emit }: { readonly clock: Clock; readonly emit: EmitEvent }): Tell {
  return (action, target, { actor }, reason = '') => {
    emit({ type: 'admin', at: clock.now(), action, target, actor, ...(reason === '' ? {} : { reason }) });
  };
}
