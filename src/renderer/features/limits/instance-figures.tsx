/** The numbers of one instance. */
import type { ReactNode } from 'react';
import { TriangleAlert } from 'lucide-react';
import type { InstanceState } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { count } from '../../formats/size.ts';
import { duration } from '../../formats/time.ts';
import { cn } from '../../ui/cn.ts';

export function InstanceFigures({ instance }: { readonly instance: InstanceState }) {
  const { isHealthy, healthReason, inFlight, openStreams, weight, effectiveWeight, breaker, latencyMs, callCount, failureCount } = instance;
  return (
    <dl className="figures">
      <Figure label="In flight">{count(inFlight)}</Figure>
      <Figure label="Streams">{count(openStreams)}</Figure>
      <Figure label="Weight" title="What it is given now, of its weight in the configuration" isWarn={effectiveWeight < weight}>
        {weightWords(effectiveWeight, weight)}
      </Figure>
      <Figure label="Health" title={visibleText(healthReason)} isError={!isHealthy}>
        {!isHealthy && <TriangleAlert className="i s" aria-hidden="true" />}
        {isHealthy ? 'up' : 'down'}
      </Figure>
      <Figure label="Latency" title="Moving average of its answers">
        {latencyMs === undefined ? '–' : duration(latencyMs)}
      </Figure>
      <Figure label="Calls">{count(callCount)}</Figure>
      <Figure label="Failed">{count(failureCount)}</Figure>
      <Figure label="In a row" title="Failures in a row" isWarn={breaker.consecutiveFailures > 0}>
        {count(breaker.consecutiveFailures)}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  readonly label: string;
  readonly title?: string;
  readonly isWarn?: boolean;
  readonly isError?: boolean;
  readonly children: ReactNode;
}

function Figure({ label, title, isWarn = false, isError = false, children }: FigureProps) {
  return (
    <div title={title}>
      <dt>{label}</dt>
      <dd className={cn(isError ? 'error' : isWarn && 'warn')}>{children}</dd>
    </div>
  );
}

/** 5, or 0.5 of 5 while it is given less. */
function weightWords(effective: number, weight: number): string {
  const now = Math.round(effective * 100) / 100;
  return now === weight ? count(weight) : `${count(now)} of ${count(weight)}`;
}
