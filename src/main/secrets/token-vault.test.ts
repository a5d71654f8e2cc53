import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, systemClock, type Logger } from '../ports.ts';
import { tokenVault } from './token-vault.ts';
import { vaultKeyFromText, wrappedVaultKey } from './vault-key.ts';

const key = randomBytes(32);
let dataDir: string;
let warnings: string[];
let log: Logger;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shadowcat-vault-'));
  warnings = [];
  log = { ...silentLogger, warn: message => void warnings.push(message), error: message => void warnings.push(message) };
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = (withKey: Buffer | null = key) => tokenVault({ dataDir, key: () => withKey ?? undefined, clock: systemClock, log });
const path = () => join(dataDir, 'vault.sealed');

describe('the vault', () => {
  test('keeps secrets and records over a restart, for its owner alone, and shows neither names nor values on disk', async () => {
    const vault = open();
    await vault.write('github', 'ghp_secret');
    vault.records('sign-ins').set('files', { accessToken: 'at_secret' });
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    const onDisk = readFileSync(path(), 'utf8');
    expect(onDisk + Buffer.from(onDisk.split('\n')[1] ?? '', 'base64').toString('latin1')).not.toMatch(/github|secret|files/);
    const again = open();
    expect([await again.read('github'), again.names(), again.records('sign-ins').get('files'), again.isPersistent]).toEqual([
      'ghp_secret',
      ['github'],
      { accessToken: 'at_secret' },
      true,
    ]);
    expect(await again.delete('github')).toBe(true);
    expect(await open().read('github')).toBeUndefined();
    expect(readdirSync(dataDir)).toEqual(['vault.sealed']);
  });

  test('references reach secrets only: no record, and nothing that every object has', async () => {
    const vault = open();
    vault.records('sign-ins').set('files', { accessToken: 'at' });
    expect([await vault.read('files'), await vault.read('constructor'), await vault.read('__proto__'), vault.names()]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ]);
    for (const name of ['', '__proto__', '../x', 'a b', 'x'.repeat(65)])
      await expect(vault.write(name, 'v')).rejects.toThrow('Names in the vault');
  });

  test.each(['tampered with', 'sealed with another key', 'not a vault'])(
    'a file that was %s stays with an error, is set aside by what is kept next, and never overwritten',
    async how => {
      await open().write('github', 'ghp_secret');
      const sealed = readFileSync(path(), 'utf8');
      const damaged = how === 'tampered with' ? sealed.replace(/.{8}==?\n$|.{8}\n$/, 'AAAAAAAA\n') : 'hello';
      if (how !== 'sealed with another key') writeFileSync(path(), damaged);
      const before = readFileSync(path(), 'utf8');
      const other = open(how === 'sealed with another key' ? randomBytes(32) : key);
      expect(await other.read('github')).toBeUndefined();
      expect(other.problem).toContain('does not open');
      expect(warnings.join()).toContain('does not open');
      expect(readFileSync(path(), 'utf8')).toBe(before);
      await other.write('new', 'value');
      expect(other.problem).toContain('vault.sealed.unreadable-');
      const aside = readdirSync(dataDir).find(name => name.startsWith('vault.sealed.unreadable-')) as string;
      expect(readFileSync(join(dataDir, aside), 'utf8')).toBe(before);
    },
  );

  test('a wrong key costs nothing: the right one finds everything again', async () => {
    await open().write('github', 'ghp_secret');
    expect(open(randomBytes(32)).problem).toContain('Start with the key that it was sealed with');
    expect([await open().read('github'), open().problem]).toEqual(['ghp_secret', undefined]);
  });

  test('without a key nothing reaches the disk, and a warning says so; what is there already stays', async () => {
    const vault = open(null);
    await vault.write('github', 'ghp_secret');
    expect([await vault.read('github'), vault.isPersistent, existsSync(path())]).toEqual(['ghp_secret', false, false]);
    expect(warnings.join()).toContain('forgotten when the process ends');
    await open().write('kept', 'v');
    const before = readFileSync(path(), 'utf8');
    await open(null).write('other', 'w');
    expect(readFileSync(path(), 'utf8')).toBe(before);
    expect(await open().read('kept')).toBe('v');
  });

  test('what the disk refuses: a secret is refused too, a token is held in memory and told', async () => {
    const vault = open();
    await vault.write('github', 'old');
    rmSync(dataDir, { recursive: true });
    await expect(vault.write('github', 'new')).rejects.toThrow();
    expect(await vault.read('github')).toBe('old');
    vault.records('sign-ins').set('files', { accessToken: 'at' });
    expect(vault.records('sign-ins').get('files')).toEqual({ accessToken: 'at' });
    expect(warnings.join()).toContain('in memory only');
    mkdirSync(dataDir);
  });

  test('is bounded: a value of 64 KiB, a thousand secrets', async () => {
    const vault = open(null);
    await expect(vault.write('long', 'x'.repeat(70_000))).rejects.toThrow('at most');
    for (let at = 0; at < 1000; at += 1) await vault.write(`n${at}`, 'v');
    await expect(vault.write('one-more', 'v')).rejects.toThrow('full');
    await vault.write('n1', 'another');
  });

  test('a file that may not be read is no reason to begin a new one', async () => {
    await open().write('github', 'ghp_secret');
    chmodSync(path(), 0o000);
    // Whoever may read everything (root) is not stopped by a mode; a directory in its place stops everybody.
    rmSync(path());
    mkdirSync(path());
    expect(() => open()).toThrow();
  });
});

describe('the key', () => {
  test('of the environment is 32 bytes in base64, and its text is never quoted', () => {
    expect(vaultKeyFromText(key.toString('base64'))()).toEqual(key);
    expect([vaultKeyFromText(undefined)(), vaultKeyFromText(' ')()]).toEqual([undefined, undefined]);
    expect(() => vaultKeyFromText('c2hvcnQ=')).toThrow(/^(?!.*c2hvcnQ).*SHADOWCAT_VAULT_KEY is no key/s);
  });

  test('of the desktop is made once and kept as the system wrapped it', () => {
    const wrapping = {
      isAvailable: true,
      wrap: (plain: string) => Buffer.from(plain).reverse(),
      unwrap: (wrapped: Buffer) => Buffer.from(wrapped).reverse().toString(),
    };
    const made = wrappedVaultKey({ dataDir, wrapping })();
    expect(made).toHaveLength(32);
    expect(wrappedVaultKey({ dataDir, wrapping })()).toEqual(made);
    expect(readFileSync(join(dataDir, 'vault.key'), 'utf8')).not.toContain((made as Buffer).toString('base64'));
    expect(statSync(join(dataDir, 'vault.key')).mode & 0o777).toBe(0o600);
    expect(wrappedVaultKey({ dataDir, wrapping: { ...wrapping, isAvailable: false } })()).toBeUndefined();
  });
});
