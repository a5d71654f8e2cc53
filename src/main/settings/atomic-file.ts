/** Small private files that are either the old or the new version, also when the process dies while writing. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Replaces the file as a whole, readable by its owner alone. `tag` keeps writers of the same file apart. */
export function writePrivateFile(path: string, text: string, tag: string): void {
  const draft = `${path}.${tag}.tmp`;
  try {
    const file = openSync(draft, 'w', 0o600);
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
