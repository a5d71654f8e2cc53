/** Ended sessions over restarts: written at once, bounded, and no trouble with the file stops anybody. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EndedSessions } from './ended-sessions.ts';

let directory: string;
const said: string[] = [];
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: (message: string) => said.push(message) };
const opened: EndedSessions[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ended-'));
});
afterEach(() => {
  for (const ended of opened.splice(0)) ended.close();
  rmSync(directory, { recursive: true, force: true });
  said.length = 0;
});

const file = () => join(directory, 'ended-sessions');
function open(path = file()): EndedSessions {
  const ended = new EndedSessions({ path, log, maxIds: 100 });
  opened.push(ended);
  return ended;
}

test('an id that ended is known to the next process, without an orderly end of this one', () => {
  open().add('one', 5000.5);
  appendFileSync(file(), '6000 tw');
  const next = open();
  expect([next.has('one'), next.has('two')]).toEqual([true, false]);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test('one whose seal nobody takes any more is forgotten', () => {
  const ended = open();
  ended.add('one', 5000);
  ended.add('two', 7000);
  ended.forget(6000);
  expect([ended.has('one'), ended.has('two')]).toEqual([false, true]);
});

test('the file does not grow for ever', () => {
  const ended = open();
  for (let at = 0; at < 250; at += 1) ended.add(`id-${at}`, 5000);
  expect(readFileSync(file(), 'utf8').split('\n').length).toBeLessThan(200);
  const next = open();
  expect([next.has('id-249'), next.has('id-150'), next.has('id-149')]).toEqual([true, true, false]);
});

test('a file that cannot be written is told once, and the ids are known all the same', () => {
  const ended = open(join(directory, 'missing', 'file'));
  ended.add('one', 5000);
  ended.add('two', 5000);
  expect([ended.has('one'), ended.has('two')]).toEqual([true, true]);
  expect(said).toEqual(['An ended session could not be written down; its id is good again after a restart']);
});
