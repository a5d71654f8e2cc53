/** The session list: pages, questions that overtake each other, deletion at once and back. */
import { expect, test } from 'vitest';
import type { HostClient } from '../host/host-client.ts';
import { SessionList } from './session-list.ts';

function hostOf(count: number) {
  const gone = new Set<string>();
  const asked: string[] = [];
  const all = Array.from({ length: count }, (_, at) => ({ id: `s${at}`, name: '' }));
  const client: HostClient = {
    state: { kind: 'connected' },
    onState: () => () => {},
    follow: () => () => {},
    call: async (name, input) => {
      // A search for more is slower, as it is in a real store.
      const { search = '' } = input as { search?: string };
      await new Promise(resolve => setTimeout(resolve, search === 'slow' ? 20 : 1));
      if (name === 'session.list') {
        const { offset = 0, limit = 200 } = input as { offset?: number; limit?: number };
        asked.push(`${search}@${offset}`);
        const left = all.filter(session => !gone.has(session.id) && (search === '' || session.id === search || search === 'slow'));
        return { sessions: left.slice(offset, offset + limit), total: left.length } as never;
      }
      const { ids = [] } = input as { ids?: string[] };
      if (name === 'session.delete') for (const id of ids) gone.add(id);
      if (name === 'session.restore') for (const id of ids) gone.delete(id);
      return (name === 'session.rename' ? { ...(input as object) } : { undoMs: 10_000 }) as never;
    },
  };
  return { client, asked };
}

const settle = () => new Promise(resolve => setTimeout(resolve, 60));

test('lists the first part and more when the end comes near', async () => {
  const list = new SessionList(hostOf(450).client);
  await settle();
  expect(list.state()).toMatchObject({ total: 450, isLoading: false });
  expect(list.state().sessions).toHaveLength(200);
  list.more();
  await settle();
  list.more();
  await settle();
  expect(list.state().sessions).toHaveLength(450);
  list.close();
});

test('the answer to the last question wins', async () => {
  const list = new SessionList(hostOf(10).client);
  await settle();
  list.find({ search: 'slow' });
  list.find({ search: 's3' });
  await settle();
  expect(list.state().sessions.map(session => session.id)).toEqual(['s3']);
  list.close();
});

test('a deleted session is gone at once and comes back', async () => {
  const list = new SessionList(hostOf(3).client);
  await settle();
  expect(await list.remove(['s1'])).toBe(10_000);
  expect(list.state().sessions.map(session => session.id)).toEqual(['s0', 's2']);
  expect(list.state().total).toBe(2);
  await list.restore(['s1']);
  expect(list.state().sessions).toHaveLength(3);
  list.close();
});

test('a new name shows at once', async () => {
  const list = new SessionList(hostOf(2).client);
  await settle();
  await list.rename('s1', 'the slow one');
  expect(list.state().sessions[1]?.name).toBe('the slow one');
  list.close();
});
