/** The order of a view that is not sorted by row number: keys per row, one full sort, then merges. */
import type { RowMode } from '../compile-filter.ts';
import type { TimelineSpec } from '../../../shared/model/timeline.ts';

type Column = TimelineSpec['sort']['column'];

export interface KeySource {
  /** SQL over `r` (row) and `s` (its session). */
  readonly sql: string;
  readonly isText: boolean;
  /** An index that holds the rows in this order; rows without a key may be missing from it. */
  readonly index?: string;
}

const exchangeKeys: Record<Exclude<Column, 'id'>, KeySource> = {
  startedAt: { sql: 'r.started_at', isText: false },
  client: { sql: 's.client_name', isText: true },
  server: { sql: 's.server_name', isText: true },
  method: { sql: 'r.method', isText: true },
  target: { sql: 'r.target', isText: true, index: 'exchange_by_target' },
  status: { sql: 'r.status', isText: true },
  durationMs: { sql: 'r.duration_ms', isText: false, index: 'exchange_by_duration' },
  sizeBytes: { sql: 'r.size_bytes', isText: false, index: 'exchange_by_size' },
};

const frameKeys: typeof exchangeKeys = {
  ...exchangeKeys,
  startedAt: { sql: 'r.at', isText: false },
  status: { sql: 'r.kind', isText: true },
  target: { sql: 'r.target', isText: true },
  durationMs: { sql: 'r.latency_ms', isText: false },
  sizeBytes: { sql: 'r.size_bytes', isText: false },
};

export function keySource(mode: RowMode, column: Exclude<Column, 'id'>): KeySource {
  return (mode === 'exchanges' ? exchangeKeys : frameKeys)[column];
}

/** Rows in the order of their keys. A row without a key (no duration yet, no target) comes last in both directions. */
export class SortedIds {
  #isDescending: boolean;
  /** By row number: the number itself, or the text's place in `#texts`; NaN where there is none. */
  #keys = new Float64Array(1024).fill(Number.NaN);
  #texts: string[] = [];
  #placeOfText = new Map<string, number>();
  #rankOfPlace: number[] | undefined;
  #order: Int32Array<ArrayBuffer> = new Int32Array(0);
  #isText: boolean;
  /** Smallest row number there is: a long-lived store counts from far above zero. */
  #base: number;

  constructor(isText: boolean, isDescending: boolean, base: number) {
    this.#base = base;
    this.#isText = isText;
    this.#isDescending = isDescending;
  }

  get length(): number {
    return this.#order.length;
  }

  at(index: number): number {
    return this.#order[index] ?? 0;
  }

  indexOf(id: number): number {
    return this.#order.indexOf(id);
  }

  setKey(id: number, key: string | number | null): void {
    const at = id - this.#base;
    if (at >= this.#keys.length) {
      const grown = new Float64Array(Math.ceil((at + 1) * 1.5)).fill(Number.NaN);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    this.#keys[at] = key === null ? Number.NaN : typeof key === 'number' ? key : this.#placeOf(key);
  }

  /** Puts rows that are not in the order yet in their places. Returns whether others moved for them. */
  insert(ids: readonly number[]): boolean {
    const compare = this.#comparison();
    const before = this.#order;
    const added = Int32Array.from(ids).sort(compare);
    this.#order = mergedOrder(before, added, compare);
    const last = before.at(-1);
    return last !== undefined && this.#order[before.length - 1] !== last;
  }

  /** Takes rows out and puts others in; both may hold the same ones, whose keys changed. Returns whether other rows moved. */
  merge(leaving: readonly number[], come: readonly number[]): boolean {
    if (leaving.length === 0) return come.length > 0 && this.insert(come);
    const compare = this.#comparison();
    const before = this.#order;
    const kept = without(before, leaving);
    const added = Int32Array.from(new Set(come)).sort(compare);
    this.#order = mergedOrder(kept, added, compare);
    for (let index = 0; index < before.length; index += 1) if (this.#order[index] !== before[index]) return true;
    return false;
  }

  #comparison(): (a: number, b: number) => number {
    const sign = this.#isDescending ? -1 : 1;
    const keys = this.#keys;
    const base = this.#base;
    const ranks = this.#isText ? this.#ranks() : undefined;
    return (a, b) => {
      const keyA = keys[a - base] ?? Number.NaN;
      const keyB = keys[b - base] ?? Number.NaN;
      if (keyA === keyB) return (a - b) * sign;
      if (Number.isNaN(keyA)) return Number.isNaN(keyB) ? (a - b) * sign : 1;
      if (Number.isNaN(keyB)) return -1;
      const difference = ranks === undefined ? keyA - keyB : (ranks[keyA] ?? 0) - (ranks[keyB] ?? 0);
      return difference * sign;
    };
  }

  #placeOf(text: string): number {
    const known = this.#placeOfText.get(text);
    if (known !== undefined) return known;
    const place = this.#texts.push(text) - 1;
    this.#placeOfText.set(text, place);
    this.#rankOfPlace = undefined;
    return place;
  }

  #ranks(): number[] {
    if (this.#rankOfPlace !== undefined) return this.#rankOfPlace;
    const places = this.#texts.map((_, place) => place).sort((a, b) => compareText(this.#texts[a] ?? '', this.#texts[b] ?? ''));
    const ranks: number[] = [];
    for (const [rank, place] of places.entries()) ranks[place] = rank;
    this.#rankOfPlace = ranks;
    return ranks;
  }
}

/** The order without some rows. Runs at each commit over up to a million rows, so it looks them up in bits instead of in a set. */
function without(order: Int32Array<ArrayBuffer>, leaving: readonly number[]): Int32Array<ArrayBuffer> {
  let low = Infinity;
  let high = 0;
  for (const id of leaving) {
    if (id < low) low = id;
    if (id > high) high = id;
  }
  const isLeaving = new Uint8Array(high - low + 1);
  for (const id of leaving) isLeaving[id - low] = 1;
  const kept = new Int32Array(order.length);
  let count = 0;
  for (const id of order) if (isLeaving[id - low] !== 1) kept[count++] = id;
  return count === order.length ? order : kept.slice(0, count);
}

/** Two orders become one; where both are equal, the first goes first. */
function mergedOrder(one: Int32Array<ArrayBuffer>, other: Int32Array, compare: (a: number, b: number) => number): Int32Array<ArrayBuffer> {
  if (other.length === 0) return one;
  const merged = new Int32Array(one.length + other.length);
  let read = 0;
  for (let take = 0; take < other.length; take += 1) {
    const next = other[take] ?? 0;
    const until = upperBound(one, read, next, compare);
    merged.set(one.subarray(read, until), read + take);
    merged[until + take] = next;
    read = until;
  }
  merged.set(one.subarray(read), read + other.length);
  return merged;
}

/** Where `id` goes: behind all that are not larger. Looks near `from` first, because the next one is often close. */
function upperBound(order: Int32Array, from: number, id: number, compare: (a: number, b: number) => number): number {
  let low = from;
  let reach = 1;
  while (low + reach <= order.length && compare(order[low + reach - 1] ?? 0, id) <= 0) {
    low += reach;
    reach *= 2;
  }
  let high = Math.min(order.length, low + reach - 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(order[middle] ?? 0, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Letter case decides only between otherwise equal names. Empty names sort as the smallest. */
function compareText(a: string, b: string): number {
  const lowerA = a.toLowerCase();
  const lowerB = b.toLowerCase();
  if (lowerA !== lowerB) return lowerA < lowerB ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
