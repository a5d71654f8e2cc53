/** Filters for the Live page that show what a card or a limit speaks of. */
import type { BreakerState } from '../../../shared/model/gateway-state.ts';
import { token } from '../../state/filter-text.ts';
import type { WindowStore } from '../../state/window-store.ts';

/** The calls that made a breaker open lie within its window before the trip; the row that tells of it is written right after. */
const BEFORE_MS = 60_000;
const AFTER_MS = 2000;

/** What failed at a server around a trip, and the row of the trip itself. Who trips by hand wants to see what passed then. */
export function tripFilter(server: string, at: number, reason: BreakerState['lastTripReason'] = ''): string {
  const range = `time:>=${moment(at - BEFORE_MS)} time:<=${moment(at + AFTER_MS)}`;
  const what = reason.startsWith('tripped by hand') ? '' : ' (status:failed,no-answer or kind:lifecycle)';
  return `${token('server', server)} ${range}${what}`;
}

/** Refusals of any limit: the word is the reason in our answer. */
export const limitedFilter = 'status:refused LIMITED';

/** Rows that the gateway writes about itself. */
export const changesFilter = 'client:gateway kind:lifecycle';

export function showInLive(store: WindowStore, filter: string): void {
  store.setScope({ kind: 'all' });
  store.setRequestsOnly(false);
  store.setFilter(filter);
}

function moment(at: number): string {
  return new Date(at).toISOString();
}
