/** Cuts a server's output into lines. Works on bytes, because a chunk may end inside of a UTF-8 character. */
import { Parts } from './parts.ts';

const LF = 10;
const CR = 13;

export interface LineTaker {
  /** A line without its end; the bytes may be kept. Empty lines are left out. */
  line(bytes: Buffer): void;
  /** The line that is coming is longer than `maxBytes`, and lost. Without this, such a line is given out in pieces. */
  tooLong?(): void;
}

export class LineReader {
  readonly #taker: LineTaker;
  readonly #maxBytes: number;
  readonly #parts = new Parts();
  #sizeBytes = 0;

  constructor(taker: LineTaker, maxBytes: number) {
    this.#taker = taker;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LF, from);
      if (end === -1) break;
      if (!this.#keep(chunk.subarray(from, end))) return;
      this.#emit();
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** The output is over; what stands there without a line end is a line all the same. */
  finish(): void {
    this.#emit();
  }

  #keep(piece: Buffer): boolean {
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes > this.#maxBytes) {
      if (this.#taker.tooLong !== undefined) {
        this.#parts.clear();
        this.#sizeBytes = 0;
        this.#taker.tooLong();
        return false;
      }
      this.#emit();
      this.#sizeBytes = piece.length;
    }
    if (piece.length > 0) this.#parts.push(piece);
    return true;
  }

  #emit(): void {
    if (this.#parts.count === 0) return;
    const all = this.#parts.joined();
    this.#parts.clear();
    this.#sizeBytes = 0;
    const whole = Buffer.from(all.buffer, all.byteOffset, all.byteLength);
    const line = whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
    if (line.length > 0) this.#taker.line(line);
  }
}
