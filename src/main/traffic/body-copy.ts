/** Copies a body for the record while it is forwarded: capped, but with its true size, its hash and its JSON-RPC facts. */
import { createHash, type Hash } from 'node:crypto';
import { Parts } from '../support/parts.ts';
import { TopLevelScan, type TopLevelFacts } from '../../shared/mcp/top-level-scan.ts';

/** 1 MiB: what the window can show at once; beyond it the copy ends, while size, hash and JSON-RPC facts go on. */
export const defaultCopyCapBytes = 1024 * 1024;

export interface CopiedBody {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly isTruncated: boolean;
  /** SHA-256 of the whole body; only for truncated copies (the store hashes whole ones itself). */
  readonly contentHash?: string;
  /** What the whole body says at its top level; only where it is too long to be read from the copy. */
  readonly facts?: TopLevelFacts;
}

export class BodyCopy {
  readonly #capBytes: number;
  readonly #isScanned: boolean;
  readonly #parts = new Parts();
  #keptBytes = 0;
  #sizeBytes = 0;
  #hash: Hash | undefined;
  #scan: TopLevelScan | undefined;

  /** `isScanned: false` where somebody else reads the facts of a long body (the data of an event, a decoded text). */
  constructor(capBytes: number = defaultCopyCapBytes, options: { readonly isScanned: boolean } = { isScanned: true }) {
    this.#capBytes = capBytes;
    this.#isScanned = options.isScanned;
  }

  /** Keeps a reference, not a copy: the caller must not reuse the chunk's memory. */
  push(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#hash !== undefined) {
      this.#hash.update(chunk);
      this.#scan?.push(chunk);
      return;
    }
    if (this.#sizeBytes <= this.#capBytes) {
      this.#parts.push(chunk);
      this.#keptBytes += chunk.length;
      return;
    }
    this.#hash = createHash('sha256');
    if (this.#isScanned) this.#scan = new TopLevelScan();
    for (const kept of [...this.#parts.list, chunk]) {
      this.#hash.update(kept);
      this.#scan?.push(kept);
    }
    this.#parts.push(chunk.subarray(0, this.#capBytes - this.#keptBytes));
    this.#keptBytes = this.#capBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The copy so far; the object can be thrown away afterwards. */
  take(): CopiedBody {
    const bytes = this.#parts.joined();
    if (this.#hash === undefined) return { bytes, sizeBytes: this.#sizeBytes, isTruncated: false };
    return {
      bytes,
      sizeBytes: this.#sizeBytes,
      isTruncated: true,
      contentHash: this.#hash.digest('hex'),
      ...(this.#scan === undefined ? {} : { facts: this.#scan.facts }),
    };
  }
}
