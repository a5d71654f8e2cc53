/** The head of the page: what is wrong now, in words, and how policies are applied. */
import { Contrast, CircleMinus, Gauge, HeartPulse } from 'lucide-react';
import type { GatewayStatus, LimitsState, UpstreamState } from '../../../shared/model/gateway-state.ts';
import { counted } from '../../formats/size.ts';
import { openBreakerCount } from '../../state/open-breakers.ts';
import { refusingCount } from './limiter-words.ts';

interface LimitsHeadProps {
  readonly gateway: GatewayStatus;
  readonly upstreams: readonly UpstreamState[];
  readonly limits: LimitsState;
  readonly isConfigured: boolean;
}

const modes = {
  enforce: { word: 'Policies enforced', look: 'badge', title: 'What policies deny is refused' },
  shadow: { word: 'Policies in shadow', look: 'badge warn', title: 'What policies would deny is noted and passes' },
  off: { word: 'Policies off', look: 'badge warn', title: 'Policies are not evaluated' },
} as const;

export function LimitsHead({ gateway, upstreams, limits, isConfigured }: LimitsHeadProps) {
  const instances = upstreams.flatMap(upstream => upstream.instances);
  const open = openBreakerCount(upstreams);
  const halfOpen = instances.filter(({ breaker }) => breaker.word === 'half-open').length;
  const unhealthy = instances.filter(({ isHealthy, isDisabled }) => !isHealthy && !isDisabled).length;
  const refusing = refusingCount(limits.keys);
  const mode = modes[gateway.policyMode];
  return (
    <header className="page-head limits-head">
      <h1>Limits and upstreams</h1>
      {open > 0 && (
        <p className="error">
          <CircleMinus className="i" aria-hidden="true" />
          {counted(open, 'breaker')} open
        </p>
      )}
      {halfOpen > 0 && (
        <p className="warn">
          <Contrast className="i" aria-hidden="true" />
          {counted(halfOpen, 'breaker')} half-open
        </p>
      )}
      {unhealthy > 0 && (
        <p className="error">
          <HeartPulse className="i" aria-hidden="true" />
          {unhealthy} unhealthy
        </p>
      )}
      {refusing > 0 && (
        <p className="warn">
          <Gauge className="i" aria-hidden="true" />
          {counted(refusing, 'limit')} used up
        </p>
      )}
      <span className="grow" />
      {gateway.isDraining && <span className="badge warn">Draining: new requests are refused</span>}
      {isConfigured && (
        <span className={mode.look} title={mode.title}>
          {mode.word}
        </span>
      )}
    </header>
  );
}
