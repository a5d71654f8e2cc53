/** All stores of one window, wired to its host. Components get it from `useWorkbench` and nothing else reaches the host. */
import type { HostClient } from '../host/host-client.ts';
import { PolicyDesk } from './policy-desk.ts';
import { documentAppliers, PreferencesStore } from './preferences.ts';
import { TimelineView } from './timeline-view.ts';
import { TopicStore } from './topic-store.ts';
import { specOf, windowStore, type WindowStore } from './window-store.ts';

export interface Workbench {
  readonly host: HostClient;
  readonly window: WindowStore;
  readonly preferences: PreferencesStore;
  readonly timeline: TimelineView;
  readonly policies: PolicyDesk;
  readonly status: TopicStore<'status'>;
  readonly sources: TopicStore<'sources'>;
  readonly upstreams: TopicStore<'upstreams'>;
}

/** Creates the stores and keeps the view in step with what the window asks to see. */
export function workbench(host: HostClient, root: HTMLElement): Workbench {
  const window = windowStore();
  const timeline = new TimelineView(host);
  let shown = JSON.stringify(specOf(window.getState()));
  let generation = 0;

  window.subscribe((state, before) => {
    if (state.isPaused !== before.isPaused) timeline.pause(state.isPaused);
    const wanted = JSON.stringify(specOf(state));
    if (wanted === shown) return;
    shown = wanted;
    timeline.show(specOf(state));
  });
  timeline.subscribe(() => {
    const state = timeline.state();
    if (state.generation === generation) return;
    generation = state.generation;
    window.viewOpened(state.matched);
  });
  timeline.show(specOf(window.getState()));

  return {
    host,
    window,
    timeline,
    policies: new PolicyDesk(host),
    preferences: new PreferencesStore(host, documentAppliers(root)),
    status: new TopicStore(host, 'status', {}),
    sources: new TopicStore(host, 'sources', {}),
    upstreams: new TopicStore(host, 'upstreams', {}),
  };
}
