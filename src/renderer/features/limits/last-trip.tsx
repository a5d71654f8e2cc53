/** When and why a breaker opened last, with the way to the rows that made it. */
import type { BreakerState } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { shortMoment } from '../../formats/time.ts';
import { useNow, useWorkbench } from '../../state/use-workbench.ts';
import { showInLive, tripFilter } from './live-links.ts';

export function LastTrip({ server, breaker }: { readonly server: string; readonly breaker: BreakerState }) {
  const { window: store } = useWorkbench();
  const now = useNow(false);
  const { lastTripAt, lastTripReason = '' } = breaker;
  if (lastTripAt === undefined) return <p className="last-trip quiet">Never tripped</p>;
  const filter = tripFilter(server, lastTripAt, lastTripReason);
  return (
    <p className="last-trip">
      <button type="button" className="link" title={`Show these rows in Live: ${filter}`} onClick={() => showInLive(store, filter)}>
        Tripped {shortMoment(lastTripAt, now)}
      </button>
      <span className="quiet clip" title={visibleText(lastTripReason)}>
        {visibleText(lastTripReason)}
      </span>
    </p>
  );
}
