/** The head of a detail: method and target, status, facts, and one sentence when something was not as it should be. */
import { ArrowRight, CircleAlert, PanelBottom, PanelRight, X } from 'lucide-react';
import type { ExchangeDetail } from '../../../../shared/contract/calls.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { bytes } from '../../../formats/size.ts';
import { clockTime, dayAndTime, duration, running } from '../../../formats/time.ts';
import { statusLook } from '../../../state/status-look.ts';
import { token } from '../../../state/filter-text.ts';
import { useAct, useNow, usePreferences, useWorkbench } from '../../../state/use-workbench.ts';
import { sameTargetSentence, whatHappened } from '../../../state/what-happened.ts';
import { cn } from '../../../ui/cn.ts';
import { IconButton } from '../../../ui/icon-button.tsx';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';

export function DetailHead({ detail }: { readonly detail: ExchangeDetail }) {
  const { window: store } = useWorkbench();
  const { exchange, session } = detail;
  const look = statusLook(exchange);
  const isPending = exchange.status === 'pending';
  const now = useNow(isPending);
  return (
    <header className="detail-head">
      <div className="line">
        <h2 title={visibleText(exchange.target ?? '')}>
          <span>{visibleText(exchange.method || exchange.kind)}</span> {visibleText(exchange.target ?? '')}
        </h2>
        {/* What happened to a server, or what it wrote, is no call that could go well. */}
        {exchange.kind !== 'lifecycle' && exchange.kind !== 'stderr' && (
          <span className={cn('badge', look.tone)}>
            <StatusGlyph glyph={look.glyph} />
            {look.word}
          </span>
        )}
        <span className="grow" />
        <DockButton />
        <IconButton icon={X} label="Close the detail" keys="Esc" onClick={() => store.closeDetail()} />
      </div>
      <div className="facts">
        <b className="peers">
          {visibleText(exchange.direction === 'fromClient' ? exchange.clientName : exchange.serverName)}
          <ArrowRight className="i s" role="img" aria-label="to" />
          {visibleText(exchange.direction === 'fromClient' ? exchange.serverName : exchange.clientName)}
        </b>
        <span title={dayAndTime(exchange.startedAt)}>{clockTime(exchange.startedAt)}</span>
        {isPending ? (
          <b>{running(now - exchange.startedAt)}</b>
        ) : (
          exchange.durationMs !== undefined && <b>{duration(exchange.durationMs)}</b>
        )}
        <span>
          {bytes(exchange.requestBytes)} → {bytes(exchange.responseBytes)}
        </span>
        {exchange.idText !== undefined && (
          <span>
            id <b>{visibleText(exchange.idText)}</b>
          </span>
        )}
        <span>#{exchange.id}</span>
        <span>
          {exchange.transport}
          {session.protocolVersion !== undefined && ` · ${visibleText(session.protocolVersion)}`}
        </span>
      </div>
      <Why detail={detail} />
    </header>
  );
}

function Why({ detail }: { readonly detail: ExchangeDetail }) {
  const { window: store } = useWorkbench();
  const { exchange, sameTarget } = detail;
  const what = whatHappened(exchange);
  if (what === undefined) return null;
  const repeated = exchange.status === 'tool-error' || exchange.status === 'error' ? sameTargetSentence(sameTarget) : undefined;
  const showAll = () =>
    store.setFilter(
      [
        token('server', exchange.serverName),
        exchange.method === 'tools/call' && exchange.target !== undefined
          ? token('tool', exchange.target)
          : token('method', exchange.method),
      ].join(' '),
    );
  return (
    <div className={cn('why', what.tone)}>
      <CircleAlert className="i" aria-hidden="true" />
      <p>
        {visibleText(what.sentence)}
        {repeated !== undefined && (
          <>
            {' '}
            {repeated}{' '}
            <button type="button" className="link" onClick={showAll}>
              Show them all
            </button>
          </>
        )}
      </p>
    </div>
  );
}

function DockButton() {
  const { preferences } = useWorkbench();
  const act = useAct();
  const { detailDock } = usePreferences();
  const isBelow = detailDock === 'bottom';
  return (
    <IconButton
      icon={isBelow ? PanelRight : PanelBottom}
      label={isBelow ? 'Detail beside the table' : 'Detail below the table'}
      className="dock"
      onClick={() => act(() => preferences.set({ detailDock: isBelow ? 'right' : 'bottom' }))}
    />
  );
}
