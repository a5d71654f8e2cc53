/** The shim in the data directory: what client configurations name for good. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostCommands } from './host-commands.ts';
import { installShim } from './install-shim.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shadowcat-shim-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('is copied once, replaced when the program brings another, and nothing else is left', () => {
  const built = join(folder, 'shim.js');
  writeFileSync(built, '// one');
  const path = installShim(folder, built);
  expect(path).toBe(join(folder, 'bin', 'shim.mjs'));
  const { ino } = statSync(path);
  expect(installShim(folder, built)).toBe(path);
  expect(statSync(path).ino).toBe(ino);
  writeFileSync(built, '// two');
  installShim(folder, built);
  expect(readFileSync(path, 'utf8')).toBe('// two');
  expect(readdirSync(join(folder, 'bin'))).toEqual(['shim.mjs']);
});

test('where no copy can be made, the one of the program serves', () => {
  const built = join(folder, 'shim.js');
  writeFileSync(built, '// one');
  // A file where the folder should be: fails for every user, root included.
  writeFileSync(join(folder, 'bin'), '');
  expect(installShim(folder, built)).toBe(built);
});

test('from source it runs where it is, because it imports its neighbours', () => {
  expect(installShim(folder, '/src/main/shim.ts')).toBe('/src/main/shim.ts');
});

test('command lines to copy name the data directory only where it is not the usual one, and survive a shell', () => {
  const parts = { node: '/opt/my node/node', shim: "/home/o'neill/bin/shim.mjs", dataDir: '/data', usualDataDir: '/data' };
  expect(hostCommands(parts)).toEqual({
    wrap: String.raw`'/opt/my node/node' '/home/o'\''neill/bin/shim.mjs' --`,
    proxy: 'npx shadowcat proxy --upstream URL',
  });
  expect(hostCommands({ ...parts, dataDir: '/elsewhere' }).wrap).toContain(' --data-dir /elsewhere --');
});
