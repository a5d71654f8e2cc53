/** Secrets and sign-in tokens. They are few enough to be held in memory; a sealed file keeps them, where the host brings a key for it. */
import { join } from 'node:path';
import type { Clock, Logger } from '../ports.ts';
import { VaultFile, type VaultSections } from './vault-file.ts';

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

const SECRETS = 'secrets';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_ENTRIES = 1000;
const MAX_ENTRY_CHARS = 64 * 1024;

/** Throws what the file system says of a vault that is there and cannot be read: that is no reason to begin a new one. */
export function tokenVault({ dataDir, key: keyOf, clock, log }: TokenVaultOptions): TokenVault {
  const path = join(dataDir, 'vault.sealed');
  const key = keyOf();
  const file = new VaultFile({ path, key, clock, log });
  let sections: VaultSections = file.read();

  const section = (name: string): Readonly<Record<string, unknown>> =>
    Object.hasOwn(sections, name) ? (sections[name] as Readonly<Record<string, unknown>>) : {};
  const replace = (name: string, entries: Readonly<Record<string, unknown>>): void => {
    const changed = { ...sections, [name]: entries };
    try {
      file.write(changed);
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
      return file.problem;
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
