/** The parts of something that is still coming. A server may send it byte by byte, and a part for each would cost a hundred times that. */

/** So many at the end are made one. */
const MAX_SINGLE = 1024;
/** A part is a view into what was read from the network; one that keeps this many times its size from being freed is copied. */
const MAX_HELD_TIMES = 8;

export class Parts {
  #all: Uint8Array[] = [];
  /** Of these, at the front: those that were made of several. */
  #madeCount = 0;

  push(part: Uint8Array): void {
    // The first one may be the only one, which most answers are: it stays as it came.
    const isAlone = this.#all.length === 0;
    this.#all.push(!isAlone && part.buffer.byteLength > MAX_HELD_TIMES * part.length ? new Uint8Array(part) : part);
    if (this.#all.length - this.#madeCount < MAX_SINGLE) return;
    this.#all.push(Buffer.concat(this.#all.splice(this.#madeCount)));
    this.#madeCount += 1;
  }

  get count(): number {
    return this.#all.length;
  }

  /** In order. */
  get list(): readonly Uint8Array[] {
    return this.#all;
  }

  /** All so far as one. */
  joined(): Uint8Array {
    return this.#all.length === 1 ? (this.#all[0] as Uint8Array) : Buffer.concat(this.#all);
  }

  clear(): void {
    this.#all = [];
    this.#madeCount = 0;
  }

  /** Goes on by itself; what is pushed to both from here on is made one in both at the same time. */
  copy(): Parts {
    const copy = new Parts();
    copy.#all = [...this.#all];
    copy.#madeCount = this.#madeCount;
    return copy;
  }
}
