/**
 * Secrets and sign-in tokens, sealed at rest in one file: AES-256-GCM under a key that the host brings. Small enough to be
 * held in memory and written as a whole. Without a key nothing is written at all.
 */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Logger } from '../ports.ts';
import { readPrivateFile, writePrivateFile } from '../support/private-file.ts';
import { openBytes, sealBytes } from './sealed-box.ts';

/** Where the key comes from: the system's key store in the desktop app, the environment in a server. Undefined: there is none. */
export type VaultKey = () => Buffer | undefined;

export interface TokenVaultOptions {
  readonly dataDir: string;
  readonly key: VaultKey;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface TokenVault {
  /** False: everything is forgotten when the process ends. */
  readonly isPersistent: boolean;
  /** Why what was kept before is not there, in words; undefined when all is well. */
  readonly problem: string | undefined;
  /** What `${vault:name}` stands for; undefined for a name that is not kept. */
  read(name: string): Promise<string | undefined>;
  /** Keeps a secret. Rejects, and keeps the one of before, when the name, the length or the disk does not allow it. */
  write(name: string, value: string): Promise<void>;
  /** True when there was one. */
  delete(name: string): Promise<boolean>;
  names(): readonly string[];
  /** Records that references cannot reach, such as tokens. */
  records(section: 'sign-ins' | 'registrations'): VaultRecords;
}

/** JSON values by key, on disk when a call returns. What the disk refuses is told in the log and held in memory: a token that was rotated is worth having. */
export interface VaultRecords {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  delete(key: string): boolean;
  keys(): readonly string[];
}

const UNREADABLE = 'The vault does not open: it was changed, or it was sealed with another key.';
const SECRETS = 'secrets';
const PURPOSE = 'shadowcat vault 1';
const HEADER = 'shadowcat-vault 1';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_ENTRIES = 1000;
const MAX_ENTRY_CHARS = 64 * 1024;

type Sections = Record<string, Record<string, unknown>>;

export function tokenVault({ dataDir, key: keyOf, clock, log }: TokenVaultOptions): TokenVault {
  const path = join(dataDir, 'vault.sealed');
  const key = keyOf();
  let sections: Sections = {};
  let problem: string | undefined;
  /** A vault that does not open, and that the first write would overwrite. */
  let isInTheWay = false;

  if (key === undefined) {
    if (existsSync(path)) {
      problem = 'The vault has no key, so what it holds cannot be read; what is kept now is forgotten when the process ends.';
      log.warn(problem, { path });
    }
  } else {
    const text = readPrivateFile(path);
    const opened = text === undefined ? {} : unseal(text, key);
    if (opened === undefined) {
      // It stays where it is, so that a key that was mistyped costs nothing.
      problem = `${UNREADABLE} Start with the key that it was sealed with, or move ${path} away to begin anew.`;
      isInTheWay = true;
      log.error(problem, { path });
    } else sections = opened;
  }

  const setAside = (): void => {
    const aside = `${path}.unreadable-${clock.now()}`;
    renameSync(path, aside);
    isInTheWay = false;
    problem = `${UNREADABLE} It is kept as ${aside}; put it back once the right key is there.`;
    log.error(problem, { path, aside });
  };

  const section = (name: string): Record<string, unknown> =>
    Object.hasOwn(sections, name) ? (sections[name] as Record<string, unknown>) : {};
  let hasWarned = false;
  const replace = (name: string, entries: Record<string, unknown>): void => {
    const changed = { ...sections, [name]: entries };
    if (key === undefined && !hasWarned) {
      hasWarned = true;
      log.warn('The vault has no key; secrets and sign-ins are forgotten when the process ends', { path });
    }
    try {
      if (key !== undefined) {
        if (isInTheWay) setAside();
        const sealed = sealBytes(key, PURPOSE, Buffer.from(JSON.stringify(changed)));
        writePrivateFile(path, `${HEADER}\n${sealed.toString('base64')}\n`);
      }
    } catch (error) {
      // A person who keeps a secret is told; what cannot be kept is not believed to be.
      if (name === SECRETS) throw error;
      log.error('The vault could not be written; a sign-in is held in memory only', {
        path,
        problem: (error as NodeJS.ErrnoException).code,
      });
    }
    sections = changed;
  };
  const records = (name: string): VaultRecords => ({
    get: entry => (Object.hasOwn(section(name), entry) ? section(name)[entry] : undefined),
    set(entry, value) {
      const entries = section(name);
      if (JSON.stringify(value).length > MAX_ENTRY_CHARS)
        throw new Error(`An entry of the vault has at most ${MAX_ENTRY_CHARS} characters.`);
      if (!Object.hasOwn(entries, entry) && Object.keys(entries).length >= MAX_ENTRIES)
        throw new Error(`The vault is full: it holds ${MAX_ENTRIES} ${name}.`);
      replace(name, { ...entries, [entry]: value });
    },
    delete(entry) {
      const { [entry]: removed, ...others } = section(name);
      if (removed === undefined) return false;
      replace(name, others);
      return true;
    },
    keys: () => Object.keys(section(name)),
  });
  const secrets = records(SECRETS);
  return {
    isPersistent: key !== undefined,
    get problem() {
      return problem;
    },
    read: async name => secrets.get(name) as string | undefined,
    write: async (name, value) => {
      if (!NAME.test(name)) throw new Error('Names in the vault have letters, digits, ".", "_" and "-", at most 64.');
      secrets.set(name, value);
    },
    delete: async name => secrets.delete(name),
    names: () => [...secrets.keys()].toSorted(),
    records,
  };
}

/** Undefined for whatever is not a vault of ours under this key. */
function unseal(text: string, key: Buffer): Sections | undefined {
  const [header, body] = text.split('\n');
  if (header !== HEADER || body === undefined) return undefined;
  const plain = openBytes(key, PURPOSE, Buffer.from(body, 'base64'));
  return plain === undefined ? undefined : (JSON.parse(plain.toString('utf8')) as Sections);
}
