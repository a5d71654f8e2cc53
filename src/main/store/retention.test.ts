import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Logger } from '../ports.ts';
import { aBatch, aCall, aSession, aSpec, aTime, openTestStore, viewUntil, type TestStore } from '../../../test/kit/store-kit.ts';

const dayMs = 24 * 60 * 60 * 1000;
const quick = { checkMs: 50, maxAgeMs: Infinity };

class NotedLog implements Logger {
  readonly lines: { readonly message: string; readonly facts: Record<string, unknown> | undefined }[] = [];
  debug(): void {}
  info = (message: string, facts?: Record<string, unknown>) => void this.lines.push({ message, facts });
  warn = this.info;
  error = this.info;

  factsOf(message: string): Record<string, unknown>[] {
    return this.lines.filter(line => line.message === message).map(line => line.facts ?? {});
  }
}

/** Incompressible text, so that stored bytes grow as the frames do. */
function noise(seed: number, length: number): string {
  let state = (seed + 1) * 2_654_435_761;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

/** A session of `callCount` calls of 2 KB, its last frame `startedAt` + some ms. */
async function record(
  kit: TestStore,
  id: string,
  options: { startedAt: number; callCount: number; state?: 'live' | 'closed' },
): Promise<number> {
  const { startedAt, callCount, state = 'closed' } = options;
  const calls = Array.from({ length: callCount }, (_, index) =>
    aCall({ sessionId: id, seq: index * 2 + 1, request: noise(startedAt + index, 1_000), answer: noise(startedAt - index, 1_000) }),
  );
  const frames = calls.flatMap(call => call.frames).map(frame => ({ ...frame, at: startedAt + frame.seq }));
  const from = performance.now();
  await kit.store.commit(aBatch({ sessions: [aSession({ id, state, startedAt })], frames, exchanges: calls.map(call => call.exchange) }));
  return performance.now() - from;
}

async function sessionIds(kit: TestStore): Promise<string[]> {
  const { sessions } = await kit.store.sessions({ search: '', sort: 'startedAt', descending: false, offset: 0, limit: 1000 });
  return sessions.map(session => session.id);
}

test('sessions without a frame for longer than the bound go, with their rows, bodies and words; live ones stay', async () => {
  const log = new NotedLog();
  const now = Date.now();
  await using kit = await openTestStore({ retention: quick, log });
  const told: string[] = [];
  kit.store.onCommitted(receipt => told.push(...(receipt.frameCount === 0 ? receipt.sessionIds : [])));
  await record(kit, 'old', { startedAt: now - 31 * dayMs, callCount: 300 });
  await record(kit, 'old-but-live', { startedAt: now - 31 * dayMs, callCount: 2, state: 'live' });
  await record(kit, 'recent', { startedAt: now - 29 * dayMs, callCount: 5 });
  await kit.store.openView('exchanges', aSpec());
  await kit.store.openView('slowest', aSpec({ sort: { column: 'durationMs', descending: true } }));
  await kit.store.openView('frames', aSpec({ mode: 'frames' }));
  expect(await viewUntil(kit.store, 'exchanges', () => true)).toMatchObject({ matched: 307, total: 307 });
  // Only now: the store looks at its bounds by itself, as soon as they hold.
  await kit.store.setRetention({ maxAgeMs: 30 * dayMs, maxStoredBytes: 1024 ** 3 });

  await expect.poll(() => log.factsOf('Old sessions were removed'), { timeout: 25_000 }).toHaveLength(1);

  expect(log.factsOf('Old sessions were removed')).toMatchObject([
    { sessionCount: 1, frameCount: 600, exchangeCount: 300, age: 1, size: 0 },
  ]);
  expect(await sessionIds(kit)).toEqual(['old-but-live', 'recent']);
  expect(told).toEqual(['old']);
  expect(await viewUntil(kit.store, 'exchanges', state => state.total === 7)).toMatchObject({ matched: 7 });
  expect(await viewUntil(kit.store, 'slowest', state => state.total === 7)).toMatchObject({ matched: 7 });
  expect(await viewUntil(kit.store, 'frames', state => state.total === 14)).toMatchObject({ matched: 14 });
  expect((await kit.store.viewRows('exchanges', 0, 10)).rows).toHaveLength(7);
  expect(await kit.store.stats()).toMatchObject({ sessionCount: 2, frameCount: 14, exchangeCount: 7 });
  await kit.store.openView('word', aSpec({ filter: noise(now - 31 * dayMs, 1_000).slice(0, 12), mode: 'frames' }));
  // Words come a moment after the rows.
  expect(await viewUntil(kit.store, 'word', state => state.matched === 2)).toMatchObject({ matched: 2 });
});

test('a store over its size loses its oldest ended sessions, gives the room back, and goes on taking commits at once', async () => {
  const log = new NotedLog();
  const maxStoredBytes = 6 * 1024 * 1024;
  await using kit = await openTestStore({ retention: { ...quick, maxStoredBytes }, log });
  await record(kit, 'live', { startedAt: aTime, callCount: 50, state: 'live' });
  const waits: number[] = [];
  for (let number = 1; number <= 30; number += 1)
    waits.push(await record(kit, `session-${number}`, { startedAt: aTime + number * 1_000, callCount: 150 }));

  await expect
    .poll(async () => (await kit.store.stats()).sizeBytes, { timeout: 25_000, interval: 200 })
    .toBeLessThan(maxStoredBytes + 512 * 1024);

  const ids = await sessionIds(kit);
  expect(ids).toContain('live');
  expect(ids).toContain('session-30');
  expect(ids.length).toBeGreaterThan(4);
  // The newest in an unbroken row: none was skipped for an older one.
  const kept = ids.filter(id => id !== 'live');
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `session-${31 - kept.length + index}`));
  const removed = log.factsOf('Old sessions were removed').reduce((sum, facts) => sum + Number(facts.sessionCount), 0);
  expect(removed).toBe(30 - kept.length);
  // Generous, the machine may be busy; removing a whole session in one go takes longer.
  expect(waits.toSorted((a, b) => a - b)[15]).toBeLessThan(400);
});

test('a file over its size by what is free alone gives that back, and keeps every session', async () => {
  const first = await openTestStore();
  await record(first, 'kept', { startedAt: aTime, callCount: 50 });
  await first.close();
  // As merging the index of words does it: room that was needed for a moment.
  const db = new DatabaseSync(first.path);
  db.exec(`CREATE TABLE passing (bytes BLOB); INSERT INTO passing VALUES (zeroblob(${4 * 1024 * 1024})); DROP TABLE passing`);
  db.close();
  expect(statSync(first.path).size).toBeGreaterThan(4 * 1024 * 1024);

  const maxStoredBytes = 2 * 1024 * 1024;
  const kit = await openTestStore({ path: first.path, retention: { ...quick, maxStoredBytes } });
  await expect.poll(async () => (await kit.store.stats()).sizeBytes, { interval: 200 }).toBeLessThan(maxStoredBytes);
  expect(await sessionIds(kit)).toEqual(['kept']);
  await kit[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

test('live sessions are kept even where they alone are too large, which is said once', async () => {
  const log = new NotedLog();
  await using kit = await openTestStore({ retention: { ...quick, maxStoredBytes: 512 * 1024 }, log });
  await record(kit, 'ended', { startedAt: aTime, callCount: 100 });
  await record(kit, 'live', { startedAt: aTime + 1_000, callCount: 600, state: 'live' });

  await expect
    .poll(() => log.factsOf('Live sessions alone fill the store beyond its bound; they are not removed'), { timeout: 25_000 })
    .toHaveLength(1);
  await new Promise(resolve => setTimeout(resolve, 200));

  expect(await sessionIds(kit)).toEqual(['live']);
  expect(await kit.store.session('live')).toMatchObject({ frameCount: 1_200 });
  expect(log.factsOf('Live sessions alone fill the store beyond its bound; they are not removed')).toHaveLength(1);
});

test('what a host that ended too soon had only hidden is removed later', async () => {
  const log = new NotedLog();
  await using kit = await openTestStore({ retention: { ...quick, checkMs: 300 }, log });
  await record(kit, 'deleted', { startedAt: aTime, callCount: 10 });
  await record(kit, 'just-deleted', { startedAt: aTime, callCount: 10 });
  await kit.store.deleteSessions(['deleted'], Date.now() - 2 * 60 * 60 * 1000);
  await kit.store.deleteSessions(['just-deleted'], Date.now());

  await expect
    .poll(() => log.factsOf('Old sessions were removed'), { timeout: 25_000 })
    .toMatchObject([{ sessionCount: 1, deleted: 1, frameCount: 20 }]);
  await kit.store.restoreSessions(['just-deleted']);
  expect(await sessionIds(kit)).toEqual(['just-deleted']);
});

test('a few frames take little room: the log is folded into the file once nothing comes for a while', async () => {
  await using kit = await openTestStore();
  for (let seq = 1; seq <= 66; seq += 2) {
    const call = aCall({ seq });
    await kit.store.commit(aBatch({ sessions: [aSession()], frames: call.frames, exchanges: [call.exchange] }));
  }
  expect((await kit.store.stats()).sizeBytes).toBeLessThan(6 * 1024 * 1024);

  await expect.poll(async () => (await kit.store.stats()).sizeBytes, { timeout: 25_000, interval: 250 }).toBeLessThan(1024 * 1024);

  expect((await kit.store.stats()).sizeBytes).toBe(statSync(kit.path).size);
  expect(existsSync(`${kit.path}-wal`) ? statSync(`${kit.path}-wal`).size : 0).toBe(0);
  expect(await kit.store.stats()).toMatchObject({ frameCount: 66 });
});

test('new bounds hold from the next look on', async () => {
  const now = Date.now();
  await using kit = await openTestStore({ retention: { ...quick, maxAgeMs: 30 * dayMs } });
  await record(kit, 'older', { startedAt: now - 3 * dayMs, callCount: 2 });
  await record(kit, 'recent', { startedAt: now - dayMs / 2, callCount: 2 });
  await new Promise(resolve => setTimeout(resolve, 200));
  expect(await sessionIds(kit)).toEqual(['older', 'recent']);
  await kit.store.setRetention({ maxAgeMs: dayMs, maxStoredBytes: 1024 ** 3 });
  await expect.poll(() => sessionIds(kit), { timeout: 25_000 }).toEqual(['recent']);
});
