/** What the state of an instance means for the next calls. */
import type { InstanceState } from '../../../shared/model/gateway-state.ts';
import { shortMoment } from '../../formats/time.ts';
import { useNow } from '../../state/use-workbench.ts';
import { Countdown } from './countdown.tsx';
import { ordinal } from './time-words.ts';

export function StateWords({ instance }: { readonly instance: InstanceState }) {
  const now = useNow(false);
  const { breaker, isDisabled, effectiveWeight, weight } = instance;
  if (isDisabled) return 'by the configuration';
  switch (breaker.word) {
    case 'open': {
      const { reopensAt, consecutiveOpens } = breaker;
      return (
        <>
          {reopensAt === undefined ? 'lets nothing pass' : <Countdown until={reopensAt} before="reopens in" over="is probed now" />}
          {consecutiveOpens > 1 && `, ${ordinal(consecutiveOpens)} time`}
        </>
      );
    }
    case 'half-open':
      return 'one call at a time';
    case 'isolated':
      return `since ${shortMoment(breaker.since, now)}`;
    case 'closed':
      if (weight === 0) return 'gets no new calls';
      return effectiveWeight > 0 && effectiveWeight < weight ? `${Math.round((effectiveWeight / weight) * 100)} % of its weight` : '';
  }
}
