/** One upstream with its instances, troubled first. */
import type { CSSProperties } from 'react';
import type { UpstreamState } from '../../../shared/model/gateway-state.ts';
import { count, counted } from '../../formats/size.ts';
import { cn } from '../../ui/cn.ts';
import { InstanceBlock } from './instance-block.tsx';
import type { BreakerWish } from './use-breakers.ts';

interface UpstreamCardProps {
  readonly upstream: UpstreamState;
  readonly isConnected: boolean;
  readonly onWish: (wish: BreakerWish) => void;
}

export function UpstreamCard({ upstream, isConnected, onWish }: UpstreamCardProps) {
  const { name, balance, instances, queued, maxConcurrent, maxQueue, rejectedCount, retryCount } = upstream;
  const inFlight = instances.reduce((sum, instance) => sum + instance.inFlight, 0);
  const isOpen = instances.some(({ breaker, isDisabled }) => breaker.word === 'open' && !isDisabled);
  return (
    <article
      className={cn('card upstream', isOpen && 'is-open')}
      style={{ '--instances': Math.min(4, instances.length) } as CSSProperties}
      aria-labelledby={`upstream-${name}`}
    >
      <header>
        <h2 id={`upstream-${name}`} className="clip">
          {name}
        </h2>
        <span className="quiet clip">
          {balance}, {counted(instances.length, 'instance')}
        </span>
        <ul className="upstream-load">
          <li title="Calls under way, over all its instances, and how many may be at once">
            {count(inFlight)} of {count(maxConcurrent)} at once
          </li>
          <li className={cn(queued > 0 && 'warn')} title="Calls that wait for a place">
            queue {count(queued)} of {count(maxQueue)}
          </li>
          <li className={cn(rejectedCount > 0 && 'warn')} title="Calls that found no instance or no place to wait">
            {count(rejectedCount)} rejected
          </li>
          <li>{counted(retryCount, 'retry', 'retries')}</li>
        </ul>
      </header>
      <div className="instances">
        {instances.map(instance => (
          <InstanceBlock key={instance.id} upstream={upstream} instance={instance} isConnected={isConnected} onWish={onWish} />
        ))}
      </div>
    </article>
  );
}
