/** The Live page: sources, filter, rows, detail. The detail docks beside the table, below it, or over it, as the window allows. */
import type { ReactNode } from 'react';
import { Group, Panel, Separator, type Layout } from 'react-resizable-panels';
import { useShortcut } from '../../state/use-shortcut.ts';
import { useAct, usePreferences, useWindow, useWorkbench } from '../../state/use-workbench.ts';
import { MEDIUM, NARROW, useMedia } from '../../ui/use-media.ts';
import { DetailPane } from './detail/detail-pane.tsx';
import { ExchangeTable } from './exchange-table.tsx';
import { FilterBar } from './filter-bar.tsx';
import { SourcesTree } from './sources-tree.tsx';
import { useRowKeys } from './use-row-keys.ts';

export function LivePage() {
  const isNarrow = useMedia(NARROW);
  const isDetailOpen = useWindow(state => state.isDetailOpen);
  const { window: store, preferences } = useWorkbench();
  const act = useAct();
  const { timeFormat } = usePreferences();
  useRowKeys();
  useShortcut('timeFormat', () => {
    const next = { clock: 'relative', relative: 'delta', delta: 'clock' } as const;
    act(() => preferences.set({ timeFormat: next[timeFormat] }));
  });
  useShortcut('pause', () => store.setPaused(!store.getState().isPaused));

  if (isNarrow)
    return (
      <div className="live narrow">
        <h1 className="sr">Live</h1>
        <FilterBar />
        {isDetailOpen ? <DetailPane /> : <ExchangeTable />}
      </div>
    );
  return (
    <PaneGroup name="live" orientation="horizontal" ids={['sources', 'traffic']} className="live">
      <Panel id="sources" defaultSize={188} minSize={120} maxSize="40%" groupResizeBehavior="preserve-pixel-size">
        <SourcesTree />
      </Panel>
      <Handle label="Width of the sources" />
      <Panel id="traffic" minSize="40%">
        <Traffic isDetailOpen={isDetailOpen} />
      </Panel>
    </PaneGroup>
  );
}

function Traffic({ isDetailOpen }: { readonly isDetailOpen: boolean }) {
  const isMedium = useMedia(MEDIUM);
  const { detailDock, panes } = usePreferences();
  const isBelow = detailDock === 'bottom' || (detailDock === 'auto' && isMedium);
  const kept = panes[isBelow ? 'detail-below' : 'detail-beside']?.[1];
  const detailSize = `${kept ?? (isBelow ? 50 : 46)}%`;
  return (
    <div className="traffic">
      <h1 className="sr">Live</h1>
      <FilterBar />
      {/* The table stays the same element when a detail opens beside it, so it keeps its place. */}
      <PaneGroup
        key={isBelow ? 'below' : 'beside'}
        name={isBelow ? 'detail-below' : 'detail-beside'}
        orientation={isBelow ? 'vertical' : 'horizontal'}
        ids={isDetailOpen ? ['table', 'detail'] : ['table']}
        className="with-detail"
      >
        <Panel id="table" minSize="20%">
          <ExchangeTable />
        </Panel>
        {isDetailOpen && <Handle label="Size of the detail" />}
        {isDetailOpen && (
          <Panel id="detail" defaultSize={detailSize} minSize="20%">
            <DetailPane />
          </Panel>
        )}
      </PaneGroup>
    </div>
  );
}

interface PaneGroupProps {
  /** Under which the sizes are remembered. */
  readonly name: string;
  readonly orientation: 'horizontal' | 'vertical';
  readonly ids: readonly string[];
  readonly className: string;
  readonly children: ReactNode;
}

/** Panes whose sizes are kept in the preferences, in per cent. */
function PaneGroup({ name, orientation, ids, className, children }: PaneGroupProps) {
  const { preferences } = useWorkbench();
  const act = useAct();
  const { panes } = usePreferences();
  const kept = panes[name];
  const layout: Layout | undefined =
    kept?.length === ids.length ? Object.fromEntries(ids.map((id, at) => [id, kept[at] ?? 100 / ids.length])) : undefined;
  return (
    <Group
      // Preferences known only after the first draw must still be taken over once.
      key={String(preferences.isKnown())}
      orientation={orientation}
      className={className}
      {...(layout === undefined ? {} : { defaultLayout: layout })}
      onLayoutChanged={(next, meta) => {
        if (!meta.isUserInteraction) return;
        const sizes = ids.map(id => Math.round((next[id] ?? 0) * 100) / 100);
        act(() => preferences.set({ panes: { ...preferences.get().panes, [name]: sizes } }));
      }}
    >
      {children}
    </Group>
  );
}

function Handle({ label }: { readonly label: string }) {
  return <Separator className="pane-handle" aria-label={label} />;
}
