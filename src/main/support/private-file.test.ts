/** Private files are their owner's alone and whole, whoever else writes them at the same time. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPrivateFile, replacePrivateFile, writePrivateFile } from './private-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-private-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const writers = [
  ['at once', async (path: string, text: string) => writePrivateFile(path, text)],
  ['in the background', replacePrivateFile],
] as const;

test.each(writers)('%s: replaced as a whole, for its owner alone, with nothing left beside it', async (_, write) => {
  const path = join(dir, 'secret');
  writeFileSync(path, 'old', { mode: 0o644 });
  await write(path, 'new');
  expect([readPrivateFile(path), statSync(path).mode & 0o777, readdirSync(dir)]).toEqual(['new', 0o600, ['secret']]);
});

test.each(writers)('%s: a failure is thrown, and leaves what was there', async (_, write) => {
  mkdirSync(join(dir, 'directory'));
  writeFileSync(join(dir, 'directory', 'in-it'), 'old');
  await expect(write(join(dir, 'directory'), 'new')).rejects.toThrow();
  await expect(write(join(dir, 'no', 'such'), 'new')).rejects.toThrow('ENOENT');
  expect([readdirSync(dir), readFileSync(join(dir, 'directory', 'in-it'), 'utf8')]).toEqual([['directory'], 'old']);
});

test('several writers at once leave the whole text of one of them', async () => {
  const path = join(dir, 'shared');
  const texts = Array.from({ length: 8 }, (_, at) => String(at).repeat(100_000));
  await Promise.all(texts.map(text => replacePrivateFile(path, text)));
  expect(texts).toContain(readPrivateFile(path));
  expect(readdirSync(dir)).toEqual(['shared']);
});

test('an absent file is no text, an unreadable one is an error', () => {
  expect(readPrivateFile(join(dir, 'none'))).toBe(undefined);
  expect(() => readPrivateFile(dir)).toThrow('EISDIR');
});
