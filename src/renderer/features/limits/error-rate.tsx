/** The breaker's window drawn: how much of its calls failed, against the line at which it opens. */
import { useMemo } from 'react';
import type { BreakerState } from '../../../shared/model/gateway-state.ts';
import { counted } from '../../formats/size.ts';
import { cn } from '../../ui/cn.ts';
import { HEIGHT, sparkline, WIDTH } from './sparkline.ts';

export function ErrorRate({ breaker }: { readonly breaker: BreakerState }) {
  const drawn = useMemo(() => sparkline(breaker), [breaker]);
  const { callCount, failureCount, thresholdY, isOver } = drawn;
  const trips = `trips at ${percent(breaker.threshold)}`;
  const now = callCount === 0 ? 'no calls lately' : `${percent(failureCount / callCount)} of ${counted(callCount, 'call')} failed`;
  return (
    <div className="spark" role="img" aria-label={`Error rate: ${now}; ${trips}`}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path className={cn('area', isOver && 'over')} d={drawn.area} />
        <path className="base" d={`M0 ${drawn.base}H${WIDTH}`} />
        {callCount > 0 && <path className={cn('line', isOver && 'over')} d={drawn.line} />}
        {drawn.marks.map(({ x, width }) => (
          <rect key={x} className="had-calls" x={x} y={drawn.base + 2} width={width} height="2" />
        ))}
        <path className="threshold" d={`M0 ${thresholdY}H${WIDTH}`} />
      </svg>
      <span className="cap trips" style={{ top: `${Math.max(0, (thresholdY / HEIGHT) * 100)}%` }}>
        {trips}
      </span>
      <span className="cap now">{now}</span>
    </div>
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
