import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { aBatch, aCall, aFrame, anExchange, aSession, aTime, openTestStore } from '../../../test/kit/store-kit.ts';

test('a committed call is read back with its frames, bodies, names and totals', async () => {
  await using kit = await openTestStore();
  const call = aCall({ seq: 1, exchange: { flags: ['late'] } });

  const receipt = await kit.store.commit(aBatch({ sessions: [aSession()], frames: call.frames, exchanges: [call.exchange] }));

  expect(receipt).toEqual({ frameCount: 2, insertedIds: [1], updatedIds: [], sessionIds: ['s1'], committedSeq: { s1: 2 } });
  const exchange = await kit.store.exchange(1);
  expect(exchange).toEqual({
    ...call.exchange,
    id: 1,
    clientName: 'inspector',
    serverName: 'everything',
    preview: '{"name":"echo","arguments":{"message":"hello"}}',
  });
  expect(await kit.store.exchangeByKey('s1/1')).toEqual(exchange);
  const [request, answer] = await kit.store.framesWithBodies({ sessionId: 's1', afterSeq: 0, limit: 10 });
  expect(Buffer.from(request?.body ?? []).toString()).toBe(Buffer.from(call.frames[0]?.body ?? []).toString());
  expect(answer?.frame).toMatchObject({ seq: 2, kind: 'result', exchangeId: 's1/1', storedBytes: answer?.frame.sizeBytes });
  expect(await kit.store.session('s1')).toMatchObject({
    frameCount: 2,
    exchangeCount: 1,
    errorCount: 0,
    pendingCount: 0,
    lastAt: aTime + 2,
  });
});

test('a frame that is committed twice is stored once and counted once', async () => {
  await using kit = await openTestStore();
  await kit.store.commit(aBatch({ sessions: [aSession()], frames: [aFrame({ seq: 1 }), aFrame({ seq: 2 })] }));

  const receipt = await kit.store.commit(aBatch({ frames: [aFrame({ seq: 2, text: 'other' }), aFrame({ seq: 3 })] }));

  expect(receipt).toMatchObject({ frameCount: 1, committedSeq: { s1: 3 } });
  expect((await kit.store.commit(aBatch({ frames: [aFrame({ seq: 1 })] }))).committedSeq).toEqual({ s1: 1 });
  const frames = await kit.store.frames({ sessionId: 's1', afterSeq: 0, limit: 10 });
  expect(frames.map(frame => frame.seq)).toEqual([1, 2, 3]);
  expect(frames[1]?.preview).toContain('jsonrpc');
  expect((await kit.store.session('s1'))?.frameCount).toBe(3);
});

test('totals follow an exchange from pending to its error', async () => {
  await using kit = await openTestStore();
  const { durationMs, responseSeq, ...pending } = anExchange({ status: 'pending' });
  void [durationMs, responseSeq];
  await kit.store.commit(aBatch({ sessions: [aSession()], frames: [aFrame({ exchangeId: 's1/1' })], exchanges: [pending] }));
  expect(await kit.store.session('s1')).toMatchObject({ pendingCount: 1, errorCount: 0, exchangeCount: 1 });

  const receipt = await kit.store.commit(aBatch({ exchanges: [anExchange({ status: 'error', errorCode: -32602, errorMessage: 'Bad' })] }));

  expect(receipt).toMatchObject({ insertedIds: [], updatedIds: [1] });
  expect(await kit.store.session('s1')).toMatchObject({ pendingCount: 0, errorCount: 1, exchangeCount: 1 });
});

test('a large body is stored once per content and read in slices', async () => {
  await using kit = await openTestStore();
  const text = JSON.stringify({ items: Array.from({ length: 4_000 }, (_, index) => `item ${index}`) });
  const frames = [1, 2, 3].map(seq => aFrame({ seq, text }));
  await kit.store.commit(aBatch({ sessions: [aSession()], frames }));

  const slice = await kit.store.body({ sessionId: 's1', seq: 3, version: 'received', offset: 10, length: 20, decode: true });

  expect(Buffer.from(slice?.bytes ?? []).toString()).toBe(text.slice(10, 30));
  expect(slice).toMatchObject({ offset: 10, storedBytes: text.length, sizeBytes: text.length });
  const hashes = (await kit.store.frames({ sessionId: 's1', afterSeq: 0, limit: 9 })).map(frame => frame.contentHash);
  expect(new Set(hashes).size).toBe(1);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
});

test('a compressed body is given decoded, or as it came', async () => {
  await using kit = await openTestStore();
  const body = gzipSync('{"jsonrpc":"2.0","id":1,"result":{"word":"zebra"}}');
  await kit.store.commit(aBatch({ sessions: [aSession()], frames: [aFrame({ body, contentEncoding: 'gzip', kind: 'result' })] }));
  const read = (decode: boolean) => kit.store.body({ sessionId: 's1', seq: 1, version: 'received', offset: 0, length: 1000, decode });

  const decoded = await read(true);
  const raw = await read(false);

  expect(Buffer.from(decoded?.bytes ?? []).toString()).toContain('zebra');
  expect(Buffer.from(raw?.bytes ?? []).equals(body)).toBe(true);
  expect([decoded?.contentEncoding, raw?.contentEncoding]).toEqual([undefined, 'gzip']);
  expect((await kit.store.frames({ sessionId: 's1', afterSeq: 0, limit: 1 }))[0]?.preview).toContain('zebra');
});

test('what was delivered is kept beside what was received', async () => {
  await using kit = await openTestStore();
  await kit.store.commit(aBatch({ sessions: [aSession()], frames: [aFrame({ text: 'received', delivered: Buffer.from('delivered!') })] }));

  const [frame] = await kit.store.framesWithBodies({ sessionId: 's1', afterSeq: 0, limit: 1 });
  const body = await kit.store.body({ sessionId: 's1', seq: 1, version: 'delivered', offset: 0, length: 100, decode: true });

  expect(frame?.frame).toMatchObject({ storedBytes: 8, deliveredBytes: 10 });
  expect(Buffer.from(frame?.delivered ?? []).toString()).toBe('delivered!');
  expect(Buffer.from(body?.bytes ?? []).toString()).toBe('delivered!');
});

test('sessions of a host that died are marked, and a shim that comes back finds its pending calls', async () => {
  await using kit = await openTestStore();
  const { durationMs, responseSeq, ...pending } = anExchange({ status: 'pending' });
  void [durationMs, responseSeq];
  await kit.store.commit(
    aBatch({
      sessions: [aSession({ transport: 'stdio' }), aSession({ id: 's2', state: 'closed' })],
      frames: [aFrame({ exchangeId: 's1/1' })],
      exchanges: [pending],
    }),
  );

  expect(await kit.store.markInterrupted(aTime + 60_000)).toEqual(['s1']);
  expect(await kit.store.exchange(1)).toMatchObject({ status: 'no-answer', flags: ['no-answer'] });
  expect(await kit.store.session('s1')).toMatchObject({ state: 'interrupted', endedAt: aTime + 1, pendingCount: 0, errorCount: 1 });

  expect(await kit.store.sessionPast('s1')).toMatchObject({ committedSeq: 1, lastSeq: 1, pending: [pending] });
  await kit.store.commit(aBatch({ sessions: [aSession({ transport: 'stdio' })] }));
  expect(await kit.store.exchange(1)).toMatchObject({ status: 'pending', flags: [] });
  expect(await kit.store.session('s1')).toMatchObject({ state: 'live', pendingCount: 1, errorCount: 0 });
});

test('a resumed session is told up to where no frame is missing, and the highest number', async () => {
  await using kit = await openTestStore();
  await kit.store.commit(aBatch({ sessions: [aSession()], frames: [1, 2, 5, 6].map(seq => aFrame({ seq })) }));
  expect(await kit.store.sessionPast('s1')).toMatchObject({ committedSeq: 2, lastSeq: 6 });

  await kit.store.commit(aBatch({ frames: [4, 3].map(seq => aFrame({ seq })) }));

  expect(await kit.store.sessionPast('s1')).toMatchObject({ committedSeq: 6, lastSeq: 6 });
});

test('sessions are searched by name, upstream and words in their bodies, and counted', async () => {
  await using kit = await openTestStore();
  await kit.store.commit(
    aBatch({
      sessions: [
        aSession({ id: 'a', serverName: 'github' }),
        aSession({ id: 'b', startedAt: aTime + 1 }),
        aSession({ id: 'c', startedAt: aTime + 2 }),
      ],
      frames: [aFrame({ sessionId: 'a' }), aFrame({ sessionId: 'b', text: '{"note":"a rare wombat"}' }), aFrame({ sessionId: 'c' })],
    }),
  );
  await kit.store.renameSession('c', 'Monday');
  const search = async (words: string) => {
    const found = await kit.store.sessions({ search: words, sort: 'startedAt', descending: true, offset: 0, limit: 10 });
    return { ids: found.sessions.map(session => session.id), total: found.total };
  };

  expect(await search('')).toEqual({ ids: ['c', 'b', 'a'], total: 3 });
  expect(await search('GITHUB')).toEqual({ ids: ['a'], total: 1 });
  expect(await search('monday')).toEqual({ ids: ['c'], total: 1 });
  await expect.poll(() => search('wombat')).toEqual({ ids: ['b'], total: 1 });
  expect(await search('wombat github')).toEqual({ ids: [], total: 0 });
});

test('a deleted session is gone at once, comes back when restored, and is purged for good later', async () => {
  await using kit = await openTestStore();
  const text = `"${'x'.repeat(6_000)}"`;
  await kit.store.commit(
    aBatch({
      sessions: [aSession({ state: 'closed' }), aSession({ id: 's2', state: 'closed' })],
      frames: [aFrame({ text }), aFrame({ sessionId: 's2', text })],
      exchanges: [anExchange(), anExchange({ sessionId: 's2' })],
    }),
  );

  await kit.store.deleteSessions(['s1'], aTime);
  expect(await kit.store.session('s1')).toBeUndefined();
  await kit.store.restoreSessions(['s1']);
  expect(await kit.store.session('s1')).toMatchObject({ frameCount: 1 });
  await kit.store.deleteSessions(['s1'], aTime);
  expect(await kit.store.purgeDeleted(aTime)).toBe(0);
  expect(await kit.store.purgeDeleted(aTime + 1)).toBe(1);

  await kit.store.restoreSessions(['s1']);
  expect(await kit.store.session('s1')).toBeUndefined();
  expect(await kit.store.stats()).toMatchObject({ sessionCount: 1, frameCount: 1, exchangeCount: 1, state: 'ok' });
  // The same content belongs to the other session still.
  const body = await kit.store.body({ sessionId: 's2', seq: 1, version: 'received', offset: 0, length: 10, decode: true });
  expect(Buffer.from(body?.bytes ?? []).toString()).toBe('"xxxxxxxxx');
});

test('the database is for its owner only', async () => {
  await using kit = await openTestStore();
  await kit.store.commit(aBatch({ sessions: [aSession()] }));
  const modes = ['', '-wal', '-shm'].map(suffix => statSync(kit.path + suffix).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
  expect(statSync(dirname(kit.path)).mode & 0o777).toBe(0o700);
});

test('related rows are the handshake, the legs of a retry and the neighbours of the same call', async () => {
  await using kit = await openTestStore();
  await kit.store.commit(
    aBatch({
      sessions: [aSession()],
      exchanges: [
        anExchange({ requestSeq: 1, method: 'initialize' }),
        anExchange({ requestSeq: 3, status: 'tool-error' }),
        anExchange({ requestSeq: 5 }),
        anExchange({ requestSeq: 7, linkedExchangeId: 's1/5' }),
        anExchange({ requestSeq: 9, target: 'other' }),
      ],
    }),
  );

  const { rows, sameTarget } = await kit.store.related(3);

  expect(rows.map(row => [row.relation, row.exchange.requestSeq])).toEqual([
    ['handshake', 1],
    ['retry', 7],
    ['same-target', 3],
    ['same-target', 7],
  ]);
  expect(sameTarget).toEqual({ count: 3, errorCount: 1 });
  expect((await kit.store.related(4)).rows[1]).toMatchObject({ relation: 'first-leg', exchange: { requestSeq: 5 } });
  await expect(kit.store.related(99)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a malformed record is left out, the rest of its batch is stored', async () => {
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };
  await using kit = await openTestStore({ log });

  const receipt = await kit.store.commit(
    aBatch({ sessions: [aSession()], frames: [aFrame()], exchanges: [{ ...anExchange(), exchangeId: 'nonsense' }] }),
  );

  expect(receipt).toMatchObject({ frameCount: 1, insertedIds: [] });
  expect(errors).toEqual(['Records could not be stored']);
});
