/** The built window as files to serve. Only what lies in its folder at start can be asked for, so no path can leave it. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

export interface PageFile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly cacheControl: string;
}

export interface PageFiles {
  /** `pathname` as it stands in the request; `undefined` when there is no such file. */
  read(pathname: string): Promise<PageFile | undefined>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** Lists the folder once. A folder that is not there serves nothing. */
export function pageFiles(folder: string): PageFiles {
  const files = new Map(filesIn(folder).map(file => [urlPath(folder, file), file]));
  return {
    async read(pathname) {
      const name = pathname === '/' ? '/index.html' : decoded(pathname);
      const file = name === undefined ? undefined : files.get(name);
      if (file === undefined || name === undefined) return undefined;
      return {
        bytes: await readFile(file),
        contentType: contentTypes[extname(file)] ?? 'application/octet-stream',
        // The build puts a hash of the content into the names of assets, and into no others.
        cacheControl: name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
      };
    },
  };
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function urlPath(folder: string, file: string): string {
  return `/${relative(folder, file).split(sep).join('/')}`;
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
