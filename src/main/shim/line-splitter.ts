/**
 * Splits a byte stream into lines for the record. Works on bytes, because a chunk may end inside a UTF-8 character;
 * keeps carriage returns and empty lines, because the record shows what was sent.
 */
import { LineCopy, type CopiedLine } from './line-copy.ts';

const lineFeed = 10;

export class LineSplitter {
  readonly #onLine: (line: CopiedLine) => void;
  #copy = new LineCopy();

  constructor(onLine: (line: CopiedLine) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, from);
      if (end === -1) break;
      this.#copy.push(chunk.subarray(from, end));
      from = end + 1;
      this.#emit();
    }
    if (from < chunk.length) this.#copy.push(chunk.subarray(from));
  }

  /** There is a line that has not ended yet. */
  get isInLine(): boolean {
    return !this.#copy.isEmpty;
  }

  /** Gives out what stands there without a line feed, at the end of the stream or when it will be long until one comes. */
  flush(): void {
    if (this.isInLine) this.#emit();
  }

  #emit(): void {
    const line = this.#copy.take();
    this.#copy = new LineCopy();
    this.#onLine(line);
  }
}
