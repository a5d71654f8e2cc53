/** One instance of an upstream: its state first, then how it came to that, and what a person can do about it. */
import type { InstanceState, UpstreamState } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { counted } from '../../formats/size.ts';
import { cn } from '../../ui/cn.ts';
import { BreakerButtons } from './breaker-buttons.tsx';
import { ErrorRate } from './error-rate.tsx';
import { InstanceFigures } from './instance-figures.tsx';
import { InstanceNotices } from './instance-notices.tsx';
import { LastTrip } from './last-trip.tsx';
import { StateGlyph } from './state-glyph.tsx';
import { StateWords } from './state-words.tsx';
import { instanceLook } from './trouble.ts';
import type { BreakerWish } from './use-breakers.ts';

interface InstanceBlockProps {
  readonly upstream: UpstreamState;
  readonly instance: InstanceState;
  readonly isConnected: boolean;
  readonly onWish: (wish: BreakerWish) => void;
}

export function InstanceBlock({ upstream, instance, isConnected, onWish }: InstanceBlockProps) {
  const { word, glyph, tone } = instanceLook(instance);
  return (
    <section className="instance" aria-label={`${upstream.name}/${instance.id}, ${word}`}>
      <div className={cn('instance-state', tone)}>
        <StateGlyph glyph={glyph} />
        {word}
        <span className="then clip">
          <StateWords instance={instance} />
        </span>
      </div>
      <p className="instance-address clip" title={visibleText(instance.address)}>
        <b>{instance.id}</b> <span className="quiet">{visibleText(instance.address)}</span>
      </p>
      <p className="quiet instance-lines">{linesOf(instance)}</p>
      <ErrorRate breaker={instance.breaker} />
      <InstanceFigures instance={instance} />
      <InstanceNotices instance={instance} />
      <div className="instance-foot">
        <LastTrip server={upstream.name} breaker={instance.breaker} />
        <BreakerButtons upstream={upstream} instance={instance} isConnected={isConnected} onWish={onWish} />
      </div>
    </section>
  );
}

function linesOf({ transport, connections, childCount, maxChildren }: InstanceState): string {
  if (transport === 'stdio')
    return `stdio · ${counted(childCount, 'process', 'processes')}${maxChildren === undefined ? '' : ` of ${maxChildren}`}`;
  const idle = connections.idle === 0 ? '' : `, ${connections.idle} idle`;
  return `${transport === 'http-sse' ? 'HTTP+SSE' : 'Streamable HTTP'} · ${counted(connections.open, 'connection')}${idle}`;
}
