/** Rows of a view, kept in pages around the viewport. Bounded: the page used longest ago makes room, and is asked for again when it is needed. */

export const PAGE_SIZE = 100;
/** 40 pages of 100 rows: some four screens of thousands of pixels each, and a few MB whatever the store holds. */
export const MAX_PAGES = 40;

interface Page<Row> {
  rows: readonly Row[];
  revision: number;
}

export class PageCache<Row> {
  /** Insertion order is use order: the first key is the least recently used. */
  readonly #pages = new Map<number, Page<Row>>();
  readonly #isSame: (a: Row, b: Row) => boolean;
  readonly #maxPages: number;

  constructor(isSame: (a: Row, b: Row) => boolean, maxPages = MAX_PAGES) {
    this.#isSame = isSame;
    this.#maxPages = maxPages;
  }

  get size(): number {
    return this.#pages.size;
  }

  /** The row at an index, or undefined while its page is not here. */
  rowAt(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE_SIZE))?.rows[index % PAGE_SIZE];
  }

  /** Keeps a fetched page. Rows that did not change stay the same objects, so that they are not drawn again. */
  put(page: number, rows: readonly Row[], revision: number): void {
    const before = this.#pages.get(page);
    if (before !== undefined && before.revision > revision) return;
    const kept = before === undefined ? rows : rows.map((row, at) => this.#keep(before.rows[at], row));
    this.#pages.delete(page);
    this.#pages.set(page, { rows: kept, revision });
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= this.#maxPages) break;
      this.#pages.delete(oldest);
    }
  }

  /** Which pages of an index range are missing or older than the revision; the range counts as used. */
  wanted(from: number, to: number, revision: number): number[] {
    const pages: number[] = [];
    for (let page = Math.floor(from / PAGE_SIZE); page * PAGE_SIZE < to; page += 1) {
      const held = this.#pages.get(page);
      if (held !== undefined) {
        this.#pages.delete(page);
        this.#pages.set(page, held);
      }
      if (held === undefined || held.revision < revision) pages.push(page);
    }
    return pages;
  }

  /** Looks through the rows that are here, for a row whose index is not known. */
  find(matches: (row: Row) => boolean): Row | undefined {
    for (const page of this.#pages.values()) {
      const row = page.rows.find(matches);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  clear(): void {
    this.#pages.clear();
  }

  #keep(before: Row | undefined, row: Row): Row {
    return before !== undefined && this.#isSame(before, row) ? before : row;
  }
}
