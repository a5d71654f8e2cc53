/** The history: the newest ten, private, comparable, and good for going back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configHistory } from './config-history.ts';
import { configHash, readConfig } from './read-config.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-history-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const history = () => configHistory({ dir: join(dir, 'history') });
const text = (port: number) => `version: 1 # café\nadmin: { port: ${port} }\n`;

test('an empty history lists nothing and makes no directory', () => {
  expect(history().list()).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
});

test('keeps the newest ten, newest first, readable by the owner alone', () => {
  for (let port = 1; port <= 12; port += 1) history().add({ text: text(port), at: port, reason: `port ${port}` });
  const list = history().list();
  expect(list.map(({ at }) => at)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  expect(list[0]).toEqual({ hash: configHash(text(12)), at: 12, reason: 'port 12' });
  const files = readdirSync(join(dir, 'history'));
  expect(files.length).toBe(10);
  for (const file of files) expect(statSync(join(dir, 'history', file)).mode & 0o077).toBe(0);
  expect(statSync(join(dir, 'history')).mode & 0o077).toBe(0);
  expect(history().read(configHash(text(3)))).toBe(text(3));
  expect(() => history().read(configHash(text(2)))).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});

test('the same text twice in a row is kept once, later it counts again', () => {
  for (const [at, port] of [1, 1, 2, 1].entries()) history().add({ text: text(port), at, reason: 'x' });
  expect(
    history()
      .list()
      .map(({ at }) => at),
  ).toEqual([3, 2, 0]);
  expect(history().read(configHash(text(1)).slice(0, 8))).toBe(text(1));
});

test('order does not depend on the clock', () => {
  for (const [port, at] of [
    [1, 500],
    [2, 100],
    [3, 300],
  ] as const)
    history().add({ text: text(port), at, reason: 'x' });
  expect(
    history()
      .list()
      .map(({ at }) => at),
  ).toEqual([300, 100, 500]);
});

test('each file is a configuration by itself, whatever the reason says', () => {
  history().add({ text: text(1), at: 1, reason: 'two\nlines "quoted" # and more' });
  const [file = ''] = readdirSync(join(dir, 'history'));
  const contents = readFileSync(join(dir, 'history', file), 'utf8');
  expect(readConfig(contents)).toMatchObject({ ok: true, config: { admin: { port: 1 } } });
  expect(history().list()[0]?.reason).toBe('two\nlines "quoted" # and more');
});

test('what differs is shown, by the beginning of a hash', () => {
  history().add({ text: text(1), at: 0, reason: 'x' });
  history().add({ text: text(2), at: 86_400_000, reason: 'y' });
  const [young = '', old = ''] = history()
    .list()
    .map(({ hash }) => hash.slice(0, 8));
  expect(history().diff(old, young)).toBe(
    `--- ${configHash(text(1)).slice(0, 12)} 1970-01-01T00:00:00.000Z\n+++ ${configHash(text(2)).slice(0, 12)} 1970-01-02T00:00:00.000Z\n@@ -1,2 +1,2 @@\n version: 1 # café\n-admin: { port: 1 }\n+admin: { port: 2 }\n`,
  );
  expect(history().diff(old, old)).toBe('');
  expect(() => history().diff(old, 'ffff')).toThrow('No configuration ffff is kept.');
  expect(() => history().read('')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});

test('going back writes the old text over what the caller has seen, and over nothing else', () => {
  const path = join(dir, 'shadowcat.yaml');
  writeFileSync(path, text(2));
  history().add({ text: text(1), at: 1, reason: 'x' });
  history().add({ text: text(2), at: 2, reason: 'y' });
  const hash = configHash(text(1));
  expect(() => history().rollback(hash, { path, expectedHash: configHash('other') })).toThrow(
    expect.objectContaining({ code: 'CONFLICT' }),
  );
  expect(history().rollback(hash, { path, expectedHash: configHash(text(2)) })).toEqual({ hash });
  expect(readFileSync(path, 'utf8')).toBe(text(1));
});

test('damaged and foreign files are passed over, and a changed one has the hash of what it holds', () => {
  history().add({ text: text(1), at: 1, reason: 'x' });
  history().add({ text: text(2), at: 2, reason: 'y' });
  const place = join(dir, 'history');
  const [first = ''] = readdirSync(place);
  writeFileSync(join(place, first), readFileSync(join(place, first), 'utf8').replace('port: 1', 'port: 7'));
  writeFileSync(join(place, '00000099.yaml'), '# shadowcat snapshot {"at": "soon"}\nversion: 1\n');
  writeFileSync(join(place, '00000098.yaml'), '');
  writeFileSync(join(place, 'notes.txt'), 'mine');
  expect(
    history()
      .list()
      .map(({ hash }) => hash),
  ).toEqual([configHash(text(2)), configHash(text(7))]);
  history().add({ text: text(3), at: 3, reason: 'z' });
  expect(
    history()
      .list()
      .map(({ at }) => at),
  ).toEqual([3, 2, 1]);
});
