/** The rows of the limiter keys. Only those in sight are drawn: all of them may change four times a second. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { LimiterKey } from '../../../shared/model/gateway-state.ts';
import { MEDIUM, NARROW, useMedia } from '../../ui/use-media.ts';
import { LimiterRow } from './limiter-row.tsx';

const heads = [
  ['l-tier', 'Tier'],
  ['l-key', 'Limit and key'],
  ['l-gauge', 'Bucket'],
  ['l-left num', 'Left'],
  ['l-reset', 'Refill'],
  ['l-flight num', 'In flight'],
  ['l-admitted num', 'Admitted'],
  ['l-refused num', 'Refused'],
  ['l-last', 'Last refused'],
] as const;

/** As limits.css draws them: one line, two, or three. */
const heights = { wide: 30, medium: 48, narrow: 68 } as const;

export function LimiterGrid({ keys }: { readonly keys: readonly LimiterKey[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const isMedium = useMedia(MEDIUM);
  const isNarrow = useMedia(NARROW);
  const height = heights[isNarrow ? 'narrow' : isMedium ? 'medium' : 'wide'];
  const virtual = useVirtualizer({
    count: keys.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  return (
    // The rows scroll within their box, so it must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={scroller} className="lim-scroll scroll-keys" role="region" aria-label="Limiter keys" tabIndex={0}>
      <div role="table" aria-label="Limiter keys" aria-rowcount={keys.length + 1}>
        <div role="rowgroup">
          <div className="lim head" role="row" aria-rowindex={1}>
            {heads.map(([name, title]) => (
              <span key={name} role="columnheader" className={name}>
                {title}
              </span>
            ))}
            <span role="columnheader" className="l-badge">
              <span className="sr">State</span>
            </span>
          </div>
        </div>
        <div className="lim-rows" role="rowgroup" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(item => {
            const limiter = keys[item.index];
            if (limiter === undefined) return null;
            return <LimiterRow key={`${limiter.limitId} ${limiter.key}`} limiter={limiter} index={item.index} top={item.start} />;
          })}
        </div>
      </div>
    </div>
  );
}
