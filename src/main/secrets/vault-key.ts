/** The keys of the vault: from a text (a server's environment), or kept beside the vault, wrapped by the system's key store. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from '../support/private-file.ts';
import { KEY_BYTES, readKey } from './sealed-box.ts';
import type { VaultKey } from './token-vault.ts';

/** `text`: the value of SHADOWCAT_VAULT_KEY, 32 bytes in base64; undefined or empty means there is no key. Throws a sentence when it is no key. */
export function vaultKeyFromText(text: string | undefined): VaultKey {
  if (text === undefined || text.trim() === '') return () => undefined;
  const key = readKey(text, 'SHADOWCAT_VAULT_KEY');
  return () => key;
}

export interface KeyWrapping {
  /** False where the system has no key store that keeps secrets from others; then nothing is kept. */
  readonly isAvailable: boolean;
  wrap(plain: string): Buffer;
  unwrap(wrapped: Buffer): string;
}

/** A random key, made once and kept in `<dataDir>/vault.key` as the system's key store wrapped it. Throws when the file does not unwrap. */
export function wrappedVaultKey({ dataDir, wrapping }: { readonly dataDir: string; readonly wrapping: KeyWrapping }): VaultKey {
  return () => {
    if (!wrapping.isAvailable) return undefined;
    const path = join(dataDir, 'vault.key');
    const kept = readPrivateFile(path);
    if (kept !== undefined) return readKey(wrapping.unwrap(Buffer.from(kept, 'base64')), path);
    const key = randomBytes(KEY_BYTES);
    writePrivateFile(path, `${wrapping.wrap(key.toString('base64')).toString('base64')}\n`);
    return key;
  };
}
