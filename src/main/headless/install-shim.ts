/** Puts the shim where client configurations can name it for good: the program may move or be updated, the data directory stays. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Copies the built shim to `<data-dir>/bin` unless the same one is there. Returns the path to run: the program's own where no copy can be made. */
export function installShim(dataDir: string, shim: string): string {
  // A shim that runs from source imports its neighbours; alone it would be of no use.
  if (shim.endsWith('.ts')) return shim;
  const folder = join(dataDir, 'bin');
  const target = join(folder, 'shim.mjs');
  if (contentOf(target)?.equals(readFileSync(shim)) === true) return target;
  const draft = `${target}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    copyFileSync(shim, draft);
    // Renamed into place: a client may start the old one at this very moment.
    renameSync(draft, target);
    return target;
  } catch {
    // A full disk keeps nobody from watching a server.
    if (existsSync(draft)) rmSync(draft);
    return shim;
  }
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
