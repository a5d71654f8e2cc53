/** Bodies over 4 KiB: once per content, compressed where that helps. */
import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Statement } from 'better-sqlite3';
import type { Db } from './database.ts';

/** Bodies up to this size lie in their row: one read less, and most messages are smaller. */
export const INLINE_BODY_BYTES = 4 * 1024;

const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Stores bodies for the writer. */
export class BodyTable {
  #find: Statement<[Uint8Array], { key: number }>;
  #insert: Statement<[Uint8Array, number, string | null, Uint8Array]>;

  constructor(db: Db) {
    this.#find = db.prepare('SELECT key FROM body WHERE hash = ?');
    this.#insert = db.prepare('INSERT INTO body (hash, size_bytes, codec, bytes) VALUES (?, ?, ?, ?)');
  }

  /** The key of the body with this content, stored now or earlier, and its SHA-256. */
  put(bytes: Uint8Array): { key: number; hash: string } {
    const digest = hash('sha256', bytes, 'buffer');
    const key = this.#find.get(digest)?.key ?? this.#store(digest, bytes);
    return { key, hash: digest.toString('hex') };
  }

  #store(digest: Uint8Array, bytes: Uint8Array): number {
    const packed = zstdCompressSync(bytes, zstdOptions);
    const isSmaller = packed.length < bytes.length * 0.9;
    const result = this.#insert.run(digest, bytes.length, isSmaller ? 'zstd' : null, isSmaller ? packed : bytes);
    return Number(result.lastInsertRowid);
  }
}

export interface BodyRow {
  readonly codec: string | null;
  readonly bytes: Uint8Array;
  readonly size_bytes: number;
}

/** The bytes of a row of the body table. */
export function unpackBody(row: BodyRow): Uint8Array {
  return row.codec === 'zstd' ? zstdDecompressSync(row.bytes) : row.bytes;
}
