/** The keys that seal session ids: the operator's, or one of our own that stays in the data directory. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from '../support/private-file.ts';
import { KEY_BYTES, readKey } from './sealed-box.ts';

/**
 * `configured`: keys in base64, references resolved, newest first. Without any, the key of `<dataDir>/session.key`, made
 * (mode 0600) where there is none. Throws a sentence when a key or the file is no key: replacing it silently would end every session.
 */
export function sessionKeys({ dataDir, configured }: { readonly dataDir: string; readonly configured: readonly string[] }): Buffer[] {
  if (configured.length > 0) return configured.map((text, at) => readKey(text, `sessions.keys[${at}]`));
  const path = join(dataDir, 'session.key');
  const kept = readPrivateFile(path);
  if (kept !== undefined) return [readKey(kept, path)];
  const key = randomBytes(KEY_BYTES);
  writePrivateFile(path, `${key.toString('base64')}\n`);
  return [key];
}
