/** When things happened in an exchange: sent, first byte, events, done, on one scale. */
import type { CSSProperties } from 'react';
import type { ExchangeDetail } from '../../../../shared/contract/calls.ts';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { bytes } from '../../../formats/size.ts';
import { clockTime, duration, running } from '../../../formats/time.ts';
import { statusLook } from '../../../state/status-look.ts';
import { useNow, useWindow, useWorkbench } from '../../../state/use-workbench.ts';
import { cn } from '../../../ui/cn.ts';

/** Rows of the list; an exchange with thousands of events is better read in the table, frame by frame. */
const MAX_LISTED = 200;

export function TimingTab({ detail }: { readonly detail: ExchangeDetail }) {
  const { exchange, frames } = detail;
  const isPending = exchange.status === 'pending';
  const now = useNow(isPending);
  const { start, totalMs, waitMs, receiveMs, firstByteMs } = phasesOf(detail, now);
  const look = statusLook(exchange);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="timing scroll-keys" tabIndex={0} role="region" aria-label="Timing">
      <div className="phases" aria-hidden="true">
        <i className={cn('waiting', isPending && 'pending')} style={{ '--f': waitMs } as CSSProperties} />
        {receiveMs > 0 && <i className={cn('receiving', look.tone === 'error' && 'bad')} style={{ '--f': receiveMs } as CSSProperties} />}
      </div>
      <dl className="phase-list">
        <div>
          <dt>Sent</dt>
          <dd>{clockTime(exchange.startedAt)}</dd>
        </div>
        <div>
          <dt>
            <i className="swatch waiting" />
            Waiting for the first byte
          </dt>
          <dd>{isPending && firstByteMs === undefined ? running(now - exchange.startedAt) : duration(waitMs)}</dd>
        </div>
        {receiveMs > 0 && (
          <div>
            <dt>
              <i className="swatch receiving" />
              Receiving
            </dt>
            <dd>{duration(receiveMs)}</dd>
          </div>
        )}
        {exchange.durationMs !== undefined && (
          <div>
            <dt>In all</dt>
            <dd>{duration(exchange.durationMs)}</dd>
          </div>
        )}
      </dl>
      <h3>Frames</h3>
      <FrameList frames={frames} start={start} totalMs={totalMs} />
      {detail.hasMoreFrames && <p className="side-note">Only the first {frames.length} frames are listed.</p>}
    </div>
  );
}

/** The phases of an exchange; a pending one lasts until now. */
function phasesOf({ exchange, frames }: ExchangeDetail, now: number) {
  const start = frames[0]?.at ?? exchange.startedAt;
  const lastAt = frames.at(-1)?.at ?? start;
  const untilNow = exchange.status === 'pending' ? now - start : 0;
  const totalMs = Math.max(untilNow, exchange.durationMs ?? 0, lastAt - start, 0.001);
  const firstByteMs = exchange.firstByteMs ?? exchange.durationMs;
  const waitMs = Math.min(totalMs, firstByteMs ?? totalMs);
  const receiveMs = Math.max(0, (exchange.durationMs ?? totalMs) - waitMs);
  return { start, totalMs, waitMs, receiveMs, firstByteMs };
}

interface FrameListProps {
  readonly frames: readonly FrameSummary[];
  readonly start: number;
  readonly totalMs: number;
}

/** Frames of an exchange on its own time scale; picking one shows it. */
export function FrameList({ frames, start, totalMs }: FrameListProps) {
  const { window: store } = useWorkbench();
  const frameAt = useWindow(state => state.frameAt);
  return (
    <ol className="frame-list">
      {frames.slice(0, MAX_LISTED).map((frame, at) => (
        <li key={frame.seq}>
          <button
            type="button"
            aria-current={frameAt === at ? 'true' : undefined}
            onClick={() => {
              store.setFrameAt(at);
              store.setTab('tree');
            }}
          >
            <span className="num">+{duration(Math.max(0, frame.at - start))}</span>
            <span>{frame.direction === 'fromClient' ? '→' : '←'}</span>
            <span className="clip">{visibleText(frame.method ?? frame.kind)}</span>
            <span className="clip quiet">{visibleText(frame.target ?? frame.preview)}</span>
            <span className="num quiet">{bytes(frame.sizeBytes)}</span>
            <span className="moment" aria-hidden="true">
              <i style={{ left: `${Math.min(100, ((frame.at - start) / totalMs) * 100)}%` }} />
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
