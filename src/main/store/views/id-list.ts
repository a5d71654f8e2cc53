/** Row numbers of a view, ascending. A store without gaps is kept as a mere range, so a million rows open at once. */

export class IdList {
  /** The numbers, or undefined while the list is the range from `#first`. */
  #ids: Int32Array | undefined;
  #first = 0;
  #length = 0;

  static range(first: number, last: number): IdList {
    const list = new IdList();
    list.#first = first;
    list.#length = Math.max(0, last - first + 1);
    return list;
  }

  get length(): number {
    return this.#length;
  }

  /** The number at a position, which must exist. */
  at(index: number): number {
    return this.#ids === undefined ? this.#first + index : (this.#ids[index] ?? 0);
  }

  has(id: number): boolean {
    return this.indexOf(id) !== -1;
  }

  indexOf(id: number): number {
    const index = this.#lowerBound(id);
    return index < this.#length && this.at(index) === id ? index : -1;
  }

  /** Adds ascending numbers, leaving out those that are in the list. Returns what was added. */
  add(ids: readonly number[]): number[] {
    const added = ids.filter((id, index) => id !== ids[index - 1] && !this.has(id));
    const [first] = added;
    const last = added.at(-1);
    if (first === undefined || last === undefined) return added;
    const isAtEnd = this.#length === 0 || first > this.at(this.#length - 1);
    if (this.#ids === undefined && isAtEnd && last - first + 1 === added.length) {
      if (this.#length === 0) this.#first = first;
      if (first === this.#first + this.#length) {
        this.#length += added.length;
        return added;
      }
    }
    const ids32 = this.#room(added.length);
    if (isAtEnd) ids32.set(added, this.#length);
    else mergeInto(ids32, this.#length, added);
    this.#length += added.length;
    return added;
  }

  /** Removes ascending numbers. Returns those that were in the list. */
  remove(ids: readonly number[]): number[] {
    const removed = ids.filter((id, index) => id !== ids[index - 1] && this.has(id));
    const [first] = removed;
    if (first === undefined) return removed;
    const ids32 = this.#room(0);
    let write = this.indexOf(first);
    let next = 0;
    for (let read = write; read < this.#length; read += 1) {
      const id = ids32[read] ?? 0;
      if (id === removed[next]) next += 1;
      else ids32[write++] = id;
    }
    this.#length = write;
    return removed;
  }

  #lowerBound(id: number): number {
    if (this.#ids === undefined) return Math.max(0, Math.min(this.#length, id - this.#first));
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The array with room for more; a range becomes one here. Grows by halves, so that appending stays cheap. */
  #room(more: number): Int32Array {
    const needed = this.#length + more;
    if (this.#ids !== undefined && this.#ids.length >= needed) return this.#ids;
    const grown = new Int32Array(Math.max(1024, Math.ceil(needed * 1.5)));
    if (this.#ids === undefined) for (let index = 0; index < this.#length; index += 1) grown[index] = this.#first + index;
    else grown.set(this.#ids.subarray(0, this.#length));
    this.#ids = grown;
    return grown;
  }
}

/** Merges from the back, in place: `ids` has `length` numbers and room for `added`. */
function mergeInto(ids: Int32Array, length: number, added: readonly number[]): void {
  let read = length - 1;
  let take = added.length - 1;
  for (let write = length + added.length - 1; take >= 0; write -= 1) {
    const candidate = added[take] ?? 0;
    if (read >= 0 && (ids[read] ?? 0) > candidate) ids[write] = ids[read--] ?? 0;
    else {
      ids[write] = candidate;
      take -= 1;
    }
  }
}
