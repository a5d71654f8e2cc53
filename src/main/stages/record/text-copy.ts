/** The readable text of a body: the data of an SSE event, or what a gzip body holds. Bounded like every copy. */
import { TopLevelScan, type TopLevelFacts } from '../../../shared/mcp/top-level-scan.ts';
import { defaultCopyCapBytes } from '../../traffic/body-copy.ts';

/** Beyond this even the scan stops: what decompresses to more is a bomb, not an answer. */
const MAX_SCANNED_BYTES = 1024 * 1024 * 1024;

/** Keeps the text up to the cap; beyond it only the JSON-RPC facts. */
export class TextCopy {
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #scan: TopLevelScan | undefined;

  push(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#scan !== undefined) {
      if (this.#sizeBytes <= MAX_SCANNED_BYTES) this.#scan.push(chunk);
      return;
    }
    this.#chunks.push(chunk);
    if (this.#sizeBytes <= defaultCopyCapBytes) return;
    this.#scan = new TopLevelScan();
    for (const kept of this.#chunks) this.#scan.push(kept);
    this.#chunks = [];
  }

  /** The text, while it is within the cap. */
  get text(): string | undefined {
    if (this.#scan !== undefined) return undefined;
    const [only] = this.#chunks;
    if (only === undefined) return '';
    return (this.#chunks.length === 1 ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat(this.#chunks)).toString(
      'utf8',
    );
  }

  get facts(): TopLevelFacts | undefined {
    return this.#scan?.facts;
  }
}
