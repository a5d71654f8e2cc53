import { expect, test } from 'vitest';
import { readFilter } from '../../../shared/filters/read-filter.ts';
import { windowStore } from '../../state/window-store.ts';
import { changesFilter, limitedFilter, showInLive, tripFilter } from './live-links.ts';

const at = Date.UTC(2026, 10, 27, 14, 2, 4, 500);

test('the filter of a trip names the server, the time around it and what failed; a trip by hand shows all that passed', () => {
  expect(tripFilter('my jira', at, '5 failures in a row')).toBe(
    'server:"my jira" time:>=2026-11-27T14:01:04.500Z time:<=2026-11-27T14:02:06.500Z (status:failed,no-answer or kind:lifecycle)',
  );
  expect(tripFilter('jira', at, 'tripped by hand (window)')).toBe(
    'server:jira time:>=2026-11-27T14:01:04.500Z time:<=2026-11-27T14:02:06.500Z',
  );
});

test('every link is a filter that reads', () => {
  for (const text of [tripFilter('a', at, 'x'), tripFilter('"', at), limitedFilter, changesFilter])
    expect(readFilter(text)).toMatchObject({ ok: true });
});

test('a link opens Live without what narrowed it before', () => {
  const store = windowStore();
  store.setScope({ kind: 'session', sessionId: 's', label: 's' });
  store.setRequestsOnly(true);
  store.goTo('limits');
  showInLive(store, limitedFilter);
  expect(store.getState()).toMatchObject({ page: 'live', scope: { kind: 'all' }, requestsOnly: false, filter: limitedFilter });
});
