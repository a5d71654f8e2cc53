/** All open views of the reader: fills them in slices, feeds them changes, tells who listens at most every 100 ms. */
import { performance } from 'node:perf_hooks';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { TimelineSpec, ViewState } from '../../../shared/model/timeline.ts';
import type { Db } from '../database.ts';
import type { StoreChange } from '../worker-protocol.ts';
import type { TextHits } from './text-hits.ts';
import { View } from './view.ts';

/** More than any number of windows needs; a leak of views shows as a refusal instead of as memory. */
const MAX_VIEWS = 256;
/** How long opening may fill before it answers with what it has. */
const FIRST_SLICE_MS = 40;
const SLICE_MS = 12;
const ANNOUNCE_MS = 100;

interface OpenView {
  readonly view: View;
  fill: Generator<void> | undefined;
  isDirty: boolean;
}

export class ViewKeeper {
  #db: Db;
  #announce: (viewId: string, state: ViewState) => void;
  #views = new Map<string, OpenView>();
  #hits: TextHits | undefined;
  #isFilling = false;
  #timer: NodeJS.Timeout | undefined;
  #announcedAt = -Infinity;

  #failed: (viewId: string, error: unknown) => void;

  /** `failed` hears of a view whose scan the database broke; the view stays with what it had. */
  constructor(db: Db, announce: (viewId: string, state: ViewState) => void, failed: (viewId: string, error: unknown) => void) {
    this.#db = db;
    this.#announce = announce;
    this.#failed = failed;
    db.function('text_hit', { deterministic: false }, (term, id) => (this.#hits?.has(Number(term), Number(id)) === true ? 1 : 0));
  }

  open(viewId: string, spec: TimelineSpec): ViewState {
    this.#views.delete(viewId);
    if (this.#views.size >= MAX_VIEWS) throw new TrafficError('CONFLICT', `More than ${MAX_VIEWS} views are open.`);
    const view = new View(spec, { db: this.#db, withHits: (hits, run) => this.#withHits(hits, run) });
    const open: OpenView = { view, fill: view.fill(), isDirty: false };
    this.#views.set(viewId, open);
    runSlice(open, FIRST_SLICE_MS);
    if (open.fill !== undefined) this.#fillSoon();
    return view.announce();
  }

  close(viewId: string): void {
    this.#views.delete(viewId);
  }

  get(viewId: string): View {
    const open = this.#views.get(viewId);
    if (open === undefined) throw new TrafficError('NOT_FOUND', 'This view is closed.');
    return open.view;
  }

  /** Ends what is planned; no view is told anything any more. */
  closeAll(): void {
    clearTimeout(this.#timer);
    this.#views.clear();
  }

  /** Specs of the open views, to open them again on a new file. */
  specs(): [string, TimelineSpec][] {
    return [...this.#views].map(([viewId, { view }]) => [viewId, view.spec]);
  }

  change(change: StoreChange): void {
    for (const [viewId, open] of this.#views) {
      try {
        if (open.view.change(change)) open.isDirty = true;
      } catch (error) {
        this.#failed(viewId, error);
      }
    }
    this.#announceSoon();
  }

  #withHits<T>(hits: TextHits, run: () => T): T {
    this.#hits = hits;
    try {
      return run();
    } finally {
      this.#hits = undefined;
    }
  }

  #fillSoon(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    setImmediate(() => this.#fillSlice());
  }

  /** One slice for each view that is not complete: a long scan of one must not starve another. */
  #fillSlice(): void {
    this.#isFilling = false;
    let isMoreToDo = false;
    for (const [viewId, open] of this.#views) {
      if (open.fill === undefined) continue;
      try {
        runSlice(open, SLICE_MS);
      } catch (error) {
        open.fill = undefined;
        this.#failed(viewId, error);
      }
      open.isDirty = true;
      isMoreToDo ||= open.fill !== undefined;
    }
    this.#announceSoon();
    if (isMoreToDo) this.#fillSoon();
  }

  #announceSoon(): void {
    if (this.#timer !== undefined || ![...this.#views.values()].some(open => open.isDirty)) return;
    const wait = Math.max(0, this.#announcedAt + ANNOUNCE_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#announcedAt = performance.now();
      for (const [viewId, open] of this.#views) {
        if (!open.isDirty) continue;
        open.isDirty = false;
        this.#announce(viewId, open.view.announce());
      }
    }, wait);
  }
}

function runSlice(open: OpenView, ms: number): void {
  const end = performance.now() + ms;
  do {
    if (open.fill?.next().done !== false) open.fill = undefined;
  } while (open.fill !== undefined && performance.now() < end);
}
