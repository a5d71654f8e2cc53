/** What belongs to an exchange: its frames, its handshake, retries, what cancelled it, the same call before and after. */
import type { ExchangeDetail } from '../../../../shared/contract/calls.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { clockTime, duration } from '../../../formats/time.ts';
import { statusLook } from '../../../state/status-look.ts';
import { useAct, useWorkbench } from '../../../state/use-workbench.ts';
import { sameTargetSentence } from '../../../state/what-happened.ts';
import { cn } from '../../../ui/cn.ts';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';
import { tableEvents } from '../table-events.ts';
import { FrameList } from './timing-tab.tsx';

type Relation = ExchangeDetail['related'][number]['relation'];

const words: Readonly<Record<Relation, string>> = {
  handshake: 'Handshake of the session',
  'first-leg': 'First leg of this call',
  retry: 'Retry of this call',
  'same-target': 'Same method and target',
  'cancelled-by': 'Cancelled by',
  'caused-by': 'Caused by',
};

export function RelatedTab({ detail }: { readonly detail: ExchangeDetail }) {
  const { window: store, timeline } = useWorkbench();
  const act = useAct();
  const { frames, related, session, exchange, sameTarget } = detail;
  const start = frames[0]?.at ?? exchange.startedAt;
  const goTo = (id: number) =>
    act(async () => {
      const index = await timeline.indexOf(id);
      if (index < 0) return void store.toast('That row is not among those shown: widen the filter or the scope.');
      tableEvents.reveal(index, false);
      store.select(id, index);
    });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="related scroll-keys" tabIndex={0} role="region" aria-label="Related">
      {sameTargetSentence(sameTarget) !== undefined && <p className="second">{sameTargetSentence(sameTarget)}</p>}
      <h3>Frames of this exchange</h3>
      <FrameList frames={frames} start={start} totalMs={Math.max(0.001, (frames.at(-1)?.at ?? start) - start)} />
      {related.length > 0 && <h3>Other rows</h3>}
      <ul className="related-list">
        {related.map(({ relation, exchange: other }) => {
          const look = statusLook(other);
          return (
            <li key={`${relation} ${other.id}`}>
              <button type="button" onClick={() => goTo(other.id)}>
                <span className="quiet">{words[relation]}</span>
                <span className="clip">
                  {visibleText(other.method)} <b>{visibleText(other.target ?? '')}</b>
                </span>
                <span className={cn('c-status', look.tone)}>
                  <StatusGlyph glyph={look.glyph} />
                  {look.word}
                </span>
                <span className="num quiet">{other.durationMs === undefined ? '' : duration(other.durationMs)}</span>
                <span className="quiet">{clockTime(other.startedAt)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <h3>Session</h3>
      <p className="second">
        {visibleText(`${session.clientName} → ${session.serverName}`)}
        {session.upstream !== '' && <span className="mono"> {visibleText(session.upstream)}</span>}
      </p>
      <button
        type="button"
        className="btn"
        onClick={() =>
          store.setScope({
            kind: 'session',
            sessionId: session.id,
            label: session.name === '' ? `${session.clientName} → ${session.serverName}` : session.name,
          })
        }
      >
        Show only this session
      </button>
    </div>
  );
}
