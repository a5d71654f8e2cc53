/** The newest changes of state, newest first. */
import type { GatewayStatus } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { dayAndTime, shortMoment } from '../../formats/time.ts';
import { useNow, useWorkbench } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';
import { changeLook } from './change-look.ts';
import { changesFilter, showInLive } from './live-links.ts';
import { StateGlyph } from './state-glyph.tsx';

export function StateChanges({ changes }: { readonly changes: GatewayStatus['changes'] }) {
  const { window: store } = useWorkbench();
  const now = useNow(false);
  return (
    <section className="card changes" aria-labelledby="state-changes">
      <header className="card-head">
        <h2 id="state-changes">State changes</h2>
        <p className="clip">newest first; those of upstreams are rows in Live as well</p>
        <span className="grow" />
        <button type="button" className="link" onClick={() => showInLive(store, changesFilter)}>
          Show in Live
        </button>
      </header>
      {changes.length === 0 ? (
        <p className="card-empty">Nothing has changed since the host started.</p>
      ) : (
        // The list scrolls within its box, so it must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <ol className="change-list scroll-keys" aria-labelledby="state-changes" tabIndex={0}>
          {changes.map((change, index) => {
            const { word, glyph, tone } = changeLook(change);
            return (
              // The same thing may happen twice in one millisecond; nothing in a row has a state of its own.
              // oxlint-disable-next-line react/no-array-index-key
              <li key={`${change.at} ${index}`} className="change">
                <time className="second" dateTime={new Date(change.at).toISOString()} title={dayAndTime(change.at)}>
                  {shortMoment(change.at, now)}
                </time>
                <span className={tone}>
                  <StateGlyph glyph={glyph} isSmall />
                </span>
                <span className={cn('c-word', tone)}>{word}</span>
                <b className="clip" title={visibleText(change.subject)}>
                  {visibleText(change.subject)}
                </b>
                <span className="c-text second">{visibleText(change.text)}</span>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
