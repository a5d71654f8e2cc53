/** A copy of one line while it streams past: capped, but with its true size, and for long ones their hash and JSON-RPC facts. */
import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { TopLevelScan } from '../../shared/mcp/top-level-scan.ts';
import type { WholeFacts } from '../../shared/shim/frame-coding.ts';
import { copyCapBytes } from '../../shared/shim/protocol.ts';

/** Pieces below this are gathered, so that a line that drips in byte by byte costs no object per byte. */
const gatherBelowBytes = 4096;
const gatherBytes = 8192;

export interface CopiedLine {
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** Present where the line is longer than its copy. */
  readonly whole?: WholeFacts;
}

export class LineCopy {
  readonly #capBytes: number;
  readonly #parts: Uint8Array[] = [];
  #gathered: Uint8Array | undefined;
  #gatheredBytes = 0;
  #keptBytes = 0;
  #sizeBytes = 0;
  #hash: Crypto.Hash | undefined;
  #scan: TopLevelScan | undefined;

  constructor(capBytes: number = copyCapBytes) {
    this.#capBytes = capBytes;
  }

  /** Keeps a reference, not a copy: the caller must not reuse the chunk's memory. */
  push(piece: Uint8Array): void {
    this.#sizeBytes += piece.length;
    if (this.#scan !== undefined) {
      this.#hash?.update(piece);
      this.#scan.push(piece);
      return;
    }
    if (this.#sizeBytes <= this.#capBytes) {
      this.#keep(piece);
      return;
    }
    this.#hash = sha256();
    this.#scan = new TopLevelScan();
    for (const part of [...this.#parts, piece]) {
      this.#hash.update(part);
      this.#scan.push(part);
    }
    this.#keep(piece.subarray(0, this.#capBytes - this.#keptBytes));
  }

  get isEmpty(): boolean {
    return this.#sizeBytes === 0;
  }

  /** The line is longer than its copy. */
  get isCut(): boolean {
    return this.#scan !== undefined;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The copy; the object can be thrown away afterwards. */
  take(): CopiedLine {
    const whole =
      this.#scan === undefined || this.#hash === undefined ? undefined : { contentHash: this.#hash.digest('hex'), facts: this.#scan.facts };
    return { parts: this.#parts, sizeBytes: this.#sizeBytes, ...(whole === undefined ? {} : { whole }) };
  }

  #keep(piece: Uint8Array): void {
    this.#keptBytes += piece.length;
    if (piece.length >= gatherBelowBytes || this.#parts.length === 0) {
      this.#parts.push(piece);
      this.#gathered = undefined;
      return;
    }
    if (this.#gathered === undefined || this.#gatheredBytes + piece.length > gatherBytes) {
      this.#gathered = new Uint8Array(gatherBytes);
      this.#gatheredBytes = 0;
      this.#parts.push(this.#gathered);
    }
    this.#gathered.set(piece, this.#gatheredBytes);
    this.#gatheredBytes += piece.length;
    this.#parts[this.#parts.length - 1] = this.#gathered.subarray(0, this.#gatheredBytes);
  }
}

/** Loading node:crypto takes 10 ms, which few sessions ever need: only lines over 1 MiB are hashed here. */
function sha256(): Crypto.Hash {
  const { createHash } = createRequire(import.meta.url)('node:crypto') as typeof Crypto;
  return createHash('sha256');
}
