/** Where everything is kept: one directory, found from the home directory alone so that host and shim always agree. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface DataDirWish {
  /** From `--data-dir`. */
  readonly named: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** The data directory as an absolute path: as named, else `SHADOWCAT_DATA_DIR`, else the platform's place below the home directory. */
export function dataDirOf({ named, env, platform, home }: DataDirWish): string {
  const chosen = named ?? env['SHADOWCAT_DATA_DIR'];
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Shadowcat');
  if (platform === 'win32') return join(home, 'AppData', 'Roaming', 'Shadowcat');
  return join(home, '.local', 'share', 'shadowcat');
}

/** Makes sure the directory is there and is the owner's alone: it holds what people said to their tools. */
export function ensureDataDir(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (process.platform !== 'win32' && (statSync(dataDir).mode & 0o077) !== 0) chmodSync(dataDir, 0o700);
}
