/** Where the data directory is, and who may look into it. */
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { dataDirOf, ensureDataDir } from './data-dir.ts';

const wish = { named: undefined, env: {}, platform: 'linux' as const, home: '/home/ada' };

test('without a wish it lies where the platform keeps the data of programs', () => {
  expect(dataDirOf(wish)).toBe('/home/ada/.local/share/shadowcat');
  expect(dataDirOf({ ...wish, platform: 'darwin' })).toBe('/home/ada/Library/Application Support/Shadowcat');
  expect(dataDirOf({ ...wish, platform: 'win32' })).toBe(join('/home/ada', 'AppData', 'Roaming', 'Shadowcat'));
});

test('the flag beats the variable, the variable beats the platform, and both become absolute', () => {
  const env = { SHADOWCAT_DATA_DIR: '/var/one', XDG_DATA_HOME: '/ignored' };
  expect(dataDirOf({ ...wish, env })).toBe('/var/one');
  expect(dataDirOf({ ...wish, env, named: 'two' })).toBe(resolve('two'));
  expect(dataDirOf({ ...wish, env: { SHADOWCAT_DATA_DIR: '' } })).toBe('/home/ada/.local/share/shadowcat');
});

test('the directory is made private, also when it was there and was not', () => {
  const parent = mkdtempSync(join(tmpdir(), 'shadowcat-data-'));
  const dataDir = join(parent, 'a', 'b');
  ensureDataDir(dataDir);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  chmodSync(dataDir, 0o755);
  ensureDataDir(dataDir);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  rmSync(parent, { recursive: true });
});
