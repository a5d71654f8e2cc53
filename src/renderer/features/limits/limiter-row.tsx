/** One limiter key: what is left, when it is as new, and what it let through. Drawn again only when one of its numbers changed. */
import { Gauge } from 'lucide-react';
import { memo, type CSSProperties } from 'react';
import type { LimiterKey } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { count } from '../../formats/size.ts';
import { shortMoment } from '../../formats/time.ts';
import { useNow } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';
import { algorithmWords, fillOf, isUsedUp, leftWords, resetWords, shareLeft } from './limiter-words.ts';

interface LimiterRowProps {
  readonly limiter: LimiterKey;
  readonly index: number;
  readonly top: number;
}

export const LimiterRow = memo(Row, (before, after) => {
  return before.index === after.index && before.top === after.top && isSame(before.limiter, after.limiter);
});

function Row({ limiter, index, top }: LimiterRowProps) {
  const { tier, limitId, key, mode, admittedCount, refusedCount, lastRefusedAt, inFlight, maxInFlight } = limiter;
  const fill = fillOf(limiter);
  const now = useNow(false);
  const share = shareLeft(limiter);
  return (
    <div className="lim" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" className="l-tier second">
        {tier}
      </span>
      <span role="cell" className="l-key" title={`${limitId}, ${algorithmWords(limiter)}: ${visibleText(key)}`}>
        <b className="clip">{limitId}</b> <span className="quiet clip">{visibleText(key)}</span>
      </span>
      <span role="cell" className="l-gauge">
        <span
          className={cn('gauge', fill)}
          role="meter"
          aria-label={`Left of ${limitId} for ${visibleText(key)}`}
          aria-valuenow={share}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuetext={leftWords(limiter)}
        >
          <i style={{ '--left': share } as CSSProperties} />
        </span>
      </span>
      <span role="cell" className={cn('l-left num', fill !== 'some' && 'warn')}>
        {leftWords(limiter)}
      </span>
      <span role="cell" className="l-reset">
        {resetWords(limiter)}
      </span>
      <Cell name="l-flight num" label="in flight">
        {maxInFlight === undefined ? count(inFlight) : `${count(inFlight)} / ${count(maxInFlight)}`}
      </Cell>
      <Cell name="l-admitted num" label="admitted">
        {count(admittedCount)}
      </Cell>
      <Cell
        name={cn('l-refused num', refusedCount > 0 && mode === 'enforce' && 'warn')}
        label={mode === 'enforce' ? 'refused' : 'would refuse'}
      >
        {count(refusedCount)}
      </Cell>
      <Cell name="l-last" label="last">
        {lastRefusedAt === undefined ? '–' : shortMoment(lastRefusedAt, now)}
      </Cell>
      <span role="cell" className="l-badge">
        {mode !== 'enforce' ? (
          <span className="badge">{mode}</span>
        ) : (
          isUsedUp(limiter) && (
            <span className="badge warn">
              <Gauge className="i s" aria-hidden="true" />
              used up
            </span>
          )
        )}
      </span>
    </div>
  );
}

/** Where there is no room for a head over the columns, the cell says what it holds. */
function Cell({ name, label, children }: { readonly name: string; readonly label: string; readonly children: string }) {
  return (
    <span role="cell" className={name}>
      <span className="l-label">{label} </span>
      {children}
    </span>
  );
}

function isSame(one: LimiterKey, other: LimiterKey): boolean {
  const names = Object.keys(other) as (keyof LimiterKey)[];
  return names.length === Object.keys(one).length && names.every(name => one[name] === other[name]);
}
