import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shimSocketPath } from './shim-socket-path.ts';

let tempDir = '';
beforeEach(() => {
  tempDir = mkdtempSync(join(tmpdir(), 'sp-'));
});
afterEach(() => rmSync(tempDir, { recursive: true, force: true }));
const longDataDir = `/${'d'.repeat(120)}`;

test('the socket is in the data directory where its path is short enough', () => {
  expect(shimSocketPath({ dataDir: '/data', platform: 'linux', tempDir })).toBe('/data/hub.sock');
});

test('a long data directory has its socket in a private directory, the same at each start', () => {
  const path = shimSocketPath({ dataDir: longDataDir, platform: 'linux', tempDir });
  expect(dirname(dirname(path))).toBe(tempDir);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(shimSocketPath({ dataDir: longDataDir, platform: 'darwin', tempDir })).toBe(path);
  expect(shimSocketPath({ dataDir: `${longDataDir}2`, platform: 'linux', tempDir })).not.toBe(path);
});

test('a directory that others may write, or a link to somewhere else, is not used', () => {
  const dir = dirname(shimSocketPath({ dataDir: longDataDir, platform: 'linux', tempDir }));
  chmodSync(dir, 0o777);
  expect(() => shimSocketPath({ dataDir: longDataDir, platform: 'linux', tempDir })).toThrow('not a private directory');
  rmSync(dir, { recursive: true });
  mkdirSync(join(tempDir, 'elsewhere'), { mode: 0o700 });
  symlinkSync(join(tempDir, 'elsewhere'), dir);
  expect(() => shimSocketPath({ dataDir: longDataDir, platform: 'linux', tempDir })).toThrow('not a private directory');
});

test('a pipe on Windows has a name that cannot be guessed', () => {
  const name = (): string => shimSocketPath({ dataDir: 'C:\\d', platform: 'win32', tempDir });
  expect(name()).toMatch(/^\\\\\.\\pipe\\shadowcat-[0-9a-f]{32}$/);
  expect(name()).not.toBe(name());
});
