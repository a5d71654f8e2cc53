/** What the window shows right now: page, scope, filter, order, selection, panels. Nothing of it is kept; what is kept are preferences. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { TimelineSpec } from '../../shared/model/timeline.ts';
import { afterNewView, afterUserScroll, following, toggled, type FollowState } from './follow.ts';

export const pages = ['live', 'sessions', 'policies', 'limits', 'settings'] as const;
export type Page = (typeof pages)[number];

export type DetailTab = 'tree' | 'raw' | 'headers' | 'timing' | 'related' | 'policy';
export type Overlay = 'none' | 'palette' | 'cheat-sheet';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'error';
  readonly action?: { readonly label: string; readonly run: () => void };
  /** When it leaves by itself, epoch ms. */
  readonly untilAt: number;
}

/** What narrows the Live page beyond its filter text. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'source'; readonly clientName: string; readonly serverName?: string }
  | { readonly kind: 'session'; readonly sessionId: string; readonly label: string };

export interface WindowState {
  readonly page: Page;
  readonly scope: Scope;
  readonly filter: string;
  readonly mode: TimelineSpec['mode'];
  readonly requestsOnly: boolean;
  readonly sort: TimelineSpec['sort'];
  readonly isPaused: boolean;
  readonly follow: FollowState;
  /** The row with the cursor, by its stable id and its place in the view. */
  readonly selection: { readonly id: number; readonly index: number } | undefined;
  readonly isDetailOpen: boolean;
  readonly tab: DetailTab;
  readonly split: 'side-by-side' | 'stacked';
  /** Frame of the open exchange that `[` and `]` moved to. */
  readonly frameAt: number | undefined;
  readonly overlay: Overlay;
  readonly toasts: readonly Toast[];
}

export const arrivalOrder: TimelineSpec['sort'] = { column: 'id', descending: false };

const initial: WindowState = {
  page: 'live',
  scope: { kind: 'all' },
  filter: '',
  mode: 'exchanges',
  requestsOnly: false,
  sort: arrivalOrder,
  isPaused: false,
  follow: following,
  selection: undefined,
  isDetailOpen: false,
  tab: 'tree',
  split: 'side-by-side',
  frameAt: undefined,
  overlay: 'none',
  toasts: [],
};

/** More toasts than this at once: the oldest goes. */
const MAX_TOASTS = 4;

export type WindowStore = ReturnType<typeof windowStore>;

/** The state with the ways to change it; several fields that must agree change together here and nowhere else. */
export function windowStore() {
  const store: StoreApi<WindowState> = createStore<WindowState>(() => initial);
  const set = (change: Partial<WindowState>) => store.setState(change);
  let nextToast = 1;
  /** Another set of rows: the cursor's place in it is unknown. */
  const narrow = (change: Partial<WindowState>) => set({ ...change, selection: undefined, isDetailOpen: false, frameAt: undefined });

  return {
    ...store,
    goTo: (page: Page) => set({ page, overlay: 'none' }),
    setScope: (scope: Scope) => narrow({ scope, page: 'live', follow: following }),
    /** Narrows Live to one scope without going there yet. */
    showOnly: (scope: Scope) => narrow({ scope, filter: '', mode: 'exchanges', requestsOnly: false, sort: arrivalOrder }),
    /** Goes to Live with the cursor on a row and its detail open; new rows do not carry it away. */
    showRow: (id: number, index: number, rowCount: number) =>
      set({
        page: 'live',
        selection: { id, index },
        isDetailOpen: true,
        follow: afterUserScroll(store.getState().follow, false, rowCount),
      }),
    setFilter: (filter: string) => narrow({ filter }),
    setMode: (mode: WindowState['mode']) => narrow({ mode, sort: arrivalOrder }),
    setRequestsOnly: (requestsOnly: boolean) => narrow({ requestsOnly }),
    setSort: (sort: WindowState['sort']) =>
      narrow({ sort, follow: { ...store.getState().follow, isFollowing: sort.column === 'id' && !sort.descending } }),
    setPaused: (isPaused: boolean) => set({ isPaused }),
    select: (id: number, index: number) => {
      const { selection } = store.getState();
      if (selection?.id === id && selection.index === index) return;
      set({ selection: { id, index }, frameAt: selection?.id === id ? store.getState().frameAt : undefined });
    },
    openDetail: () => set({ isDetailOpen: true }),
    closeDetail: () => set({ isDetailOpen: false, frameAt: undefined }),
    setTab: (tab: DetailTab) => set({ tab }),
    setFrameAt: (frameAt: number | undefined) => set({ frameAt }),
    flipSplit: () => set({ split: store.getState().split === 'stacked' ? 'side-by-side' : 'stacked' }),
    setOverlay: (overlay: Overlay) => set({ overlay }),
    toggleOverlay: (overlay: Overlay) => set({ overlay: store.getState().overlay === overlay ? 'none' : overlay }),
    userScrolled: (isAtEnd: boolean, rowCount: number) => {
      const follow = afterUserScroll(store.getState().follow, isAtEnd, rowCount);
      if (follow !== store.getState().follow) set({ follow });
    },
    toggleFollow: (rowCount: number) => set({ follow: toggled(store.getState().follow, rowCount) }),
    viewOpened: (rowCount: number) => set({ follow: afterNewView(store.getState().follow, rowCount) }),
    toast: (text: string, options: { readonly tone?: Toast['tone']; readonly action?: Toast['action']; readonly forMs?: number } = {}) => {
      const { tone = 'plain', action, forMs = 5000 } = options;
      const toast: Toast = { id: nextToast++, text, tone, untilAt: Date.now() + forMs, ...(action === undefined ? {} : { action }) };
      set({ toasts: [...store.getState().toasts, toast].slice(-MAX_TOASTS) });
      setTimeout(() => set({ toasts: store.getState().toasts.filter(other => other.id !== toast.id) }), forMs);
      return toast.id;
    },
    dismissToast: (id: number) => set({ toasts: store.getState().toasts.filter(toast => toast.id !== id) }),
  };
}

/** The spec of the Live page's view. */
export function specOf(state: Pick<WindowState, 'scope' | 'filter' | 'mode' | 'requestsOnly' | 'sort'>): TimelineSpec {
  const { scope, filter, mode, requestsOnly, sort } = state;
  return { mode, filter, requestsOnly, sort, scope: specScope(scope) };
}

function specScope(scope: Scope): TimelineSpec['scope'] {
  switch (scope.kind) {
    case 'all':
      return {};
    case 'source':
      return { clientName: scope.clientName, ...(scope.serverName === undefined ? {} : { serverName: scope.serverName }) };
    case 'session':
      return { sessionIds: [scope.sessionId] };
  }
}
