/** The file of a vault: sealed under a key with AES-256-GCM, read once, and written as a whole. Without a key nothing is written at all. */
import { existsSync, renameSync } from 'node:fs';
import type { Clock, Logger } from '../ports.ts';
import { readPrivateFile, writePrivateFile } from '../support/private-file.ts';
import { openBytes, sealBytes } from './sealed-box.ts';

/** What a vault holds, by section and name. */
export type VaultSections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface VaultFileOptions {
  readonly path: string;
  readonly key: Buffer | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

const UNREADABLE = 'The vault does not open: it was changed, or it was sealed with another key.';
const PURPOSE = 'shadowcat vault 1';
const HEADER = 'shadowcat-vault 1';

export class VaultFile {
  readonly #options: VaultFileOptions;
  #problem: string | undefined;
  /** A vault that does not open, and that the first write would overwrite. */
  #isInTheWay = false;
  #isWarnedOfNoKey = false;

  constructor(options: VaultFileOptions) {
    this.#options = options;
  }

  /** Why what was kept before is not there, in words; undefined when all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** What it holds; nothing where it does not open, and then `problem` says why. Throws what the file system says of a file that is there. */
  read(): VaultSections {
    const { path, key, log } = this.#options;
    if (key === undefined) {
      if (!existsSync(path)) return {};
      this.#problem = 'The vault has no key, so what it holds cannot be read; what is kept now is forgotten when the process ends.';
      log.warn(this.#problem, { path });
      return {};
    }
    const text = readPrivateFile(path);
    const opened = text === undefined ? {} : unseal(text, key);
    if (opened !== undefined) return opened;
    // It stays where it is, so that a key that was mistyped costs nothing.
    this.#problem = `${UNREADABLE} Start with the key that it was sealed with, or move ${path} away to begin anew.`;
    this.#isInTheWay = true;
    log.error(this.#problem, { path });
    return {};
  }

  /** Replaces what it holds. Throws what the disk refuses; what was there before stays then. */
  write(sections: VaultSections): void {
    const { path, key, log } = this.#options;
    if (key !== undefined) {
      if (this.#isInTheWay) this.#setAside();
      const sealed = sealBytes(key, PURPOSE, Buffer.from(JSON.stringify(sections)));
      writePrivateFile(path, `${HEADER}\n${sealed.toString('base64')}\n`);
    } else if (!this.#isWarnedOfNoKey) {
      this.#isWarnedOfNoKey = true;
      log.warn('The vault has no key; secrets and sign-ins are forgotten when the process ends', { path });
    }
  }

  #setAside(): void {
    const { path, clock, log } = this.#options;
    const aside = `${path}.unreadable-${clock.now()}`;
    renameSync(path, aside);
    this.#isInTheWay = false;
    this.#problem = `${UNREADABLE} It is kept as ${aside}; put it back once the right key is there.`;
    log.error(this.#problem, { path, aside });
  }
}

/** Undefined for whatever is not a vault of ours under this key. */
function unseal(text: string, key: Buffer): VaultSections | undefined {
  const [header, body] = text.split('\n');
  if (header !== HEADER || body === undefined) return undefined;
  const plain = openBytes(key, PURPOSE, Buffer.from(body, 'base64'));
  return plain === undefined ? undefined : (JSON.parse(plain.toString('utf8')) as VaultSections);
}
