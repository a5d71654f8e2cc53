/** Why an instance gets less than its breaker allows: its health, its time out, its own wish, breakers of single tools. */
import { Clock, HeartPulse, Timer, Wrench } from 'lucide-react';
import type { InstanceState } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { Countdown } from './countdown.tsx';

export function InstanceNotices({ instance }: { readonly instance: InstanceState }) {
  const { isHealthy, healthReason, ejectedUntil, pausedUntil, tools } = instance;
  if (isHealthy && ejectedUntil === undefined && pausedUntil === undefined && tools.length === 0) return null;
  return (
    <ul className="notices">
      {!isHealthy && (
        <li className="error">
          <HeartPulse className="i s" aria-hidden="true" />
          <span>Unhealthy: {visibleText(healthReason)}</span>
        </li>
      )}
      {ejectedUntil !== undefined && (
        <li className="warn">
          <Timer className="i s" aria-hidden="true" />
          <span>
            Failed more than others, <Countdown until={ejectedUntil} before="left alone for" over="comes back now" />
          </span>
        </li>
      )}
      {pausedUntil !== undefined && (
        <li className="warn">
          <Clock className="i s" aria-hidden="true" />
          <span>
            Answered 429, <Countdown until={pausedUntil} before="paused for" over="goes on now" />
          </span>
        </li>
      )}
      {tools.map(({ tool, breaker }) => (
        <li key={tool} className={breaker.word === 'open' ? 'error' : 'warn'} title={visibleText(breaker.lastTripReason ?? '')}>
          <Wrench className="i s" aria-hidden="true" />
          <span>
            <b>{visibleText(tool)}</b> {breaker.word}
            {breaker.word === 'open' && breaker.reopensAt !== undefined && (
              <>
                , <Countdown until={breaker.reopensAt} before="reopens in" over="is tried now" />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
