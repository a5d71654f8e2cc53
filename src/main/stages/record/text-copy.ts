/** The readable text of a body: the data of an SSE event, or what a gzip body holds. Bounded like every copy. */
import { TopLevelScan, type TopLevelFacts } from '../../../shared/mcp/top-level-scan.ts';
import { Parts } from '../../support/parts.ts';
import { defaultCopyCapBytes } from '../../traffic/body-copy.ts';

/** Beyond this even the scan stops: what decompresses to more is a bomb, not an answer. */
const MAX_SCANNED_BYTES = 1024 * 1024 * 1024;

/** Keeps the text up to the cap; beyond it only the JSON-RPC facts. */
export class TextCopy {
  readonly #parts = new Parts();
  #sizeBytes = 0;
  #scan: TopLevelScan | undefined;

  push(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#scan !== undefined) {
      if (this.#sizeBytes <= MAX_SCANNED_BYTES) this.#scan.push(chunk);
      return;
    }
    this.#parts.push(chunk);
    if (this.#sizeBytes <= defaultCopyCapBytes) return;
    this.#scan = new TopLevelScan();
    for (const kept of this.#parts.list) this.#scan.push(kept);
    this.#parts.clear();
  }

  /** The text, while it is within the cap. */
  get text(): string | undefined {
    if (this.#scan !== undefined) return undefined;
    const all = this.#parts.joined();
    return Buffer.from(all.buffer, all.byteOffset, all.byteLength).toString('utf8');
  }

  get facts(): TopLevelFacts | undefined {
    return this.#scan?.facts;
  }
}
