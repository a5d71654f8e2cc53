/** Preferences on disk: what a restart, a bad file and two windows see. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultPreferences } from '../../shared/model/preferences.ts';
import { silentLogger } from '../ports.ts';
import { openPreferences } from './preferences.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shadowcat-preferences-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const file = () => join(dataDir, 'preferences.json');
const open = () => openPreferences({ dataDir, log: silentLogger });

test('starts with the defaults and writes nothing before a change', () => {
  expect(open().get()).toEqual(defaultPreferences);
  expect(existsSync(file())).toBe(false);
});

test('a change survives a restart, and what was not changed stays', async () => {
  await open().set({ theme: 'dark' });
  await open().set({ density: 'comfortable', savedFilters: [{ name: 'slow', text: 'dur:>1s' }] });
  expect(open().get()).toEqual({
    ...defaultPreferences,
    theme: 'dark',
    density: 'comfortable',
    savedFilters: [{ name: 'slow', text: 'dur:>1s' }],
  });
  expect(statSync(file()).mode & 0o077).toBe(0);
  expect(readdirSync(dataDir)).toEqual(['preferences.json']);
});

test('every listener hears a change until it stops listening', async () => {
  const preferences = open();
  const heard: string[] = [];
  const stop = preferences.onChanged(({ theme }) => heard.push(`one ${theme}`));
  preferences.onChanged(({ theme }) => heard.push(`two ${theme}`));
  await preferences.set({ theme: 'light' });
  stop();
  await preferences.set({ theme: 'contrast' });
  expect(heard).toEqual(['one light', 'two light', 'two contrast']);
});

test('a file that is no JSON is set aside, not deleted', () => {
  writeFileSync(file(), '{"theme": "da');
  expect(open().get()).toEqual(defaultPreferences);
  expect(readFileSync(`${file()}.bad`, 'utf8')).toBe('{"theme": "da');
});

test('one field that cannot be read does not cost the others', () => {
  writeFileSync(file(), JSON.stringify({ theme: 'dark', density: 'huge', laterField: 1 }));
  expect(open().get()).toEqual({ ...defaultPreferences, theme: 'dark' });
});

test('a value outside the schema is refused and changes nothing', async () => {
  const preferences = open();
  await expect(preferences.set({ theme: 'pink' as never })).rejects.toThrow('theme');
  expect(preferences.get()).toEqual(defaultPreferences);
  expect(existsSync(file())).toBe(false);
});

test('a write that fails rejects and leaves the old value in force', async () => {
  const preferences = open();
  // A directory in the place of the file fails for every user, root included.
  mkdirSync(file());
  await expect(preferences.set({ theme: 'dark' })).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('EISDIR'),
  });
  expect(preferences.get().theme).toBe('system');
});
