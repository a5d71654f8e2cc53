/** Private files: readable by their owner alone, and either the old or the new version, also when the process dies while writing. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Replaces the file as a whole, mode 0600. Throws what the file system said; the old version stays then. */
export function writePrivateFile(path: string, text: string): void {
  // A name of its own per write: a draft that somebody else can create first would not have our mode.
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** The text of the file; undefined where there is none. Any other trouble is thrown: an unreadable file is not an absent one. */
export function readPrivateFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
