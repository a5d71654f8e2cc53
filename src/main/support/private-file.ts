/** Private files: readable by their owner alone, and either the old or the new version, also when the process dies while writing. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';

/** Whose a file is, and who may read it. */
export type Ownership = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/**
 * Replaces the file as a whole, mode 0600, or with the ownership that is given. Throws what the file system said; the old version
 * stays then.
 */
export function writePrivateFile(path: string, text: string, kept?: Ownership): void {
  const draft = draftOf(path);
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      if (kept !== undefined) keep(file, kept);
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

/** The same for a large file: nothing waits for the disk. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
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

/** A name of its own per write: a draft that somebody else can create first would not have our mode, and that of another writer is not ours. */
function draftOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

function keep(file: number, { mode, uid, gid }: Ownership): void {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // Only root can give files away; who may write here but is not the owner becomes it.
  }
  fchmodSync(file, mode & 0o777);
}
