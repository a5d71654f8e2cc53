/** Full, read-only and damaged: traffic's observer says so, reads what can be read, and goes on by itself. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { integrityProblems } from '../../src/main/store/integrity.ts';
import { aBatch, aFrame, anExchange, aSession, aSpec, openTestStore, viewUntil, type TestStore } from '../kit/store-kit.ts';

const nobody = 65_534;

test('a full disk: commits fail with STORE_FAILED, and work again once something is purged', async () => {
  await using kit = await openTestStore({ maxSizeBytes: 2 * 1024 * 1024 });
  const failure = await fillUp(kit);

  expect(failure).toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('no room') as unknown });
  expect(await kit.store.stats()).toMatchObject({ state: 'full', problem: expect.stringContaining('no room') as unknown });
  const before = await kit.store.session('filler');
  expect(before?.frameCount).toBeGreaterThan(100);
  // Nothing of the batch that failed is there.
  expect((before?.frameCount ?? 1) % 20).toBe(0);

  await kit.store.deleteSessions(['filler'], 1);
  expect(await kit.store.purgeDeleted(2)).toBe(1);
  await kit.store.commit(aBatch({ sessions: [aSession({ id: 'next' })], frames: [aFrame({ sessionId: 'next' })] }));
  expect(await kit.store.stats()).toMatchObject({ state: 'ok', sessionCount: 1, frameCount: 1 });
});

/** Commits incompressible frames until one commit fails; returns its error. */
async function fillUp(kit: TestStore): Promise<unknown> {
  for (let seq = 1; seq < 20_000; seq += 20) {
    const frames = Array.from({ length: 20 }, (_, index) =>
      aFrame({ sessionId: 'filler', seq: seq + index, text: randomText(seq + index, 1_000) }),
    );
    try {
      await kit.store.commit(
        aBatch({
          sessions: [aSession({ id: 'filler', state: 'closed' })],
          frames,
          exchanges: [anExchange({ sessionId: 'filler', requestSeq: seq })],
        }),
      );
    } catch (error) {
      return error;
    }
  }
  throw new Error('The cap was never reached');
}

function randomText(seed: number, length: number): string {
  let state = seed * 2_654_435_761;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

// Root may write anywhere, so the process under test runs as nobody; others are stopped by the mode itself.
test('a read-only directory: recording stops and says so, what is there can be read, and it resumes by itself', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-readonly-'));
  const path = join(directory, 'traffic.db');
  const isRoot = process.getuid?.() === 0;
  const before = await openTestStore({ path });
  await before.store.commit(aBatch({ sessions: [aSession({ id: 'earlier' })], frames: [aFrame({ sessionId: 'earlier' })] }));
  await before[Symbol.asyncDispose]();
  if (isRoot) for (const file of [directory, path]) chownSync(file, nobody, nobody);
  chmodSync(path, 0o400);
  chmodSync(directory, 0o500);
  const child = spawn(process.execPath, [fileURLToPath(new URL('store-child.ts', import.meta.url)), 'wait', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  const events: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', line => events.push(JSON.parse(line) as Record<string, unknown>));
  try {
    await expect.poll(() => events.length, { timeout: 20_000 }).toBe(1);
    expect(events[0]).toMatchObject({
      event: 'stopped',
      state: 'read-only',
      readableSessions: 1,
      recorderProblem: expect.stringContaining('cannot be written') as unknown,
    });

    chmodSync(directory, 0o700);
    chmodSync(path, 0o600);
    await expect.poll(() => events[1], { timeout: 20_000 }).toEqual({ event: 'resumed', state: 'ok', sessionCount: 2 });
    await new Promise(resolve => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined)));
    await using after = await openTestStore({ path });
    expect(await after.store.stats()).toMatchObject({ sessionCount: 2, frameCount: 2 });
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a file that is no database is set aside unchanged, and a new one is begun', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-damaged-'));
  const path = join(directory, 'traffic.db');
  const garbage = 'this was never a database\n'.repeat(5_000);
  writeFileSync(path, garbage);
  try {
    await using kit = await openTestStore({ path });
    await kit.store.commit(aBatch({ sessions: [aSession()], frames: [aFrame()] }));
    const aside = readdirSync(directory).find(name => name.startsWith('traffic.db.damaged-')) ?? '';
    expect(await kit.store.stats()).toMatchObject({
      state: 'set-aside',
      problem: expect.stringContaining(aside) as unknown,
      frameCount: 1,
    });
    expect(readFileSync(join(directory, aside), 'utf8')).toBe(garbage);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('damaged pages found while running: the file is set aside, the batch goes to a new one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-pages-'));
  const path = join(directory, 'traffic.db');
  try {
    const first = await openTestStore({ path });
    for (let seq = 1; seq < 4_000; seq += 500) {
      await first.store.commit(
        aBatch({
          sessions: [aSession()],
          frames: Array.from({ length: 500 }, (_, index) => aFrame({ seq: seq + index, text: randomText(seq + index, 500) })),
        }),
      );
    }
    await first[Symbol.asyncDispose]();
    const bytes = readFileSync(path);
    // The schema on the first page stays, so that the file opens; the tables behind it are torn.
    for (let page = 4; page < bytes.length / 16_384; page += 1) if (page % 2 === 0) bytes.fill(0xa5, page * 16_384, page * 16_384 + 8_000);
    writeFileSync(path, bytes);

    await using kit = await openTestStore({ path });
    await kit.store.openView('frames', aSpec({ mode: 'frames' })).catch(() => {});
    for (let seq = 1; seq < 200; seq += 20) {
      await kit.store.commit(
        aBatch({
          sessions: [aSession()],
          frames: Array.from({ length: 20 }, (_, index) => aFrame({ seq: seq + index, text: randomText(seq + index, 6_000) })),
        }),
      );
    }
    const stats = await kit.store.stats();
    expect(stats).toMatchObject({ state: 'set-aside', sessionCount: 1 });
    expect(stats.frameCount).toBeGreaterThan(0);
    await kit.store.openView('frames', aSpec({ mode: 'frames' }));
    await viewUntil(kit.store, 'frames', state => state.matched === stats.frameCount);
    expect(integrityProblems(path)).toEqual([]);
    expect(readdirSync(directory).some(name => name.startsWith('traffic.db.damaged-'))).toBe(true);
    expect(existsSync(path)).toBe(true);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
