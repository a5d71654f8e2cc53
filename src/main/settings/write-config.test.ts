/** Writing in place: nobody's change is lost, and the file stays what it was but for its text. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configHash } from './read-config.ts';
import { writeConfig } from './write-config.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-write-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name = 'shadowcat.yaml') => join(dir, name);
const mode = (path: string) => statSync(path).mode & 0o777;

test('a new file is its owner’s alone, an old one keeps its mode', () => {
  expect(writeConfig(file(), 'version: 1\n', undefined)).toEqual({ hash: configHash('version: 1\n') });
  expect(mode(file())).toBe(0o600);
  chmodSync(file(), 0o644);
  writeConfig(file(), 'version: 1 # two\n', configHash('version: 1\n'));
  expect(readFileSync(file(), 'utf8')).toBe('version: 1 # two\n');
  expect(mode(file())).toBe(0o644);
  expect(readdirSync(dir)).toEqual(['shadowcat.yaml']);
});

test('a file that changed meanwhile is left alone', () => {
  writeFileSync(file(), 'theirs');
  const write = (expected: string | undefined) => () => writeConfig(file(), 'ours', expected);
  expect(write(configHash('what we read'))).toThrow(
    expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining('was changed meanwhile') }),
  );
  expect(write(undefined)).toThrow(expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining('is there already') }));
  expect(readFileSync(file(), 'utf8')).toBe('theirs');
  rmSync(file());
  expect(write(configHash('theirs'))).toThrow(expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining('is gone') }));
  expect(readdirSync(dir)).toEqual([]);
});

test('a link stays a link, also one that leads through others or to nothing yet', () => {
  mkdirSync(file('real'));
  symlinkSync('real', file('dir'));
  symlinkSync(join('dir', 'there.yaml'), file());
  writeConfig(file(), 'one', undefined);
  writeConfig(file(), 'two', configHash('one'));
  expect(lstatSync(file()).isSymbolicLink()).toBe(true);
  expect(readFileSync(file('real/there.yaml'), 'utf8')).toBe('two');
  expect(readdirSync(file('real'))).toEqual(['there.yaml']);
  symlinkSync('loop', file('loop'));
  expect(() => writeConfig(file('loop'), 'x', undefined)).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
});

test('a failure leaves the old text and no draft', () => {
  expect(() => writeConfig(file('no/such/dir.yaml'), 'x', undefined)).toThrow(
    expect.objectContaining({ code: 'STORE_FAILED', message: expect.stringContaining('ENOENT') }),
  );
  mkdirSync(file('directory'));
  expect(() => writeConfig(file('directory'), 'x', undefined)).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
  expect(readdirSync(dir)).toEqual(['directory']);
});

test('nobody else’s draft is touched, and who may read a file of a group stays', () => {
  writeFileSync(file('shadowcat.yaml.tmp'), 'half');
  writeConfig(file(), 'whole', undefined);
  chmodSync(file(), 0o640);
  writeConfig(file(), 'again', configHash('whole'));
  expect([mode(file()), readFileSync(file(), 'utf8')]).toEqual([0o640, 'again']);
  expect(readdirSync(dir)).toEqual(['shadowcat.yaml', 'shadowcat.yaml.tmp']);
});
