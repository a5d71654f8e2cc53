/** The length of a row's time, on a scale of powers of ten: waiting for the first byte and receiving drawn apart. */
import type { CSSProperties } from 'react';
import type { ExchangeSummary } from '../../../shared/model/exchange.ts';
import { duration } from '../../formats/time.ts';
import { barLength, statusLook } from '../../state/status-look.ts';
import { useNow } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';

export function DurationBar({ exchange }: { readonly exchange: ExchangeSummary }) {
  const isPending = exchange.status === 'pending';
  const now = useNow(isPending);
  const ms = isPending ? Math.max(0, now - exchange.startedAt) : exchange.durationMs;
  if (ms === undefined) return exchange.status === 'open' ? <i className="bar pending" style={{ width: '100%' }} /> : null;
  const { firstByteMs } = exchange;
  const waited = firstByteMs === undefined || isPending ? 1 : Math.min(1, barLength(firstByteMs) / barLength(ms));
  const { tone } = statusLook(exchange);
  return (
    <i
      className={cn('bar', isPending && 'pending', tone === 'error' && 'error', tone === 'warn' && 'warn')}
      style={{ width: `${barLength(ms) * 100}%`, '--waited': `${waited * 100}%` } as CSSProperties}
      title={firstByteMs === undefined ? duration(ms) : `${duration(firstByteMs)} to the first byte, ${duration(ms)} in all`}
    />
  );
}
