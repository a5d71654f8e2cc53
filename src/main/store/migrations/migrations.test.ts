import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { migrate, openWritable, type Db } from '../database.ts';
import { migrations, schemaVersion } from './index.ts';

const opened: Db[] = [];
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
});

function databaseAt(version: number): Db {
  const db = new Database(':memory:');
  opened.push(db);
  migrate(db, migrations.slice(0, version));
  return db;
}

/** Brings a database one or more steps further. */
function migrateTo(db: Db, version: number): void {
  migrate(db, migrations.slice(0, version));
}

function names(db: Db, type: string): string[] {
  return db
    .prepare('SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE ? ORDER BY name')
    .pluck()
    .all(type, 'sqlite_%') as string[];
}

const anySession = `INSERT INTO session (id, state, transport, era, client_name, server_name, upstream, is_probe, was_offline, started_at, last_at)
  VALUES ('s', 'live', 'stdio', 'legacy', 'c', 's', '', 0, 0, 1, 1)`;
const anyExchange = `INSERT INTO exchange (session_key, first_seq, transport, era, direction, kind, method, target, status, started_at, request_bytes,
  response_bytes, size_bytes, frame_count, progress_count, request_seq, preview) VALUES (1, 1, 'stdio', 'legacy', 'fromClient', 'request', 'tools/call', 'echo',
  'ok', 1, 1, 1, 2, 1, 0, 1, '')`;

test('steps are numbered without gaps', () => {
  expect(migrations.map(step => step.version)).toEqual(migrations.map((_, index) => index + 1));
});

test('version 1 has the tables', () => {
  expect(names(databaseAt(1), 'table')).toEqual(['body', 'counter', 'exchange', 'frame', 'session']);
});

test('version 2 indexes the exchanges that version 1 stored', () => {
  const db = databaseAt(1);
  db.exec(anySession);
  db.exec(anyExchange);
  migrateTo(db, 2);
  expect(names(db, 'index').filter(name => name.startsWith('exchange_'))).toEqual([
    'exchange_by_call',
    'exchange_by_duration',
    'exchange_by_seq',
    'exchange_by_size',
    'exchange_by_status',
    'exchange_by_target',
    'exchange_unfinished',
  ]);
  expect(db.prepare(`SELECT count(*) FROM exchange INDEXED BY exchange_by_call WHERE method = 'tools/call'`).pluck().get()).toBe(1);
});

test('version 3 begins full text at the first frame, so that earlier ones are indexed too', () => {
  const db = databaseAt(2);
  db.exec(anySession);
  migrateTo(db, 3);
  expect(db.prepare(`SELECT value FROM counter WHERE name = 'text_indexed_frame_id'`).pluck().get()).toBe(0);
  expect(names(db, 'table')).toContain('frame_text');
  expect(db.prepare('SELECT id FROM session').pluck().all()).toEqual(['s']);
});

test('version 4 orders the sessions that earlier versions stored by their start and their last frame', () => {
  const db = databaseAt(3);
  db.exec(anySession);
  migrateTo(db, 4);
  for (const column of ['last_at', 'started_at'])
    expect(db.prepare(`SELECT id FROM session INDEXED BY session_by_${column} ORDER BY ${column}`).pluck().all()).toEqual(['s']);
});

test('version 5 has room for the audit and leaves what version 4 stored alone', () => {
  const db = databaseAt(4);
  db.exec(anySession);
  migrateTo(db, 5);
  expect(names(db, 'table')).toEqual(expect.arrayContaining(['audit_head', 'audit_row']));
  expect(names(db, 'index')).toEqual(expect.arrayContaining(['audit_row_by_kind', 'audit_row_by_principal', 'audit_row_by_upstream']));
  expect(db.prepare('SELECT id FROM session').pluck().all()).toEqual(['s']);
  expect(() => db.exec(`INSERT INTO audit_head VALUES (2, 1, 'h', 1, 'p')`)).toThrow('CHECK');
});

test('version 6 has room for who asked, and nobody is made up for the frames of version 5', () => {
  const db = databaseAt(5);
  db.exec(anySession);
  const columns = `id, session_key, seq, at, monotonic_us, direction, transport, delivery, kind, size_bytes, stored_bytes, preview`;
  const frame = (id: number) => `${id}, 1, ${id}, 1, 1, 'fromClient', 'streamable-http', 'body', 'request', 2, 2, '{}'`;
  db.exec(`INSERT INTO frame (${columns}) VALUES (${frame(1)})`);
  migrateTo(db, 6);
  db.exec(`INSERT INTO frame (${columns}, asker) VALUES (${frame(2)}, '{}')`);
  expect(db.prepare('SELECT seq, asker FROM frame ORDER BY seq').all()).toEqual([
    { seq: 1, asker: null },
    { seq: 2, asker: '{}' },
  ]);
});

test('migrating is done once, and a file of a newer program is refused', () => {
  const db = databaseAt(schemaVersion);
  migrate(db);
  expect(db.pragma('user_version', { simple: true })).toBe(schemaVersion);
  db.pragma(`user_version = ${schemaVersion + 1}`);
  expect(() => migrate(db)).toThrow('use the newer program');
});

test('a new file has 16 KiB pages, a write-ahead log, and gives pages back', () => {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-pragmas-'));
  const { db } = openWritable({ path: join(directory, 'traffic.db'), now: () => 0 });
  opened.push(db);
  const pragma = (name: string) => db.pragma(name, { simple: true });
  expect([pragma('page_size'), pragma('journal_mode'), pragma('auto_vacuum'), pragma('synchronous')]).toEqual([16_384, 'wal', 2, 1]);
  rmSync(directory, { recursive: true });
});
