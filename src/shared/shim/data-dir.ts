/** The data directory, found from the home directory alone, so that host and shim always agree. */

export interface DataDirWish {
  /** From `--data-dir`. */
  readonly named: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
}

/** The directory as named, else `SHADOWCAT_DATA_DIR`, else the platform's place below the home directory. Relative only where it was named so. */
export function dataDirOf({ named, env, platform, home }: DataDirWish): string {
  const chosen = named ?? env['SHADOWCAT_DATA_DIR'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (platform === 'win32') return `${home}\\AppData\\Roaming\\Shadowcat`;
  return platform === 'darwin' ? `${home}/Library/Application Support/Shadowcat` : `${home}/.local/share/shadowcat`;
}
