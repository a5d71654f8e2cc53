/** Clients and the servers they speak to; picking one narrows the table to it. */
import { ChevronDown, ChevronRight, X } from 'lucide-react';
import { useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react';
import type { Source } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { count, counted } from '../../formats/size.ts';
import { useStatus, useWindow, useWorkbench } from '../../state/use-workbench.ts';
import type { Scope } from '../../state/window-store.ts';
import { cn } from '../../ui/cn.ts';
import { IconButton } from '../../ui/icon-button.tsx';

type Server = Source['servers'][number];

interface Item {
  readonly key: string;
  readonly scope: Scope;
  readonly level: 1 | 2;
  readonly label: string;
  readonly source?: Source;
  readonly server?: Server;
  readonly isOpen?: boolean;
}

export function SourcesTree() {
  const { window: store, sources } = useWorkbench();
  const tree = useSyncExternalStore(sources.subscribe, sources.get);
  const status = useStatus();
  const scope = useWindow(state => state.scope);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLDivElement>(null);

  const items: Item[] = [
    { key: 'all', scope: { kind: 'all' }, level: 1, label: 'All traffic' },
    ...(tree?.sources ?? []).flatMap(source => itemsOf(source, folded.has(source.clientName))),
  ];
  const selected = keyOf(scope);
  const fold = (clientName: string) =>
    setFolded(before => {
      const after = new Set(before);
      if (!after.delete(clientName)) after.add(clientName);
      return after;
    });

  const onKeyDown = (event: KeyboardEvent, at: number) => {
    const item = items[at];
    const move = (to: number) =>
      list.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[Math.min(Math.max(to, 0), items.length - 1)]?.focus();
    if (event.key === 'ArrowDown') move(at + 1);
    else if (event.key === 'ArrowUp') move(at - 1);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(items.length - 1);
    else if ((event.key === 'Enter' || event.key === ' ') && item !== undefined) store.setScope(item.scope);
    else if (event.key === 'ArrowRight' && item?.isOpen === false) fold(item.label);
    else if (event.key === 'ArrowLeft' && item?.isOpen === true) fold(item.label);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <aside className="sources" aria-label="Sources">
      <h2>Sources</h2>
      {scope.kind === 'session' && (
        <div className="session-scope">
          <span className="clip" title={visibleText(scope.label)}>
            Session <b>{visibleText(scope.label)}</b>
          </span>
          <IconButton icon={X} label="Leave this session" onClick={() => store.setScope({ kind: 'all' })} />
        </div>
      )}
      <div role="tree" aria-label="Clients and servers" ref={list}>
        {items.map((item, at) => (
          // Keys are handled by the item that has the focus.
          <div
            key={item.key}
            role="treeitem"
            className={cn('tree-item', item.level === 1 ? 'group' : 'leaf')}
            aria-level={item.level}
            aria-selected={item.key === selected}
            aria-expanded={item.isOpen}
            tabIndex={item.key === selected || (at === 0 && !items.some(other => other.key === selected)) ? 0 : -1}
            onClick={() => store.setScope(item.scope)}
            onKeyDown={event => onKeyDown(event, at)}
          >
            {item.isOpen !== undefined && (
              <button
                type="button"
                className="fold"
                tabIndex={-1}
                aria-hidden="true"
                onClick={event => {
                  event.stopPropagation();
                  fold(item.label);
                }}
              >
                {item.isOpen ? <ChevronDown className="i s" /> : <ChevronRight className="i s" />}
              </button>
            )}
            {item.server !== undefined && <StateDot state={item.server.state} />}
            <span className="clip" title={visibleText(item.label)}>
              {visibleText(item.label)}
            </span>
            <End item={item} total={status?.store.exchangeCount} />
          </div>
        ))}
      </div>
      {tree?.isTruncated === true && <p className="sources-note">Only the latest 500 are listed.</p>}
    </aside>
  );
}

function itemsOf(source: Source, isFolded: boolean): Item[] {
  const { clientName, servers } = source;
  const client: Item = {
    key: keyOf({ kind: 'source', clientName }),
    scope: { kind: 'source', clientName },
    level: 1,
    label: clientName,
    source,
    isOpen: !isFolded,
  };
  if (isFolded) return [client];
  return [
    client,
    ...servers.map((server): Item => {
      const scope: Scope = { kind: 'source', clientName, serverName: server.serverName };
      return { key: keyOf(scope), scope, level: 2, label: server.serverName, server };
    }),
  ];
}

function End({ item, total }: { readonly item: Item; readonly total: number | undefined }) {
  if (item.server !== undefined) {
    const { pendingCount, errorCount, exchangeCount } = item.server;
    if (pendingCount > 0) return <span className="end">{count(pendingCount)} pending</span>;
    return (
      <span className="end" title={counted(errorCount, 'error')}>
        {errorCount > 0 && <span className="error-count">{count(errorCount)} ✕</span>}
        {count(exchangeCount)}
      </span>
    );
  }
  return <span className="end">{count(item.source?.exchangeCount ?? total ?? 0)}</span>;
}

/** Filled: live; ring: closed; crossed: interrupted. The word is in its title and for readers. */
function StateDot({ state }: { readonly state: Server['state'] }) {
  return (
    <svg className={cn('state', state)} viewBox="0 0 9 9" role="img" aria-label={state}>
      <title>{state}</title>
      <circle cx="4.5" cy="4.5" r="3" />
      {state === 'interrupted' && <path d="M1 8 8 1" />}
    </svg>
  );
}

function keyOf(scope: Scope): string {
  if (scope.kind === 'source') return JSON.stringify([scope.clientName, scope.serverName ?? null]);
  return scope.kind;
}
