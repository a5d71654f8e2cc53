import { expect, test } from 'vitest';
import {
  aBatch,
  aCall,
  aFrame,
  anExchange,
  aSession,
  aSpec,
  aTime,
  openTestStore,
  viewUntil,
  type TestStore,
} from '../../../../test/kit/store-kit.ts';
import type { ExchangeRecord } from '../../traffic/records.ts';
import type { TimelineSpec } from '../../../shared/model/timeline.ts';

/** Commits one exchange per change, in order; row numbers are 1, 2, … */
async function record(kit: TestStore, exchanges: readonly Partial<ExchangeRecord>[]): Promise<void> {
  const sessions = [...new Set(exchanges.map(exchange => exchange.sessionId ?? 's1'))];
  await kit.store.commit(
    aBatch({
      sessions: sessions.map(id => aSession({ id, state: 'closed', serverName: `server-${id}`, clientName: `Client ${id}` })),
      exchanges: exchanges.map((change, index) => anExchange({ requestSeq: index * 2 + 1, ...change })),
    }),
  );
}

async function idsOf(kit: TestStore, change: Partial<TimelineSpec>): Promise<number[]> {
  await kit.store.openView('probe', aSpec(change));
  const state = await viewUntil(kit.store, 'probe', () => true);
  const page = await kit.store.viewRows('probe', 0, 500);
  const ids = page.rows.map(row => (row.row === 'exchange' ? row.exchange.id : row.id));
  expect(state.matched).toBe(ids.length);
  return ids;
}

function moment(at: number): string {
  return new Date(at).toISOString();
}

test('rows come in the order asked for, those without a value last', async () => {
  await using kit = await openTestStore();
  const { durationMs, ...pending } = anExchange({ requestSeq: 5, status: 'pending', target: 'alpha' });
  void durationMs;
  await kit.store.commit(
    aBatch({
      sessions: [aSession()],
      exchanges: [
        anExchange({ requestSeq: 1, durationMs: 30, target: 'Beta' }),
        anExchange({ requestSeq: 3, durationMs: 10, target: 'gamma' }),
        pending,
      ],
    }),
  );
  const sorted = (column: TimelineSpec['sort']['column'], descending: boolean) => idsOf(kit, { sort: { column, descending } });

  expect(await sorted('id', false)).toEqual([1, 2, 3]);
  expect(await sorted('id', true)).toEqual([3, 2, 1]);
  expect(await sorted('durationMs', false)).toEqual([2, 1, 3]);
  expect(await sorted('durationMs', true)).toEqual([1, 2, 3]);
  expect(await sorted('target', false)).toEqual([3, 1, 2]);
  expect(await sorted('target', true)).toEqual([2, 1, 3]);
  expect(await sorted('status', true)).toEqual([3, 2, 1]);
});

test('each key of the grammar finds what it says', async () => {
  await using kit = await openTestStore();
  await record(kit, [
    { method: 'tools/call', target: 'search_code', status: 'ok', durationMs: 900, idText: '7' },
    { method: 'tools/call', target: 'echo', status: 'tool-error', durationMs: 20, idText: '"7"' },
    { sessionId: 's2', requestSeq: 1, method: 'tools/list', status: 'error', requestBytes: 1, responseBytes: 200_000 },
    { sessionId: 's2', requestSeq: 3, method: 'notifications/progress', kind: 'notification', direction: 'fromServer', status: 'ok' },
    { sessionId: 's2', requestSeq: 5, method: '', kind: 'stderr', direction: 'fromServer', status: 'ok' },
  ]);
  await kit.store.renameSession('s2', 'Monday run');
  const found = (filter: string) => idsOf(kit, { filter });

  expect(await found('')).toEqual([1, 2, 3, 4, 5]);
  expect(await found('server:SERVER-s1')).toEqual([1, 2]);
  expect(await found('client:"Client s2"')).toEqual([3, 4, 5]);
  expect(await found('session:monday*')).toEqual([3, 4, 5]);
  expect(await found('session:s1')).toEqual([1, 2]);
  expect(await found('method:tools/*')).toEqual([1, 2, 3]);
  expect(await found('tool:search*,echo')).toEqual([1, 2]);
  expect(await found('tool:search')).toEqual([]);
  expect(await found('id:7')).toEqual([1, 2]);
  expect(await found('kind:req')).toEqual([1, 2, 3]);
  expect(await found('kind:note,stderr')).toEqual([4, 5]);
  expect(await found('from:server')).toEqual([4, 5]);
  expect(await found('status:error,tool-error')).toEqual([2, 3]);
  expect(await found('dur:>500ms')).toEqual([1]);
  expect(await found('size:>100kb')).toEqual([3]);
  expect(await found(`time:<${moment(aTime + 3)}`)).toEqual([1, 3]);
  expect(await found(`time:>=${moment(aTime + 3)} server:server-s2`)).toEqual([4, 5]);
  expect(await found('-status:ok server:server-s2')).toEqual([3]);
  expect(await found('(tool:echo or kind:stderr) -client:nobody')).toEqual([2, 5]);
});

test('a comparison with a missing duration is false, and its opposite true', async () => {
  await using kit = await openTestStore();
  const { durationMs, ...pending } = anExchange({ status: 'pending' });
  void durationMs;
  await kit.store.commit(aBatch({ sessions: [aSession()], exchanges: [pending] }));
  expect(await idsOf(kit, { filter: 'dur:>0' })).toEqual([]);
  expect(await idsOf(kit, { filter: '-dur:>0' })).toEqual([1]);
});

test('full text finds words of any frame of an exchange, beginnings of words, and phrases', async () => {
  await using kit = await openTestStore();
  const calls = [
    aCall({ seq: 1, answer: '{"text":"the weather in Zürich is fine"}' }),
    aCall({ seq: 3, request: '{"path":"/etc/hosts"}', answer: '{"text":"is fine weather"}' }),
    aCall({ seq: 5, exchange: { target: 'read_file' } }),
  ];
  await kit.store.commit(
    aBatch({ sessions: [aSession()], frames: calls.flatMap(call => call.frames), exchanges: calls.map(call => call.exchange) }),
  );
  await kit.store.openView('indexed', aSpec({ filter: 'fine' }));
  await viewUntil(kit.store, 'indexed', state => state.matched === 2);
  const found = (filter: string) => idsOf(kit, { filter });

  expect(await found('weath')).toEqual([1, 2]);
  expect(await found('"weath"')).toEqual([]);
  expect(await found('"is fine"')).toEqual([1, 2]);
  expect(await found('"weather in"')).toEqual([1]);
  expect(await found('zurich')).toEqual([1]);
  expect(await found('weather -zurich')).toEqual([2]);
  expect(await found('weather etc')).toEqual([2]);
  expect(await found('hosts or read_fi')).toEqual([2, 3]);
  expect(await found('weather tool:read_file')).toEqual([]);
  expect(await idsOf(kit, { filter: 'weather', mode: 'frames' })).toEqual([2, 4]);
});

test('an open view follows commits: rows come, change, and leave when they no longer match', async () => {
  await using kit = await openTestStore();
  const states: number[] = [];
  kit.store.onViewChanged((viewId, state) => {
    if (viewId === 'pending') states.push(state.matched);
  });
  await kit.store.openView('pending', aSpec({ filter: 'status:pending' }));
  await kit.store.commit(
    aBatch({ sessions: [aSession()], exchanges: [anExchange({ status: 'pending' }), anExchange({ requestSeq: 3, status: 'pending' })] }),
  );
  await viewUntil(kit.store, 'pending', state => state.matched === 2 && state.total === 2);

  await kit.store.commit(aBatch({ exchanges: [anExchange({ status: 'ok' })] }));
  const state = await viewUntil(kit.store, 'pending', ({ matched }) => matched === 1);

  expect(state.total).toBe(2);
  expect((await kit.store.viewRows('pending', 0, 10)).rows).toMatchObject([{ exchange: { id: 2 } }]);
  expect(await kit.store.viewIndexOf('pending', 1)).toBe(-1);
  await expect.poll(() => states.at(-1)).toBe(1);
});

test('an open view sorted by duration puts a late answer in its place', async () => {
  await using kit = await openTestStore();
  await kit.store.openView('slow', aSpec({ sort: { column: 'durationMs', descending: true } }));
  await record(kit, [{ durationMs: 5 }, { durationMs: 50 }, { durationMs: 20 }]);
  await kit.store.commit(aBatch({ exchanges: [anExchange({ requestSeq: 1, durationMs: 30 })] }));

  await viewUntil(kit.store, 'slow', state => state.matched === 3);
  const rows = (await kit.store.viewRows('slow', 0, 10)).rows;

  expect(rows.map(row => row.row === 'exchange' && row.exchange.id)).toEqual([2, 1, 3]);
});

test('rows of a deleted session leave the open views and come back when it is restored', async () => {
  await using kit = await openTestStore();
  await record(kit, [{ sessionId: 's1' }, { sessionId: 's2', requestSeq: 1 }, { sessionId: 's1', requestSeq: 3 }]);
  await kit.store.openView('all', aSpec());
  await kit.store.openView('slow', aSpec({ sort: { column: 'durationMs', descending: false } }));

  await kit.store.deleteSessions(['s1'], 1);
  for (const view of ['all', 'slow']) expect(await viewUntil(kit.store, view, state => state.matched === 1)).toMatchObject({ total: 1 });
  expect((await kit.store.viewRows('all', 0, 10)).rows).toMatchObject([{ exchange: { id: 2 } }]);
  expect(await idsOf(kit, {})).toEqual([2]);

  await kit.store.restoreSessions(['s1']);
  for (const view of ['all', 'slow']) {
    await viewUntil(kit.store, view, state => state.matched === 3);
    expect((await kit.store.viewRows(view, 0, 10)).rows.map(row => row.row === 'exchange' && row.exchange.id)).toEqual([1, 2, 3]);
  }
});

test('a view follows the name that a client gives of itself later', async () => {
  await using kit = await openTestStore();
  await kit.store.openView('claude', aSpec({ filter: 'client:claude*' }));
  await record(kit, [{}, { requestSeq: 3 }]);
  await kit.store.commit(aBatch({ sessions: [aSession({ clientName: 'Claude Desktop', serverName: 'server-s1' })] }));
  expect(await viewUntil(kit.store, 'claude', state => state.matched === 2)).toMatchObject({ total: 2 });
});

test('scope narrows to sessions, a client, a server, and to requests', async () => {
  await using kit = await openTestStore();
  await record(kit, [{ sessionId: 's1' }, { sessionId: 's2', requestSeq: 1 }, { sessionId: 's2', requestSeq: 3, kind: 'notification' }]);
  expect(await idsOf(kit, { scope: { sessionIds: ['s2'] } })).toEqual([2, 3]);
  expect(await idsOf(kit, { scope: { serverName: 'server-s1' } })).toEqual([1]);
  expect(await idsOf(kit, { scope: { clientName: 'Client s2' }, requestsOnly: true })).toEqual([2]);
  await kit.store.openView('scoped', aSpec({ scope: { sessionIds: ['s2'] }, requestsOnly: true, filter: 'status:error' }));
  expect(await viewUntil(kit.store, 'scoped', () => true)).toMatchObject({ matched: 0, total: 1 });
});

test('one row per frame: a frame is found by what its exchange is', async () => {
  await using kit = await openTestStore();
  const call = aCall({ seq: 1, exchange: { status: 'tool-error' } });
  const stderr = aFrame({ seq: 3, kind: 'stderr', direction: 'fromServer', delivery: 'stderr', text: 'warming up' });
  await kit.store.commit(aBatch({ sessions: [aSession()], frames: [...call.frames, stderr], exchanges: [call.exchange] }));
  const found = (filter: string, requestsOnly = false) => idsOf(kit, { mode: 'frames', filter, requestsOnly });

  expect(await found('')).toEqual([1, 2, 3]);
  expect(await found('', true)).toEqual([1, 2]);
  expect(await found('tool:echo')).toEqual([1, 2]);
  expect(await found('status:tool-error kind:res')).toEqual([2]);
  expect(await found('kind:stderr')).toEqual([3]);
  expect(await found(`time:>${moment(aTime + 2)}`)).toEqual([3]);
  const page = await kit.store.viewRows('probe', 0, 1);
  expect(page.rows[0]).toMatchObject({ row: 'frame', id: 3, clientName: 'inspector', frame: { preview: 'warming up' } });
});

test('the next and the previous error are found from any row', async () => {
  await using kit = await openTestStore();
  await record(kit, [{}, { requestSeq: 3, status: 'error' }, { requestSeq: 5 }, { requestSeq: 7, status: 'failed' }]);
  await kit.store.openView('all', aSpec());
  const find = (from: number, backwards: boolean) => kit.store.viewFind('all', { from, backwards, what: 'error' });
  expect([await find(-1, false), await find(1, false), await find(3, false)]).toEqual([1, 3, -1]);
  expect([await find(3, true), await find(1, true)]).toEqual([1, -1]);
});

test('a filter that does not read is refused with its place; a closed view is not found', async () => {
  await using kit = await openTestStore();
  await expect(kit.store.openView('bad', aSpec({ filter: 'tool:x stauts:ok' }))).rejects.toMatchObject({
    code: 'BAD_CALL',
    message: expect.stringMatching(/Did you mean "status"\?.*at 7/) as unknown,
  });
  await kit.store.openView('gone', aSpec());
  await kit.store.closeView('gone');
  await expect(kit.store.viewRows('gone', 0, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('completion offers the values that occur, most frequent first', async () => {
  await using kit = await openTestStore();
  await record(kit, [
    { target: 'echo' },
    { requestSeq: 3, target: 'search' },
    { requestSeq: 5, target: 'search' },
    { requestSeq: 7, method: 'ping', target: 'no tool' },
  ]);
  expect(await kit.store.filterValues('tool', '', 10)).toEqual(['search', 'echo']);
  expect(await kit.store.filterValues('tool', 'E', 10)).toEqual(['echo']);
  expect(await kit.store.filterValues('server', '', 10)).toEqual(['server-s1']);
  expect(await kit.store.filterValues('status', 'p', 10)).toEqual(['pending']);
  expect(await kit.store.filterValues('nonsense', '', 10)).toEqual([]);
  for (const inherited of ['__proto__', 'constructor', 'toString']) expect(await kit.store.filterValues(inherited, '', 10)).toEqual([]);
});
