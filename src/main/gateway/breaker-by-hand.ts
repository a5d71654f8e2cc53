/** Breakers that a person moves. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ByHand } from './by-hand.ts';
import type { Gateway } from './gateway.ts';

export interface BreakerChange extends ByHand {
  readonly upstream: string;
  readonly instance: string;
  /** `rejoin` takes an isolation back. */
  readonly action: 'trip' | 'reset' | 'isolate' | 'rejoin';
}

/** NOT_FOUND for what the configuration does not have. */
export function setBreaker(gateway: Pick<Gateway, 'upstreams'>, { upstream, instance, action, actor }: BreakerChange): void {
  const found = gateway.upstreams.named(upstream);
  const isDone =
    action === 'trip'
      ? found.trip(instance, `tripped by hand (${actor})`)
      : action === 'reset'
        ? found.reset(instance)
        : found.isolate(instance, action === 'isolate');
  if (!isDone) throw new TrafficError('NOT_FOUND', `The upstream ${upstream} has no instance ${instance}.`);
}
