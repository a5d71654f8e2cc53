/**
 * One live view: the row numbers that match, in order. Filled newest first in steps that let other calls through,
 * then kept current from what commits changed. Never counts offsets in SQL: a page is a slice of the numbers.
 */
import type { Statement } from 'better-sqlite3';
import type { TimelineSpec, ViewState } from '../../../shared/model/timeline.ts';
import type { Db } from '../database.ts';
import type { StoreChange } from '../worker-protocol.ts';
import { IdList } from './id-list.ts';
import { walkIndex } from './index-walk.ts';
import { keySource, SortedIds, type KeySource } from './sort-keys.ts';
import { TextHits } from './text-hits.ts';
import { ViewQuery } from './view-query.ts';

/** Rows looked at in one step, about 5 to 20 ms. */
const ROWS_PER_STEP = 20_000;
/** Scopes of up to this many rows are read by the sessions' index in one go. */
const SMALL_SCOPE_ROWS = 50_000;

export interface ViewDeps {
  readonly db: Db;
  /** Makes `text_hit` answer from these sets while `run` runs. */
  readonly withHits: <T>(hits: TextHits, run: () => T) => T;
}

export class View {
  readonly spec: TimelineSpec;
  #deps: ViewDeps;
  #query: ViewQuery;
  #ids = new IdList();
  #sorted: SortedIds | undefined;
  #hits: TextHits;
  #sortKeys: Statement<[string], [number, string | number | null]> | undefined;
  #keySource: KeySource | undefined;
  #revision = 0;
  #progress = 0;
  #isReordered = false;

  constructor(spec: TimelineSpec, deps: ViewDeps) {
    this.spec = spec;
    this.#deps = deps;
    this.#query = new ViewQuery(deps.db, spec);
    this.#hits = new TextHits(this.#query.conditions.filter.textTerms.length);
    if (spec.sort.column !== 'id') {
      const source = keySource(spec.mode, spec.sort.column);
      this.#sorted = new SortedIds(source.isText, spec.sort.descending, this.#query.bounds().first);
      this.#keySource = source;
      const session = source.sql.startsWith('s.') ? 'CROSS JOIN session s ON s.key = r.session_key' : '';
      this.#sortKeys = deps.db
        .prepare(`SELECT r.id, ${source.sql} FROM json_each(?) j CROSS JOIN ${this.#query.conditions.table} r ON r.id = j.value ${session}`)
        .raw() as unknown as Statement<[string], [number, string | number | null]>;
    }
  }

  /** Fills the view; each `next` is one step. */
  *fill(): Generator<void> {
    const { conditions } = this.#query;
    const { first, last } = this.#query.bounds();
    if (conditions.isEverything && this.#sorted === undefined && !this.#query.hasDeleted() && this.#query.total() === last - first + 1) {
      this.#ids = IdList.range(first, last);
    } else if (conditions.filter.requiredTerms.length > 0) yield* this.#fillFromText();
    else {
      const hasText = conditions.filter.textTerms.length > 0;
      if (hasText) yield* this.#findText(() => {});
      if (conditions.isEverything && !this.#query.hasDeleted()) yield* this.#fillFromIndex();
      if (conditions.isScoped && this.#query.total() <= SMALL_SCOPE_ROWS) this.#add(this.#matchingInScope());
      else if (this.#ids.length !== this.#query.total()) yield* this.#fillFromRows(first, last);
    }
    this.#progress = 1;
    this.#revision += 1;
  }

  /** An index that has the order spares the sort, and the top rows are there at once. Rows that it lacks are left to the caller. */
  *#fillFromIndex(): Generator<void> {
    const { index, sql } = this.#keySource ?? {};
    if (index === undefined || sql === undefined || this.#sorted === undefined) return;
    for (const rows of walkIndex(this.#deps.db, { index, key: sql, isDescending: this.spec.sort.descending })) {
      // A commit in between may have brought a row that comes only now.
      const isNew = new Set(this.#ids.add(rows.map(([id]) => id).sort(ascending)));
      for (const [id, key] of rows) if (isNew.has(id)) this.#sorted.setKey(id, key);
      if (this.#sorted.insert([...isNew])) this.#isReordered = true;
      this.#revision += 1;
      this.#progress = Math.max(this.#progress, Math.min(0.999, this.#ids.length / Math.max(1, this.#query.total())));
      yield;
    }
  }

  *#fillFromRows(first: number, last: number): Generator<void> {
    for (let to = last; to >= first; to -= ROWS_PER_STEP) {
      const from = Math.max(first, to - ROWS_PER_STEP + 1);
      this.#add(this.#run(() => this.#query.matchingInRange(from, to)));
      this.#progress = Math.max(this.#progress, (last - from + 1) / (last - first + 1)) * 0.999;
      yield;
    }
  }

  /** Only rows found by full text can match, so only those are looked at. */
  *#fillFromText(): Generator<void> {
    const { requiredTerms } = this.#query.conditions.filter;
    yield* this.#findText(found => {
      const candidates = [...found].filter(id => this.#hits.hasAll(requiredTerms, id)).sort(ascending);
      this.#add(this.#matching(candidates));
    });
  }

  *#findText(take: (found: Set<number>) => void): Generator<void> {
    const last = this.#query.lastIndexedFrame();
    for (let to = last; to >= 1; to -= ROWS_PER_STEP) {
      const from = Math.max(1, to - ROWS_PER_STEP + 1);
      take(this.#markHits(from, to));
      this.#progress = ((last - from + 1) / last) * 0.999;
      yield;
    }
  }

  #markHits(fromFrame: number, toFrame: number): Set<number> {
    const found = new Set<number>();
    for (let term = 0; term < this.#query.conditions.filter.textTerms.length; term += 1) {
      for (const id of this.#query.hits(term, fromFrame, toFrame)) if (this.#hits.mark(term, id)) found.add(id);
    }
    return found;
  }

  /** Follows a commit or another change. Returns whether the view changed. */
  change(change: StoreChange): boolean {
    const isFrames = this.spec.mode === 'frames';
    const { filter } = this.#query.conditions;
    const touched = new Set<number>();
    if (isFrames) {
      for (let id = change.frameIds.from; id <= change.frameIds.to; id += 1) touched.add(id);
      for (const id of change.removedFrameIds) touched.add(id);
      if (filter.usesExchange)
        for (const id of this.#query.framesOfExchanges([...change.updatedIds, ...change.insertedIds])) touched.add(id);
    } else for (const id of [...change.insertedIds, ...change.updatedIds]) touched.add(id);
    if (change.sessionKeys.length > 0) for (const id of this.#query.idsOfSessions(change.sessionKeys)) touched.add(id);
    if (change.indexedFrames !== undefined && filter.textTerms.length > 0) {
      for (const id of this.#markHits(change.indexedFrames.from, change.indexedFrames.to)) touched.add(id);
    }
    if (touched.size === 0) return false;
    this.#place([...touched].sort(ascending));
    this.#revision += 1;
    return true;
  }

  #place(touched: readonly number[]): void {
    const matching = this.#matching(touched);
    const isMatching = new Set(matching);
    const before = this.#ids.length;
    const lastBefore = before === 0 ? 0 : this.#ids.at(before - 1);
    const removed = this.#ids.remove(touched.filter(id => !isMatching.has(id)));
    const added = this.#ids.add(matching);
    if (this.#sorted !== undefined) {
      this.#loadKeys(matching);
      const isNew = new Set(added);
      const leaving = [...removed, ...matching.filter(id => !isNew.has(id))];
      if (this.#sorted.merge(leaving, matching)) this.#isReordered = true;
      return;
    }
    const isAppended = removed.length === 0 && (added[0] ?? Infinity) > lastBefore;
    const isMoved = this.spec.sort.descending ? added.length + removed.length > 0 : !isAppended && added.length + removed.length > 0;
    if (isMoved) this.#isReordered = true;
  }

  state(): ViewState {
    return {
      revision: this.#revision,
      matched: this.#ids.length,
      total: this.#query.total(),
      progress: this.#progress,
      isReordered: this.#isReordered,
    };
  }

  /** The state for listeners; `isReordered` counts from one announcement to the next. */
  announce(): ViewState {
    const state = this.state();
    this.#isReordered = false;
    return state;
  }

  get revision(): number {
    return this.#revision;
  }

  get length(): number {
    return this.#ids.length;
  }

  idsAt(from: number, count: number): number[] {
    const ids: number[] = [];
    for (let index = from; index < Math.min(from + count, this.#ids.length); index += 1) ids.push(this.#at(index));
    return ids;
  }

  indexOf(id: number): number {
    if (this.#sorted !== undefined) return this.#sorted.indexOf(id);
    const index = this.#ids.indexOf(id);
    return index === -1 || !this.spec.sort.descending ? index : this.#ids.length - 1 - index;
  }

  #at(index: number): number {
    if (this.#sorted !== undefined) return this.#sorted.at(index);
    return this.#ids.at(this.spec.sort.descending ? this.#ids.length - 1 - index : index);
  }

  /** Adds rows found while filling. */
  #add(ids: readonly number[]): void {
    if (ids.length === 0) return;
    const hadRows = this.#ids.length > 0;
    const added = this.#ids.add(ids);
    this.#revision += 1;
    if (this.#sorted !== undefined) {
      this.#loadKeys(added);
      if (this.#sorted.insert(added)) this.#isReordered = true;
    } else if (hadRows && !this.spec.sort.descending) this.#isReordered = true;
  }

  #loadKeys(ids: readonly number[]): void {
    for (const [id, key] of this.#sortKeys?.all(JSON.stringify(ids)) ?? []) this.#sorted?.setKey(id, key);
  }

  #matching(ids: readonly number[]): number[] {
    return this.#run(() => this.#query.matching(ids));
  }

  #matchingInScope(): number[] {
    return this.#run(() => this.#query.matchingInScope());
  }

  #run<T>(run: () => T): T {
    return this.#deps.withHits(this.#hits, run);
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
