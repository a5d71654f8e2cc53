/** One session of the list, with its name to edit in place. */
import { Pencil } from 'lucide-react';
import { useEffect, useRef, type CSSProperties } from 'react';
import type { SessionSummary } from '../../../shared/model/session.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { bytes, count } from '../../formats/size.ts';
import { dayAndTime, duration, shortMoment } from '../../formats/time.ts';
import { useNow } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';
import { IconButton } from '../../ui/icon-button.tsx';

/** The name a person gave it, else who spoke to whom. */
export function titleOf(session: SessionSummary): string {
  return visibleText(session.name === '' ? `${session.clientName} → ${session.serverName}` : session.name);
}

interface SessionRowProps {
  readonly session: SessionSummary;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly isCursor: boolean;
  readonly isMarked: boolean;
  readonly isRenaming: boolean;
  readonly onCursor: () => void;
  readonly onMark: () => void;
  readonly onOpen: () => void;
  readonly onRename: () => void;
  /** Undefined: it keeps its name. */
  readonly onRenamed: (name: string | undefined) => void;
}

export function SessionRow(props: SessionRowProps) {
  const { session, index, top, height, isCursor, isMarked, isRenaming } = props;
  const place: CSSProperties = { transform: `translateY(${top}px)`, height: `${height}px` };
  const title = titleOf(session);
  const now = useNow(false);
  return (
    // The grid has the focus and the keys; a click moves the cursor, a double click opens.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={`session-${session.id}`}
      className={cn('session-row', isCursor && 'cursor')}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isMarked}
      style={place}
      onClick={props.onCursor}
      onDoubleClick={props.onOpen}
    >
      <span role="gridcell" className="s-mark">
        <input type="checkbox" className="check" aria-label={`Select ${title}`} checked={isMarked} onChange={props.onMark} tabIndex={-1} />
      </span>
      <span role="gridcell" className="s-name">
        {isRenaming ? (
          <NameField session={session} onDone={props.onRenamed} />
        ) : (
          <button type="button" className="link-title clip" tabIndex={-1} onClick={props.onOpen} title={`Open ${title}`}>
            {title}
          </button>
        )}
        <span className="clip quiet" title={visibleText(session.upstream)}>
          {session.name !== '' && visibleText(`${session.clientName} → ${session.serverName} · `)}
          {session.transport}
          {session.protocolVersion !== undefined && ` · ${visibleText(session.protocolVersion)}`}
          {session.isProbe && ' · probe'}
          {session.wasOffline && ' · recorded offline'}
          {session.upstream !== '' && ` · ${visibleText(session.upstream)}`}
        </span>
      </span>
      <State session={session} />
      <span role="gridcell" className="s-started" title={dayAndTime(session.startedAt)}>
        {shortMoment(session.startedAt, now)}
      </span>
      <Length session={session} />
      <span role="gridcell" className="s-frames num">
        {count(session.frameCount)}
      </span>
      <span role="gridcell" className={cn('s-errors num', session.errorCount > 0 && 'error')}>
        {session.errorCount === 0 ? '–' : count(session.errorCount)}
      </span>
      <span role="gridcell" className="s-size num">
        {bytes(session.sizeBytes)}
      </span>
      <span role="gridcell" className="s-actions">
        <IconButton icon={Pencil} label={`Rename ${title}`} tabIndex={-1} onClick={props.onRename} />
      </span>
    </div>
  );
}

function State({ session }: { readonly session: SessionSummary }) {
  const detail = [session.endReason, session.exitCode === undefined ? undefined : `exit code ${session.exitCode}`, session.exitSignal]
    .filter(part => part !== undefined)
    .join(', ');
  return (
    <span role="gridcell" className="s-state clip" title={visibleText(detail)}>
      <svg className={cn('state', session.state)} viewBox="0 0 9 9" aria-hidden="true">
        <circle cx="4.5" cy="4.5" r="3" />
        {session.state === 'interrupted' && <path d="M1 8 8 1" />}
      </svg>
      <span>
        {session.state}
        {session.pendingCount > 0 && session.state === 'live' && <span className="quiet">, {count(session.pendingCount)} pending</span>}
      </span>
      {session.exitCode !== undefined && session.exitCode !== 0 && <span className="error"> exit {session.exitCode}</span>}
    </span>
  );
}

function Length({ session }: { readonly session: SessionSummary }) {
  const isLive = session.state === 'live';
  const now = useNow(isLive);
  const end = isLive ? now : (session.endedAt ?? session.lastAt);
  return (
    <span role="gridcell" className="s-length num">
      {duration(Math.max(0, isLive ? Math.floor((end - session.startedAt) / 1000) * 1000 : end - session.startedAt))}
    </span>
  );
}

function NameField({ session, onDone }: { readonly session: SessionSummary; readonly onDone: (name: string | undefined) => void }) {
  const input = useRef<HTMLInputElement>(null);
  // Taking the field away blurs it, which must not decide a second time.
  const isDone = useRef(false);
  const done = (name: string | undefined) => {
    if (isDone.current) return;
    isDone.current = true;
    onDone(name);
  };
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  return (
    <input
      ref={input}
      className="name-field"
      aria-label="Name of the session"
      placeholder={`${session.clientName} → ${session.serverName}`}
      defaultValue={session.name}
      maxLength={200}
      onClick={event => event.stopPropagation()}
      onDoubleClick={event => event.stopPropagation()}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Enter') done(event.currentTarget.value.trim());
        else if (event.key === 'Escape') done(undefined);
      }}
      onBlur={event => done(event.currentTarget.value.trim())}
    />
  );
}
