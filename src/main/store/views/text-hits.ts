/** Which rows each full-text term of a view was found in: one bit per row and term. */

export class TextHits {
  #bits: Uint8Array[];

  constructor(termCount: number) {
    this.#bits = Array.from({ length: termCount }, () => new Uint8Array(1024));
  }

  /** Marks a row; false when it was marked before. */
  mark(term: number, id: number): boolean {
    let bits = this.#bits[term];
    if (bits === undefined) return false;
    const at = id >>> 3;
    if (at >= bits.length) {
      const grown = new Uint8Array(Math.ceil((at + 1) * 1.5));
      grown.set(bits);
      this.#bits[term] = bits = grown;
    }
    const bit = 1 << (id & 7);
    if (((bits[at] ?? 0) & bit) !== 0) return false;
    bits[at] = (bits[at] ?? 0) | bit;
    return true;
  }

  has(term: number, id: number): boolean {
    return ((this.#bits[term]?.[id >>> 3] ?? 0) & (1 << (id & 7))) !== 0;
  }

  hasAll(terms: readonly number[], id: number): boolean {
    return terms.every(term => this.has(term, id));
  }
}
