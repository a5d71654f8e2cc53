/** The files of an audit: `audit.jsonl` is written, `audit-000001.jsonl` and so on are full ones, oldest first. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const CURRENT = 'audit.jsonl';
/** What a crash tore is kept under this name. */
export const TORN_PREFIX = 'audit-torn-';

/** A line is a row of at most about 20 KB; longer ones are not ours and are read as several. */
const MAX_LINE_BYTES = 1024 * 1024;

export interface AuditFile {
  readonly name: string;
  readonly path: string;
  /** Undefined for the file that is written. */
  readonly number: number | undefined;
}

/** Where the audit of a data directory lies. */
export function auditDirOf(dataDir: string): string {
  return join(dataDir, 'audit');
}

export function fullFileName(number: number): string {
  return `audit-${String(number).padStart(6, '0')}.jsonl`;
}

/** In the order of their rows; empty where there is no such directory. */
export async function auditFiles(dir: string): Promise<readonly AuditFile[]> {
  const names: string[] = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const full = names
    .flatMap(name => {
      const [, digits] = /^audit-(\d{6,12})\.jsonl$/.exec(name) ?? [];
      return digits === undefined ? [] : [{ name, path: join(dir, name), number: Number(digits) }];
    })
    .sort((one, other) => one.number - other.number);
  return names.includes(CURRENT) ? [...full, { name: CURRENT, path: join(dir, CURRENT), number: undefined }] : full;
}

export interface FileLine {
  readonly text: string;
  /** The line feed is there. A last line without one was torn, or is being written. */
  readonly isEnded: boolean;
}

/** The lines of a file, in pieces of memory that do not grow with it. */
export async function* linesOf(path: string): AsyncGenerator<FileLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const bytes: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      yield { text: bytes.toString('utf8', from, at), isEnded: true };
      from = at + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > MAX_LINE_BYTES) {
      yield { text: rest.toString('utf8'), isEnded: true };
      rest = Buffer.alloc(0);
    }
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), isEnded: false };
}
