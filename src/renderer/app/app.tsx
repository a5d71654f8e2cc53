/** The frame of the window: title bar, rail, page, status strip; what lies over it. */
import { useEffect } from 'react';
import { FirstRunPage } from '../features/first-run/first-run-page.tsx';
import { LimitsPage } from '../features/limits/limits-page.tsx';
import { LivePage } from '../features/live/live-page.tsx';
import { PoliciesPage } from '../features/policies/policies-page.tsx';
import { SessionsPage } from '../features/sessions/sessions-page.tsx';
import { SettingsPage } from '../features/settings/settings-page.tsx';
import { useShortcut } from '../state/use-shortcut.ts';
import { useStatus, useWindow, useWireState, useWorkbench } from '../state/use-workbench.ts';
import { Banners } from './banners.tsx';
import { CheatSheet } from './cheat-sheet.tsx';
import { CommandPalette } from './command-palette.tsx';
import { Rail } from './rail.tsx';
import { SignedOut } from './signed-out.tsx';
import { StatusStrip } from './status-strip.tsx';
import { TitleBar } from './title-bar.tsx';
import { Toasts } from './toasts.tsx';

const titles = { live: 'Live', sessions: 'Sessions', policies: 'Policies', limits: 'Limits and upstreams', settings: 'Settings' } as const;

export function App() {
  const { window: store } = useWorkbench();
  const wire = useWireState();
  const page = useWindow(state => state.page);
  const overlay = useWindow(state => state.overlay);

  useShortcut('palette', () => store.toggleOverlay('palette'), { alsoWhileTyping: true });
  useShortcut('live', () => store.goTo('live'), { alsoWhileTyping: true });
  useShortcut('sessions', () => store.goTo('sessions'), { alsoWhileTyping: true });
  useShortcut('policies', () => store.goTo('policies'), { alsoWhileTyping: true });
  useShortcut('limits', () => store.goTo('limits'), { alsoWhileTyping: true });
  useShortcut('settings', () => store.goTo('settings'), { alsoWhileTyping: true });
  useShortcut('cheatSheet', () => store.setOverlay('cheat-sheet'));

  useEffect(() => {
    document.title = `${titles[page]} · Shadowcat`;
  }, [page]);

  if (wire.kind === 'unauthorised' && !wire.wasConnected) return <SignedOut />;
  return (
    <div className="app">
      <TitleBar />
      <Rail />
      <main className="main">
        <Banners />
        <Page />
      </main>
      <StatusStrip />
      {overlay === 'palette' && <CommandPalette />}
      {overlay === 'cheat-sheet' && <CheatSheet />}
      <Toasts />
    </div>
  );
}

function Page() {
  const page = useWindow(state => state.page);
  switch (page) {
    case 'live':
      return <LiveOrFirstRun />;
    case 'sessions':
      return <SessionsPage />;
    case 'policies':
      return <PoliciesPage />;
    case 'limits':
      return <LimitsPage />;
    case 'settings':
      return <SettingsPage />;
  }
}

/** Nothing recorded yet and nothing live: what to do is worth more than an empty table. */
function LiveOrFirstRun() {
  const status = useStatus();
  if (status === undefined) return <div className="page-wait" aria-busy="true" />;
  const isEmpty = status.store.sessionCount === 0 && status.store.frameCount === 0 && status.liveSessionCount === 0;
  return isEmpty ? <FirstRunPage /> : <LivePage />;
}
