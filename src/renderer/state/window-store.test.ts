/** The window's state: fields that must agree change together. */
import { expect, test, vi } from 'vitest';
import { specOf, windowStore } from './window-store.ts';

test('another filter drops the selection, whose place is not known any more', () => {
  const store = windowStore();
  store.select(5, 4);
  store.openDetail();
  store.setFilter('status:error');
  expect(store.getState()).toMatchObject({ selection: undefined, isDetailOpen: false, filter: 'status:error' });
});

test('opening a session leads to Live, narrowed to it and at its end', () => {
  const store = windowStore();
  store.goTo('sessions');
  store.userScrolled(false, 10);
  store.setScope({ kind: 'session', sessionId: 's1', label: 'one' });
  expect(store.getState()).toMatchObject({ page: 'live', follow: { isFollowing: true } });
  expect(specOf(store.getState()).scope).toEqual({ sessionIds: ['s1'] });
});

test('only the order of arrival can be followed', () => {
  const store = windowStore();
  store.setSort({ column: 'durationMs', descending: true });
  expect(store.getState().follow.isFollowing).toBe(false);
  store.setSort({ column: 'id', descending: false });
  expect(store.getState().follow.isFollowing).toBe(true);
});

test('another row forgets the frame that was stepped to, the same row keeps it', () => {
  const store = windowStore();
  store.select(5, 4);
  store.setFrameAt(2);
  store.select(5, 5);
  expect(store.getState().frameAt).toBe(2);
  store.select(6, 6);
  expect(store.getState().frameAt).toBeUndefined();
});

test('toasts leave by themselves and never pile up', () => {
  vi.useFakeTimers();
  try {
    const store = windowStore();
    for (const text of ['a', 'b', 'c', 'd', 'e']) store.toast(text, { forMs: 1000 });
    expect(store.getState().toasts.map(toast => toast.text)).toEqual(['b', 'c', 'd', 'e']);
    vi.advanceTimersByTime(1000);
    expect(store.getState().toasts).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
