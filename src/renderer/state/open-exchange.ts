/** Shows one recorded exchange in Live, from any other page: its session, its row with the cursor, its detail. */
import { specOf } from './window-store.ts';
import type { Workbench } from './workbench.ts';

const PATIENCE_MS = 5000;

type Place = Pick<Workbench, 'host' | 'window' | 'timeline'>;

export async function openExchange({ host, window, timeline }: Place, exchange: { sessionId: string; exchangeId: string }): Promise<void> {
  const { sessionId, exchangeId } = exchange;
  const [{ id }, session] = await Promise.all([host.call('exchange.find', { exchangeId }), host.call('session.get', { id: sessionId })]);
  const label = session.name === '' ? `${session.clientName} → ${session.serverName}` : session.name;
  const before = JSON.stringify(specOf(window.getState()));
  const { generation } = timeline.state();
  window.showOnly({ kind: 'session', sessionId, label });
  // The rows of the session are another view, which the host opens first.
  if (JSON.stringify(specOf(window.getState())) !== before) await grown(timeline, generation);
  const index = await timeline.indexOf(id);
  if (index < 0) throw new Error('That row is not among those of its session any more.');
  window.showRow(id, index, timeline.state().matched);
}

function grown(timeline: Workbench['timeline'], generation: number): Promise<void> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => end(() => fail(new Error('The rows of that session did not come.'))), PATIENCE_MS);
    const end = (how: () => void) => {
      clearTimeout(timer);
      release();
      how();
    };
    const release = timeline.subscribe(() => timeline.state().generation > generation && end(done));
  });
}
