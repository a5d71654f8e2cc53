/** Commands and search: pages, actions, themes, saved filters, sources and recent sessions in one list. */
import { Command } from 'cmdk';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { visibleText } from '../../shared/text/visible-text.ts';
import { shortMoment } from '../formats/time.ts';
import { shortcuts, type ShortcutName } from '../state/shortcuts.ts';
import { useAct, useCall, useNow, usePreferences, useStatus, useWorkbench } from '../state/use-workbench.ts';
import { pages } from '../state/window-store.ts';
import { Modal } from '../ui/modal.tsx';

const MAX_SESSIONS = 30;

export function CommandPalette() {
  const { window: store } = useWorkbench();
  const [search, setSearch] = useState('');
  const close = () => store.setOverlay('none');
  return (
    <Modal label="Commands and search" className="palette-box" onClose={close}>
      <Command label="Commands and search" loop vimBindings={false}>
        <Command.Input value={search} onValueChange={setSearch} placeholder="Type a command, a page, a session…" />
        <Command.List label="Commands">
          <Command.Empty>Nothing matches “{search}”.</Command.Empty>
          <Actions close={close} />
          <Sessions close={close} />
        </Command.List>
      </Command>
    </Modal>
  );
}

function Actions({ close }: { readonly close: () => void }) {
  const { host, window: store, timeline, preferences } = useWorkbench();
  const act = useAct();
  const status = useStatus();
  const { savedFilters, density } = usePreferences();
  const run = (what: () => void) => () => {
    close();
    what();
  };
  const set = (change: Parameters<typeof preferences.set>[0]) => run(() => act(() => preferences.set(change)));
  const isOn = status?.recording.isOn ?? true;
  return (
    <>
      <Command.Group heading="Pages">
        {pages.map(page => (
          <Entry key={page} keys={page} onPick={run(() => store.goTo(page))}>
            {shortcuts[page].does}
          </Entry>
        ))}
      </Command.Group>
      <Command.Group heading="Actions">
        <Entry onPick={run(() => act(() => host.call('recording.set', { isOn: !isOn })))}>{isOn ? 'Stop recording' : 'Record again'}</Entry>
        <Entry keys="pause" onPick={run(() => store.setPaused(!store.getState().isPaused))}>
          Pause or resume the view
        </Entry>
        <Entry keys="follow" onPick={run(() => store.toggleFollow(timeline.state().matched))}>
          Follow the newest row
        </Entry>
        <Entry keys="mode" onPick={run(() => store.setMode(store.getState().mode === 'frames' ? 'exchanges' : 'frames'))}>
          One row per exchange or per frame
        </Entry>
        <Entry onPick={run(() => store.setScope({ kind: 'all' }))}>Show all traffic</Entry>
        <Entry onPick={run(() => act(() => host.call('sample.play', {})))}>Play a sample session</Entry>
        <Entry keys="cheatSheet" onPick={() => store.setOverlay('cheat-sheet')}>
          Show all keys
        </Entry>
      </Command.Group>
      <Command.Group heading="Appearance">
        <Entry onPick={set({ theme: 'system' })}>Theme: as the system</Entry>
        <Entry onPick={set({ theme: 'light' })}>Theme: light</Entry>
        <Entry onPick={set({ theme: 'dark' })}>Theme: dark</Entry>
        <Entry onPick={set({ theme: 'contrast' })}>Theme: high contrast</Entry>
        <Entry onPick={set({ density: density === 'compact' ? 'comfortable' : 'compact' })}>
          Rows: {density === 'compact' ? 'comfortable' : 'compact'}
        </Entry>
      </Command.Group>
      {savedFilters.length > 0 && (
        <Command.Group heading="Saved filters">
          {savedFilters.map(saved => (
            <Entry
              key={saved.name}
              onPick={run(() => {
                store.goTo('live');
                store.setFilter(saved.text);
              })}
            >
              Filter: {saved.name}
            </Entry>
          ))}
        </Command.Group>
      )}
    </>
  );
}

function Sessions({ close }: { readonly close: () => void }) {
  const { window: store } = useWorkbench();
  const asked = useCall('session.list', { search: '', limit: MAX_SESSIONS, sort: 'lastAt' }, 'palette');
  const sessions = asked.value?.sessions ?? [];
  const now = useNow(false);
  if (sessions.length === 0) return null;
  return (
    <Command.Group heading="Sessions">
      {sessions.map(session => {
        const label = session.name === '' ? `${session.clientName} → ${session.serverName}` : session.name;
        return (
          <Entry
            key={session.id}
            value={`${label} ${session.clientName} ${session.serverName} ${session.id}`}
            onPick={() => {
              close();
              store.setScope({ kind: 'session', sessionId: session.id, label });
            }}
          >
            {visibleText(label)}
            <span className="quiet">{shortMoment(session.startedAt, now)}</span>
          </Entry>
        );
      })}
    </Command.Group>
  );
}

interface EntryProps {
  readonly keys?: ShortcutName;
  readonly value?: string;
  readonly onPick: () => void;
  readonly children: ReactNode;
}

function Entry({ keys, value, onPick, children }: EntryProps) {
  return (
    <Command.Item onSelect={onPick} {...(value === undefined ? {} : { value })}>
      {children}
      {keys !== undefined && <kbd>{shortcuts[keys].shown.join(' ')}</kbd>}
    </Command.Item>
  );
}
