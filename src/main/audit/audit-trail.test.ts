/** The trail on a real directory and a real store: the chain, rotation, what a crash leaves, and every way to falsify it. */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { anExchangeEvent, eventTime } from '../../../test/kit/gateway-events.ts';
import { quickest } from '../../../test/kit/quickest.ts';
import { openTestStore } from '../../../test/kit/store-kit.ts';
import type { AuditRow } from '../../shared/model/audit.ts';
import { silentLogger, systemClock } from '../ports.ts';
import { GENESIS, hashOf, sealed } from './audit-chain.ts';
import type { AuditStore } from './audit-ledger.ts';
import { type AuditTrail, openAuditTrail } from './audit-trail.ts';
import { exportAudit } from './query-audit.ts';
import { verifyAudit } from './verify-audit.ts';

const directories: string[] = [];
const trails: AuditTrail[] = [];
afterEach(async () => {
  for (const trail of trails.splice(0)) await trail.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const usual = { enabled: true, arguments: false, maxFile: 64 * 1024 * 1024, maxFiles: 10 };

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-audit-'));
  directories.push(directory);
  return join(directory, 'audit');
}

async function open(dir: string, config: Partial<typeof usual> = {}, store?: AuditStore): Promise<AuditTrail> {
  const options = { dir, clock: systemClock, log: silentLogger, config: () => ({ ...usual, ...config }) };
  const trail = await openAuditTrail(store === undefined ? options : { ...options, store });
  trails.push(trail);
  return trail;
}

/** Calls with the numbers `from` to `to` as their targets, written and closed. */
async function filled(dir: string, count: number, { config = {}, store }: { config?: Partial<typeof usual>; store?: AuditStore } = {}) {
  const trail = await open(dir, config, store);
  // One at a time, as traffic comes: a batch is never split over files.
  for (let at = 1; at <= count; at += 1) {
    trail.observe(anExchangeEvent({ target: `tool-${at}` }));
    if (at % 10 === 0) await trail.flush();
  }
  await trail.close();
}

const current = (dir: string) => join(dir, 'audit.jsonl');
const linesIn = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const rowsIn = (path: string) => linesIn(path).map(line => JSON.parse(line) as AuditRow);
const verified = async (dir: string, store?: AuditStore) =>
  verifyAudit(
    dir,
    store === undefined ? undefined : { head: () => store.auditHead(), hashes: (after, limit) => store.auditHashes(after, limit) },
  );
const whats = async (dir: string, store?: AuditStore) => (await verified(dir, store)).problems.map(({ what }) => what);

test('each row carries the hash of the one before; file and database agree', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 3, { store: kit.store });
  const rows = rowsIn(current(dir));
  expect(rows.map(({ seq, kind, target }) => [seq, kind, target])).toEqual([
    [1, 'file', undefined],
    [2, 'call', 'tool-1'],
    [3, 'call', 'tool-2'],
    [4, 'call', 'tool-3'],
  ]);
  expect(rows.map(({ prev_hash }) => prev_hash)).toEqual([GENESIS, ...rows.slice(0, -1).map(({ hash }) => hash)]);
  for (const row of rows) expect(hashOf(row)).toBe(row.hash);
  expect(statSync(current(dir)).mode & 0o777).toBe(0o600);
  expect(await kit.store.auditHead()).toEqual({ seq: 4, hash: rows[3]?.hash, firstSeq: 1, firstPrevHash: GENESIS });
  expect(await verified(dir, kit.store)).toMatchObject({ problems: [], rowCount: 4, fileCount: 1, hasDatabase: true, aheadCount: 0 });
});

test('the chain goes on after a restart and over files; the oldest files and their rows go', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  const config = { maxFile: 6_000, maxFiles: 3 };
  await filled(dir, 60, { config, store: kit.store });
  await filled(dir, 60, { config, store: kit.store });
  const names = readdirSync(dir).sort();
  expect(names).toHaveLength(3);
  expect(names.at(-1)).toBe('audit.jsonl');
  const report = await verified(dir, kit.store);
  expect(report).toMatchObject({ problems: [], fileCount: 3 });
  const [oldest = ''] = names;
  const head = await kit.store.auditHead();
  expect([head?.firstSeq, head?.firstPrevHash]).toEqual([rowsIn(join(dir, oldest))[0]?.seq, rowsIn(join(dir, oldest))[0]?.prev_hash]);
  expect((await kit.store.auditHashes(0, 1))[0]?.seq).toBe(head?.firstSeq);
  const numbers = names.map(name => rowsIn(join(dir, name))[0]?.details?.['file'] as number);
  expect(numbers).toEqual([numbers[0], (numbers[0] as number) + 1, (numbers[0] as number) + 2]);
});

test('with room for one file alone, the database follows to its beginning', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 60, { config: { maxFile: 6_000, maxFiles: 1 }, store: kit.store });
  expect(readdirSync(dir)).toEqual(['audit.jsonl']);
  expect((await kit.store.auditHead())?.firstSeq).toBe(rowsIn(current(dir))[0]?.seq);
  expect(await whats(dir, kit.store)).toEqual([]);
});

/** Rewrites the file line by line. */
function edit(path: string, change: (lines: string[]) => string[]): void {
  writeFileSync(
    path,
    change(linesIn(path))
      .map(line => `${line}\n`)
      .join(''),
  );
}

/** Seals all rows from a line on again, as somebody would who knows how the chain is made. */
function reseal(lines: readonly string[], from: number): string[] {
  let end = { seq: 0, hash: GENESIS };
  return lines.map((line, at) => {
    const { seq, prev_hash, hash, ...draft } = JSON.parse(line) as AuditRow;
    if (at < from) {
      end = { seq, hash };
      return line;
    }
    void prev_hash;
    const row = sealed(draft, end);
    end = row;
    return JSON.stringify(row);
  });
}

test('without a database an edited and a removed row show by the chain alone', async () => {
  const dir = scratch();
  await filled(dir, 5);
  const whole = readFileSync(current(dir));
  edit(current(dir), lines => lines.map((line, at) => (at === 2 ? line.replace('tool-2', 'tool-9') : line)));
  expect((await verified(dir)).problems).toEqual([
    { what: 'changed-row', text: expect.stringContaining('Row 3 was changed'), file: 'audit.jsonl', line: 3, seq: 3 },
  ]);
  writeFileSync(current(dir), whole);
  edit(current(dir), lines => lines.toSpliced(2, 2));
  expect((await verified(dir)).problems).toEqual([
    { what: 'removed-rows', text: 'Rows 3 to 4 are missing before line 3 of audit.jsonl.', file: 'audit.jsonl', line: 3, seq: 3 },
  ]);
  writeFileSync(current(dir), whole);
  edit(current(dir), lines => lines.toSpliced(2, 0, 'not a row'));
  expect(await whats(dir)).toEqual(['unreadable-line']);
  writeFileSync(current(dir), whole);
  edit(current(dir), lines => [...lines.slice(0, 3), ...lines.slice(4), lines[3] as string]);
  expect(await whats(dir)).toEqual(['removed-rows', 'changed-row']);
});

test('a chain that was computed anew shows by the database, and so does a cut tail', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 5, { store: kit.store });
  const whole = readFileSync(current(dir));
  edit(current(dir), lines =>
    reseal(
      lines.map((line, at) => (at === 2 ? line.replace('tool-2', 'tool-9') : line)),
      2,
    ),
  );
  expect(await whats(dir)).toEqual([]);
  expect((await verified(dir, kit.store)).problems).toMatchObject([{ what: 'changed-row', seq: 3 }]);
  writeFileSync(current(dir), whole);
  edit(current(dir), lines => lines.slice(0, -2));
  expect(await whats(dir)).toEqual([]);
  expect((await verified(dir, kit.store)).problems).toMatchObject([
    { what: 'cut-tail', seq: 5, text: expect.stringContaining('Rows 5 to 6') },
  ]);
  rmSync(current(dir));
  expect(await whats(dir, kit.store)).toEqual(['cut-tail']);
});

test('a file that is another one shows, by its number, its place in the chain, or the database', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  const config = { maxFile: 6_000 };
  await filled(dir, 80, { config, store: kit.store });
  const first = join(dir, 'audit-000001.jsonl');
  const second = join(dir, 'audit-000002.jsonl');
  renameSync(first, `${first}.x`);
  renameSync(second, first);
  renameSync(`${first}.x`, second);
  expect((await whats(dir, kit.store))[0]).toBe('swapped-file');
  renameSync(first, `${first}.x`);
  renameSync(second, first);
  renameSync(`${first}.x`, second);
  expect(await whats(dir, kit.store)).toEqual([]);

  // Another installation's file of the same number.
  const other = scratch();
  await filled(other, 80, { config });
  writeFileSync(second, readFileSync(join(other, 'audit-000002.jsonl')));
  expect((await whats(dir))[0]).toBe('swapped-file');
  // Where files turn is another row in each installation: one that begins further on is no gap to a database that knows better.
  const later = scratch();
  await filled(later, 80, { config: { maxFile: 16_000 } });
  writeFileSync(second, readFileSync(join(later, 'audit-000002.jsonl')));
  expect((await whats(dir))[0]).toBe('removed-rows');
  expect((await verified(dir, kit.store)).problems[0]).toMatchObject({ what: 'swapped-file', file: 'audit-000002.jsonl', line: 1 });
  // One that begins further back: its numbers were there already, which is no row that the database lacks.
  const earlier = scratch();
  await filled(earlier, 80, { config: { maxFile: 3_000 } });
  writeFileSync(second, readFileSync(join(earlier, 'audit-000002.jsonl')));
  expect(new Set(await whats(dir, kit.store))).toEqual(new Set(['swapped-file', 'changed-row', 'removed-rows']));
  // All files of another installation: a whole chain, which the database does not know.
  for (const name of readdirSync(dir)) rmSync(join(dir, name));
  for (const name of readdirSync(other)) writeFileSync(join(dir, name), readFileSync(join(other, name)));
  expect(await whats(dir)).toEqual([]);
  expect((await verified(dir, kit.store)).problems[0]).toMatchObject({ what: 'swapped-file', file: 'audit-000001.jsonl' });
});

test('a missing file shows', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 80, { config: { maxFile: 6_000 }, store: kit.store });
  rmSync(join(dir, 'audit-000002.jsonl'));
  expect((await whats(dir))[0]).toBe('missing-file');
  rmSync(join(dir, 'audit-000001.jsonl'));
  expect((await whats(dir, kit.store))[0]).toBe('removed-rows');
});

test('a torn last line is kept aside, a row says so, and the chain goes on', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 3, { store: kit.store });
  appendFileSync(current(dir), '{"seq":5,"at":"2026-');
  expect(await verified(dir, kit.store)).toMatchObject({ problems: [], tornBytes: 20 });
  await filled(dir, 1, { store: kit.store });
  const rows = rowsIn(current(dir));
  expect(rows.map(({ seq, kind }) => [seq, kind]).slice(-2)).toEqual([
    [5, 'recovered'],
    [6, 'call'],
  ]);
  const keptAs = String(rows[4]?.details?.['kept_as']);
  expect(readFileSync(join(dir, keptAs), 'utf8')).toBe('{"seq":5,"at":"2026-');
  expect(await whats(dir, kit.store)).toEqual([]);
});

test('a tail that was cut before a start stays visible for ever, and no number is given twice', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 5, { store: kit.store });
  edit(current(dir), lines => lines.slice(0, -2));
  await filled(dir, 1, { store: kit.store });
  expect(
    rowsIn(current(dir))
      .map(({ seq, action }) => [seq, action])
      .slice(-2),
  ).toEqual([
    [7, 'cut-tail'],
    [8, 'allowed'],
  ]);
  expect((await verified(dir, kit.store)).problems).toMatchObject([
    { what: 'removed-rows', seq: 5, text: expect.stringContaining('Rows 5 to 6') },
  ]);
});

test('a database that lags takes over what the files have; one that began anew says so', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  await filled(dir, 4);
  await filled(dir, 2, { store: kit.store });
  expect(rowsIn(current(dir)).filter(({ kind }) => kind === 'recovered')).toMatchObject([{ action: 'database-began' }]);
  expect(await verified(dir, kit.store)).toMatchObject({ problems: [], aheadCount: 0, hasDatabase: true });
  await filled(dir, 2);
  expect(await verified(dir, kit.store)).toMatchObject({ problems: [], aheadCount: 2 });
  await filled(dir, 0, { store: kit.store });
  expect(await verified(dir, kit.store)).toMatchObject({ problems: [], aheadCount: 0 });
});

test('a full queue drops the newest rows, counts them, and says so in a row', async () => {
  const dir = scratch();
  const trail = await open(dir);
  for (let at = 0; at < 10_050; at += 1) trail.observe(anExchangeEvent());
  expect(trail.state()).toMatchObject({ queuedCount: 10_000, droppedCount: 50 });
  await trail.flush();
  const rows = rowsIn(current(dir));
  expect(rows.at(-1)).toMatchObject({ kind: 'dropped', details: { count: 50 } });
  expect(rows).toHaveLength(10_002);
  expect(await whats(dir)).toEqual([]);
});

test('a database that fails costs no row, and gets them once it works', async () => {
  await using kit = await openTestStore();
  let isBroken = true;
  const flaky: AuditStore = {
    appendAudit: (rows, start) => (isBroken ? Promise.reject(new Error('full')) : kit.store.appendAudit(rows, start)),
    trimAudit: start => kit.store.trimAudit(start),
    auditHead: () => kit.store.auditHead(),
    auditHashes: (after, limit) => kit.store.auditHashes(after, limit),
    auditRows: query => kit.store.auditRows(query),
  };
  const dir = scratch();
  const trail = await open(dir, {}, flaky);
  trail.observe(anExchangeEvent());
  await trail.flush();
  expect([rowsIn(current(dir)).length, await kit.store.auditHead()]).toEqual([2, undefined]);
  isBroken = false;
  trail.observe(anExchangeEvent());
  await trail.flush();
  expect((await kit.store.auditHead())?.seq).toBe(3);
  expect(await whats(dir, kit.store)).toEqual([]);
});

test('a file that is taken away while it is written is noticed, and what was in it is missed', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  const trail = await open(dir, {}, kit.store);
  trail.observe(anExchangeEvent());
  await trail.flush();
  renameSync(current(dir), join(dir, 'elsewhere'));
  trail.observe(anExchangeEvent());
  await trail.flush();
  trail.observe(anExchangeEvent({ target: 'after' }));
  await trail.flush();
  expect(rowsIn(current(dir)).map(({ kind }) => kind)).toEqual(['file', 'recovered', 'call']);
  expect((await trail.verify()).problems[0]?.what).toBe('removed-rows');
});

test('rows are on the disk without anybody flushing', async () => {
  const dir = scratch();
  const trail = await open(dir);
  trail.observe(anExchangeEvent({ target: 'soon' }));
  await expect
    .poll(() => existsSync(current(dir)) && rowsIn(current(dir)).some(({ target }) => target === 'soon'), { timeout: 3000 })
    .toBe(true);
});

test('a row is written at once also while those before it wait for the disk, so that a kill takes back little', async () => {
  const dir = scratch();
  let us = 0;
  // No time passes: nothing becomes due at the disk, and only writing can bring the second row there.
  const trail = await openAuditTrail({ dir, clock: { ...systemClock, monotonicUs: () => us }, log: silentLogger, config: () => usual });
  trails.push(trail);
  const written = () => (existsSync(current(dir)) ? rowsIn(current(dir)).map(({ target }) => target) : []);
  const took = async (target: string) => {
    const from = performance.now();
    trail.observe(anExchangeEvent({ target }));
    await expect.poll(() => written().at(-1), { interval: 2 }).toBe(target);
    return performance.now() - from;
  };
  await took('first');
  await sleep(20);
  // The disk would be waited for after 200 ms, and rows that come meanwhile be written then.
  let count = 0;
  expect(await quickest(150, () => took(`later-${(count += 1)}`))).toBeLessThan(150);
  us = 1_000_000;
});

test('switched off it writes nothing, and what it cannot write is no matter of the traffic', async () => {
  const dir = scratch();
  const trail = await open(dir, { enabled: false });
  trail.observe(anExchangeEvent());
  await trail.flush();
  expect(existsSync(dir)).toBe(false);
  writeFileSync(join(dir, '..', 'file'), '');
  await expect(open(join(dir, '..', 'file', 'audit'))).rejects.toThrow(/ENOTDIR|EEXIST/);
});

test('files and database answer the same questions the same way', async () => {
  await using kit = await openTestStore();
  const dir = scratch();
  const trail = await open(dir, { maxFile: 3_000 }, kit.store);
  for (let at = 0; at < 30; at += 1) {
    trail.observe(anExchangeEvent({ at: eventTime + at * 1000, target: `t${at}`, principalId: at % 2 === 0 ? 'key:a' : 'key:b' }));
    await trail.flush();
  }
  trail.observe({ type: 'admin', at: eventTime + 60_000, action: 'breaker.trip', target: 'files/a', actor: 'token' });
  await trail.flush();
  const alone = await open(dir, { enabled: false, maxFile: 3_000 });
  const questions = [
    { limit: 5 },
    { limit: 1000 },
    { limit: 3, kinds: ['admin' as const] },
    { limit: 4, principal: 'key:a' },
    { limit: 4, upstream: 'files', cursor: 12 },
    { limit: 100, from: eventTime + 3000, to: eventTime + 6000 },
    { limit: 100, text: 'TRIP' },
    { limit: 2, upstream: 'none' },
  ];
  for (const question of questions) {
    const fromStore = await trail.query(question);
    const fromFiles = await alone.query(question);
    expect({ question, rows: fromFiles.rows }).toEqual({ question, rows: fromStore.rows });
  }
  expect((await trail.query({ limit: 100, from: eventTime + 3000, to: eventTime + 6000 })).rows.map(({ target }) => target)).toEqual([
    't5',
    't4',
    't3',
  ]);
  const first = await alone.query({ limit: 4, principal: 'key:a' });
  const second = await alone.query({ limit: 4, principal: 'key:a', cursor: first.cursor as number });
  expect([...first.rows, ...second.rows].map(({ target }) => target)).toEqual(['t28', 't26', 't24', 't22', 't20', 't18', 't16', 't14']);
  const exported: string[] = [];
  for await (const line of exportAudit(dir, { kinds: ['admin'] })) exported.push(line);
  expect(exported).toHaveLength(1);
  let all = '';
  for await (const line of exportAudit(dir, {})) all += line;
  expect(all).toBe(
    readdirSync(dir)
      .sort()
      .map(name => readFileSync(join(dir, name), 'utf8'))
      .join(''),
  );
});
