/** What a shim reads of `host.json`, the file by which the host of a data directory can be found. */

export const hostFileName = 'host.json';

/** The directory of spool files, in the data directory. */
export const spoolDirName = 'spool';

export interface HubAddress {
  /** Socket path or pipe name. */
  readonly hubPath: string;
  readonly secret: string;
}

/** Undefined when the text is not (or not yet wholly) a host file, or its host has no hub. */
export function readHubAddress(text: string): HubAddress | undefined {
  try {
    const { hubPath, secret } = JSON.parse(text) as Partial<HubAddress>;
    return typeof hubPath === 'string' && typeof secret === 'string' ? { hubPath, secret } : undefined;
  } catch {
    return undefined;
  }
}
