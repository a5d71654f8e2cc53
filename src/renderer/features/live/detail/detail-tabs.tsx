/** The tabs of a detail, with the arrow keys of the tab pattern. */
import type { KeyboardEvent } from 'react';
import { useWindow, useWorkbench } from '../../../state/use-workbench.ts';
import type { DetailTab } from '../../../state/window-store.ts';

export interface TabEntry {
  readonly id: DetailTab;
  readonly title: string;
}

interface DetailTabsProps {
  readonly tabs: readonly TabEntry[];
  readonly counts?: Partial<Record<DetailTab, number>>;
}

export function DetailTabs({ tabs, counts = {} }: DetailTabsProps) {
  const { window: store } = useWorkbench();
  const wanted = useWindow(state => state.tab);
  // A single frame has fewer tabs than an exchange.
  const current = tabs.some(tab => tab.id === wanted) ? wanted : tabs[0]?.id;
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const at = tabs.findIndex(tab => tab.id === current);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (next === undefined) return;
    store.setTab(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Parts of the detail">
      {tabs.map(tab => (
        <button
          key={tab.id}
          id={`tab-${tab.id}`}
          type="button"
          role="tab"
          aria-selected={tab.id === current}
          aria-controls={tab.id === current ? `panel-${tab.id}` : undefined}
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => store.setTab(tab.id)}
          onKeyDown={onKeyDown}
        >
          {tab.title}
          {(counts[tab.id] ?? 0) > 0 && <span className="count">{counts[tab.id]}</span>}
        </button>
      ))}
    </div>
  );
}
