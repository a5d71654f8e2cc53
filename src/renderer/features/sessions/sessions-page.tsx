/** Every recorded session: search, open, rename, delete with a way back. */
import { Search, Trash2 } from 'lucide-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import type { SessionSummary } from '../../../shared/model/session.ts';
import { counted } from '../../formats/size.ts';
import { SessionList } from '../../state/session-list.ts';
import { useShortcut } from '../../state/use-shortcut.ts';
import { useAct, usePreferences, useWorkbench } from '../../state/use-workbench.ts';
import { SessionHead } from './session-head.tsx';
import { SessionRow, titleOf } from './session-row.tsx';

const SETTLE_MS = 180;

export function SessionsPage() {
  const { host, window: store } = useWorkbench();
  const [list, setList] = useState<SessionList>();
  useEffect(() => {
    const created = new SessionList(host);
    setList(created);
    return () => created.close();
  }, [host]);
  if (list === undefined) return null;
  return <Sessions list={list} open={session => store.setScope({ kind: 'session', sessionId: session.id, label: titleOf(session) })} />;
}

interface SessionsProps {
  readonly list: SessionList;
  readonly open: (session: SessionSummary) => void;
}

function Sessions({ list, open }: SessionsProps) {
  const { window: store } = useWorkbench();
  const act = useAct();
  const state = useSyncExternalStore(list.subscribe, list.state);
  const { sessions } = state;
  const [cursorId, setCursorId] = useState<string>();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [renamingId, setRenamingId] = useState<string>();
  const search = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { density } = usePreferences();
  const rowHeight = density === 'comfortable' ? 48 : 42;
  const virtual = useVirtualizer({
    count: sessions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const visible = virtual.getVirtualItems();
  const lastVisible = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastVisible >= sessions.length - 20) list.more();
  }, [list, lastVisible, sessions.length]);
  useEffect(() => virtual.measure(), [virtual, rowHeight]);

  const cursorAt = sessions.findIndex(session => session.id === cursorId);
  const cursor = sessions[cursorAt];
  const moveTo = (at: number) => {
    const next = sessions[Math.min(Math.max(at, 0), sessions.length - 1)];
    if (next === undefined) return;
    setCursorId(next.id);
    virtual.scrollToIndex(sessions.indexOf(next));
  };
  const mark = (id: string) =>
    setMarked(before => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const chosen = sessions.filter(session => marked.has(session.id));
  const doomed = chosen.length > 0 ? chosen : cursor === undefined ? [] : [cursor];
  const remove = () => {
    if (doomed.length === 0) return;
    const ids = doomed.map(session => session.id);
    act(async () => {
      const undoMs = await list.remove(ids);
      setMarked(new Set());
      moveTo(cursorAt);
      store.toast(
        doomed.length === 1 && doomed[0] !== undefined
          ? `Deleted “${titleOf(doomed[0])}”.`
          : `Deleted ${counted(doomed.length, 'session')}.`,
        {
          forMs: undoMs,
          action: { label: 'Undo', run: () => act(() => list.restore(ids)) },
        },
      );
    });
  };

  const isFree = renamingId === undefined;
  useShortcut('filter', () => search.current?.focus());
  useShortcut('down', () => moveTo(cursorAt + 1), { isEnabled: isFree });
  useShortcut('up', () => moveTo(cursorAt < 0 ? sessions.length - 1 : cursorAt - 1), { isEnabled: isFree });
  useShortcut('first', () => moveTo(0), { isEnabled: isFree });
  useShortcut('last', () => moveTo(sessions.length - 1), { isEnabled: isFree });
  useShortcut('open', () => cursor !== undefined && open(cursor), { isEnabled: isFree });
  useShortcut('rename', () => setRenamingId(cursor?.id), { isEnabled: isFree });
  useShortcut('mark', () => cursor !== undefined && mark(cursor.id), { isEnabled: isFree });
  useShortcut('remove', remove, { isEnabled: isFree });
  useShortcut('back', () => setMarked(new Set()), { isEnabled: isFree });

  return (
    <div className="page">
      <header className="page-head">
        <h1>Sessions</h1>
        <SearchField inputRef={search} list={list} />
        <span className="second" role="status">
          {counted(state.total, 'session')}
          {chosen.length > 0 && ` · ${chosen.length} selected`}
        </span>
        <span className="grow" />
        <button type="button" className="btn danger" disabled={doomed.length === 0} onClick={remove}>
          <Trash2 className="i" aria-hidden="true" />
          {chosen.length > 1 ? `Delete ${chosen.length}` : 'Delete'}
        </button>
      </header>
      {state.problem !== undefined && (
        <p className="page-problem" role="alert">
          {state.problem}
        </p>
      )}
      {sessions.length === 0 && !state.isLoading ? (
        <div className="no-rows static">
          <h2>{state.search === '' ? 'No session recorded yet' : `No session holds “${state.search}”`}</h2>
          <p>
            {state.search === ''
              ? 'The first message that passes begins one. The Live page says how to get it here.'
              : 'Names, addresses and the text of all messages were searched.'}
          </p>
        </div>
      ) : (
        <div
          ref={scroller}
          className="session-grid"
          role="grid"
          aria-label="Sessions"
          aria-multiselectable="true"
          aria-rowcount={state.total + 1}
          aria-busy={state.isLoading}
          tabIndex={0}
          aria-activedescendant={cursor === undefined ? undefined : `session-${cursor.id}`}
        >
          <SessionHead state={state} onSort={(sort, descending) => list.find({ sort, descending })} />
          <div className="rows" role="rowgroup" style={{ height: `${virtual.getTotalSize()}px` }}>
            {visible.map(item => {
              const session = sessions[item.index];
              if (session === undefined) return null;
              return (
                <SessionRow
                  key={session.id}
                  session={session}
                  index={item.index}
                  top={item.start}
                  height={rowHeight}
                  isCursor={session.id === cursorId}
                  isMarked={marked.has(session.id)}
                  isRenaming={session.id === renamingId}
                  onCursor={() => setCursorId(session.id)}
                  onMark={() => mark(session.id)}
                  onOpen={() => open(session)}
                  onRename={() => {
                    setCursorId(session.id);
                    setRenamingId(session.id);
                  }}
                  onRenamed={name => {
                    setRenamingId(undefined);
                    scroller.current?.focus();
                    if (name !== undefined && name !== session.name) act(() => list.rename(session.id, name));
                  }}
                />
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}

function SearchField({ inputRef, list }: { readonly inputRef: RefObject<HTMLInputElement | null>; readonly list: SessionList }) {
  const [text, setText] = useState('');
  useEffect(() => {
    if (text === list.state().search) return;
    const timer = setTimeout(() => list.find({ search: text }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text, list]);
  return (
    <div className="field search-field" role="search">
      <Search className="i quiet" aria-hidden="true" />
      <input
        ref={inputRef}
        type="search"
        aria-label="Search sessions"
        placeholder="Search names, addresses and all messages"
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => event.key === 'Escape' && event.currentTarget.blur()}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}
