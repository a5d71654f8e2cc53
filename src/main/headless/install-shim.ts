/** Puts the shim where client configurations can name it for good: the program may move or be updated, the data directory stays. */
import { copyFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Copies the built shim to `<data-dir>/bin` unless the same one is there. Returns the path to run. */
export function installShim(dataDir: string, shim: string): string {
  // A shim that runs from source imports its neighbours; alone it would be of no use.
  if (shim.endsWith('.ts')) return shim;
  const folder = join(dataDir, 'bin');
  const target = join(folder, 'shim.mjs');
  if (contentOf(target)?.equals(readFileSync(shim)) === true) return target;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Renamed into place: a client may start the old one at this very moment.
  const draft = `${target}.${process.pid}.tmp`;
  copyFileSync(shim, draft);
  renameSync(draft, target);
  return target;
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
