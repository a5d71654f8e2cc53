/** The order of a view that is not sorted by row number: keys per row, one full sort, then merges. */
import type { RowMode } from '../compile-filter.ts';
import type { TimelineSpec } from '../../../shared/model/timeline.ts';

type Column = TimelineSpec['sort']['column'];

interface KeySource {
  /** SQL over `r` (row) and `s` (its session). */
  readonly sql: string;
  readonly isText: boolean;
}

const exchangeKeys: Record<Exclude<Column, 'id'>, KeySource> = {
  startedAt: { sql: 'r.started_at', isText: false },
  client: { sql: 's.client_name', isText: true },
  server: { sql: 's.server_name', isText: true },
  method: { sql: 'r.method', isText: true },
  target: { sql: 'r.target', isText: true },
  status: { sql: 'r.status', isText: true },
  durationMs: { sql: 'r.duration_ms', isText: false },
  sizeBytes: { sql: 'r.size_bytes', isText: false },
};

const frameKeys: typeof exchangeKeys = {
  ...exchangeKeys,
  startedAt: { sql: 'r.at', isText: false },
  status: { sql: 'r.kind', isText: true },
  durationMs: { sql: 'r.latency_ms', isText: false },
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
  #order = new Int32Array(0);
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

  /** Puts rows that are not in the order yet in their places. */
  insert(ids: readonly number[]): void {
    const compare = this.#comparison();
    this.#order = mergedOrder(this.#order, Int32Array.from(ids).sort(compare), compare);
  }

  /** Takes `gone` out and puts `come` in its place; both may hold the same rows, whose keys changed. Returns whether other rows moved. */
  merge(gone: readonly number[], come: readonly number[]): boolean {
    const compare = this.#comparison();
    const leaving = new Set([...gone, ...come]);
    const kept = gone.length + come.length === 0 ? this.#order : this.#order.filter(id => !leaving.has(id));
    const added = Int32Array.from(new Set(come)).sort(compare);
    const merged = mergedOrder(kept, added, compare);
    const isMoved = this.#order.some((id, index) => merged[index] !== id);
    this.#order = merged;
    return isMoved;
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

/** Two orders become one; where both are equal, the first goes first. */
function mergedOrder(one: Int32Array, other: Int32Array, compare: (a: number, b: number) => number): Int32Array<ArrayBuffer> {
  const merged = new Int32Array(one.length + other.length);
  let read = 0;
  let take = 0;
  for (let write = 0; write < merged.length; write += 1) {
    const old = one[read];
    const next = other[take];
    if (next === undefined || (old !== undefined && compare(old, next) <= 0)) merged[write] = one[read++] ?? 0;
    else merged[write] = other[take++] ?? 0;
  }
  return merged;
}

/** Letter case decides only between otherwise equal names. Empty names sort as the smallest. */
function compareText(a: string, b: string): number {
  const lowerA = a.toLowerCase();
  const lowerB = b.toLowerCase();
  if (lowerA !== lowerB) return lowerA < lowerB ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
