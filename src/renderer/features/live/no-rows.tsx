/** An empty table says why, and what to do about it. */
import { useWindow, useWorkbench } from '../../state/use-workbench.ts';

export function NoRows() {
  const { window: store } = useWorkbench();
  const filter = useWindow(state => state.filter);
  const scope = useWindow(state => state.scope);
  const requestsOnly = useWindow(state => state.requestsOnly);
  return (
    <div className="no-rows">
      <h2>{filter === '' ? 'Nothing here yet' : 'No row matches the filter'}</h2>
      <p>{filter === '' ? 'Rows appear as soon as a message passes.' : 'It is evaluated over everything recorded in this scope.'}</p>
      <div className="no-rows-ways">
        {filter !== '' && (
          <button type="button" className="btn" onClick={() => store.setFilter('')}>
            Clear the filter
          </button>
        )}
        {scope.kind !== 'all' && (
          <button type="button" className="btn" onClick={() => store.setScope({ kind: 'all' })}>
            Show all traffic
          </button>
        )}
        {requestsOnly && (
          <button type="button" className="btn" onClick={() => store.setRequestsOnly(false)}>
            Show notifications and logs
          </button>
        )}
      </div>
    </div>
  );
}
