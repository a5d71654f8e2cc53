/** The detail of an exchange: header, sentence, tabs over request and response. */
import { memo } from 'react';
import { useShortcut } from '../../../state/use-shortcut.ts';
import { policyFrom } from '../../../state/policy-from.ts';
import { useAct, useWindow, useWorkbench } from '../../../state/use-workbench.ts';
import type { ExchangeDetail } from '../../../../shared/contract/calls.ts';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { cn } from '../../../ui/cn.ts';
import { DetailHead } from './detail-head.tsx';
import { DetailTabs, type TabEntry } from './detail-tabs.tsx';
import { HeadersView } from './headers-view.tsx';
import { PayloadSide } from './payload-side.tsx';
import { decisionCount, PolicyTab } from './policy-tab.tsx';
import { RelatedTab } from './related-tab.tsx';
import { TimingTab } from './timing-tab.tsx';

const usualTabs: readonly TabEntry[] = [
  { id: 'tree', title: 'Tree' },
  { id: 'raw', title: 'Raw' },
  { id: 'headers', title: 'Headers' },
  { id: 'timing', title: 'Timing' },
  { id: 'related', title: 'Related' },
];
/** Only where a gateway decided something. */
const guardedTabs: readonly TabEntry[] = [...usualTabs, { id: 'policy', title: 'Policy' }];

/** Drawn again only for another answer of the host, not with every row that arrives. */
export const ExchangeDetailView = memo(function ExchangeDetailView({ detail }: { readonly detail: ExchangeDetail }) {
  const { window: store, policies } = useWorkbench();
  const act = useAct();
  const wanted = useWindow(state => state.tab);
  const frameAt = useWindow(state => state.frameAt);
  const { frames } = detail;
  const decisions = decisionCount(frames);
  const tabs = decisions === 0 ? usualTabs : guardedTabs;
  const tab = tabs.some(({ id }) => id === wanted) ? wanted : 'tree';
  const step = (by: number) => {
    const from = frameAt ?? (by > 0 ? -1 : frames.length);
    store.setFrameAt(Math.min(Math.max(from + by, 0), frames.length - 1));
  };
  useShortcut('nextFrame', () => step(1), { isEnabled: frames.length > 0 });
  useShortcut('previousFrame', () => step(-1), { isEnabled: frames.length > 0 });
  useShortcut('tabs', event => {
    const picked = tabs[Number(event.key) - 1];
    if (picked !== undefined) store.setTab(picked.id);
  });

  const makePolicy = () =>
    act(async () => {
      await policies.add(policyFrom(detail.exchange));
      store.goTo('policies');
    });

  const related = detail.related.length + (frames.length > 2 ? frames.length : 0);
  return (
    <section className="detail" aria-label="Detail">
      <DetailHead detail={detail} />
      <DetailTabs tabs={tabs} counts={{ related, policy: decisions }} />
      <div className="tab-body" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        {tab === 'timing' && <TimingTab detail={detail} />}
        {tab === 'related' && <RelatedTab detail={detail} />}
        {tab === 'policy' && <PolicyTab frames={frames} onMakePolicy={isClientRequest(detail) ? makePolicy : undefined} />}
        {(tab === 'tree' || tab === 'raw') && <PayloadSides detail={detail} view={tab} frameAt={frameAt} />}
        {tab === 'headers' && <HeaderSides detail={detail} />}
      </div>
    </section>
  );
});

/** Policies judge what clients ask; what servers ask is a matter of its own. */
function isClientRequest({ exchange }: ExchangeDetail): boolean {
  return exchange.kind === 'request' && exchange.direction === 'fromClient' && exchange.method !== '';
}

interface PayloadSidesProps {
  readonly detail: ExchangeDetail;
  readonly view: 'tree' | 'raw';
  readonly frameAt: number | undefined;
}

function PayloadSides({ detail, view, frameAt }: PayloadSidesProps) {
  const { exchange, frames } = detail;
  const split = useWindow(state => state.split);
  const { request, response } = sidesOf(detail, frameAt);
  return (
    <div className={cn('split', split === 'stacked' && 'stacked')}>
      <PayloadSide title={exchange.kind === 'request' ? 'Request' : 'Message'} frame={request} view={view} />
      {(response !== undefined || exchange.kind === 'request') && (
        <PayloadSide
          title="Response"
          frame={response}
          view={view}
          missing={missingAnswer(detail)}
          of={frameAt === undefined ? undefined : `${frameAt + 1} of ${frames.length}`}
        />
      )}
    </div>
  );
}

function HeaderSides({ detail: { exchange, frames } }: { readonly detail: ExchangeDetail }) {
  const split = useWindow(state => state.split);
  return (
    <div className={cn('split', split === 'stacked' && 'stacked')}>
      <HeadersView title="Request" frame={headOf(frames, exchange.requestSeq, 'fromClient')} exchange={exchange} />
      <HeadersView title="Response" frame={headOf(frames, exchange.responseSeq, 'fromServer')} exchange={exchange} />
    </div>
  );
}

/** Request and response, or in their place the frame that `[` and `]` moved to. */
function sidesOf(
  { exchange, frames }: ExchangeDetail,
  frameAt: number | undefined,
): { request: FrameSummary | undefined; response: FrameSummary | undefined } {
  const bySeq = (seq: number | undefined) => frames.find(frame => frame.seq === seq);
  const request = bySeq(exchange.requestSeq) ?? frames.find(frame => frame.direction === exchange.direction);
  const response = bySeq(exchange.responseSeq);
  const stepped = frameAt === undefined ? undefined : frames[frameAt];
  if (stepped === undefined || stepped === request) return { request, response };
  return { request, response: stepped };
}

/** The frame that carries the HTTP head of a direction: of the message itself, else the first of its hop. */
function headOf(frames: readonly FrameSummary[], seq: number | undefined, direction: FrameSummary['direction']): FrameSummary | undefined {
  const own = frames.find(frame => frame.seq === seq);
  if (own?.http !== undefined && own.direction === direction) return own;
  return (
    frames.find(frame => frame.direction === direction && frame.http !== undefined) ?? (own?.direction === direction ? own : undefined)
  );
}

function missingAnswer({ exchange }: ExchangeDetail): string {
  switch (exchange.status) {
    case 'pending':
      return 'No answer yet.';
    case 'open':
      return 'The stream is open.';
    default:
      return 'There was no answer.';
  }
}
