/**
 * One live view of rows: its size comes by topic, its rows are pulled page by page around the viewport.
 * A changed view is re-read only where it is looked at. Another spec opens a new view; the old rows stay on screen until the new size is known.
 */
import type { TimelineRow, TimelineSpec, ViewState } from '../../shared/model/timeline.ts';
import { HostError, type HostClient } from '../host/host-client.ts';
import { Emitter } from './emitter.ts';
import { PAGE_SIZE, PageCache } from './page-cache.ts';
import { isSameRow } from './row-identity.ts';

/** At most this many pages are asked for at once; while scrolling fast, pages passed by are not fetched at all. */
const MAX_FETCHES = 3;

export interface TimelineState {
  readonly viewId: string | undefined;
  readonly matched: number;
  readonly total: number;
  readonly progress: number;
  /** Grows when the view was opened anew, so that the table may go to its end. */
  readonly generation: number;
  /** Why the view could not be opened, such as a filter that does not parse. */
  readonly problem: string | undefined;
}

const empty: TimelineState = { viewId: undefined, matched: 0, total: 0, progress: 1, generation: 0, problem: undefined };

export class TimelineView {
  #state: TimelineState = empty;
  #revision = 0;
  #version = 0;
  #spec: TimelineSpec | undefined;
  #isPaused = false;
  #pausedState: ViewState | undefined;
  #range = { from: 0, to: 0 };
  #release = () => {};
  #opening = 0;
  readonly #rows = new PageCache<TimelineRow>(isSameRow);
  readonly #fetching = new Set<number>();
  readonly #emitter = new Emitter();
  readonly #host: HostClient;
  readonly #stopListening: () => void;
  readonly subscribe = this.#emitter.subscribe;

  constructor(host: HostClient) {
    this.#host = host;
    this.#stopListening = host.onState(() => {
      // The views of a lost connection are gone with it.
      if (host.state.kind === 'connected' && this.#spec !== undefined) void this.#open(this.#spec);
    });
  }

  /** Grows with everything that a table must draw again. */
  readonly version = (): number => this.#version;
  readonly state = (): TimelineState => this.#state;

  rowAt(index: number): TimelineRow | undefined {
    return this.#rows.rowAt(index);
  }

  findHeld(matches: (row: TimelineRow) => boolean): TimelineRow | undefined {
    return this.#rows.find(matches);
  }

  /** Shows another selection of rows. */
  show(spec: TimelineSpec): void {
    this.#spec = spec;
    void this.#open(spec);
  }

  /** Freezes what is shown; recording goes on, and nothing is lost when it is released. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) return;
    const missed = this.#pausedState;
    this.#pausedState = undefined;
    if (missed !== undefined) this.#apply(missed);
  }

  /** The table looks at these rows now; what is missing is fetched. */
  lookAt(from: number, to: number): void {
    this.#range = { from, to };
    this.#fetch();
  }

  async indexOf(id: number): Promise<number> {
    return (await this.#host.call('timeline.indexOf', { viewId: this.#viewId(), id })).index;
  }

  /** Index of the next error after (or before) a row; -1 when there is none. */
  async findError(from: number, backwards: boolean): Promise<number> {
    return (await this.#host.call('timeline.find', { viewId: this.#viewId(), from, backwards, what: 'error' })).index;
  }

  close(): void {
    this.#stopListening();
    this.#leave();
  }

  async #open(spec: TimelineSpec): Promise<void> {
    this.#opening += 1;
    const mine = this.#opening;
    let opened;
    try {
      opened = await this.#host.call('timeline.open', spec);
    } catch (error) {
      if (mine !== this.#opening || this.#host.state.kind !== 'connected') return;
      this.#set({ ...this.#state, problem: error instanceof HostError ? error.message : String(error) });
      return;
    }
    const { viewId, state } = opened;
    if (mine !== this.#opening) {
      void this.#host.call('timeline.close', { viewId }).catch(() => {});
      return;
    }
    this.#leave();
    this.#rows.clear();
    this.#fetching.clear();
    this.#pausedState = undefined;
    this.#revision = state.revision;
    this.#set({
      viewId,
      matched: state.matched,
      total: state.total,
      progress: state.progress,
      generation: this.#state.generation + 1,
      problem: undefined,
    });
    this.#release = this.#host.follow('timeline', { viewId }, message => this.#receive(message));
    this.#fetch();
  }

  #leave(): void {
    this.#release();
    const { viewId } = this.#state;
    if (viewId !== undefined && this.#host.state.kind === 'connected') void this.#host.call('timeline.close', { viewId }).catch(() => {});
  }

  #receive(message: ViewState): void {
    if (!this.#isPaused) return this.#apply(message);
    this.#pausedState = message;
  }

  #apply(message: ViewState): void {
    if (message.revision < this.#revision) return;
    this.#revision = message.revision;
    this.#set({ ...this.#state, matched: message.matched, total: message.total, progress: message.progress });
    this.#fetch();
  }

  #fetch(): void {
    const { viewId, matched } = this.#state;
    if (viewId === undefined || this.#host.state.kind !== 'connected') return;
    const to = Math.min(this.#range.to, matched);
    for (const page of this.#rows.wanted(this.#range.from, to, this.#revision)) {
      if (this.#fetching.size >= MAX_FETCHES) return;
      if (!this.#fetching.has(page)) void this.#fetchPage(viewId, page);
    }
  }

  async #fetchPage(viewId: string, page: number): Promise<void> {
    this.#fetching.add(page);
    // While paused, a page scrolled to may be newer than the frozen size; rows past it are simply not drawn.
    const revision = this.#revision;
    try {
      const answer = await this.#host.call('timeline.rows', { viewId, from: page * PAGE_SIZE, count: PAGE_SIZE });
      if (viewId !== this.#state.viewId) return;
      this.#rows.put(page, answer.rows, Math.max(answer.revision, revision));
    } catch {
      // The view was closed meanwhile, or the host left: the next look asks again.
      if (viewId !== this.#state.viewId) return;
      this.#fetching.delete(page);
      return;
    }
    this.#fetching.delete(page);
    this.#announce();
    this.#fetch();
  }

  #viewId(): string {
    if (this.#state.viewId === undefined) throw new HostError('NOT_FOUND', 'No view is open.');
    return this.#state.viewId;
  }

  #set(state: TimelineState): void {
    this.#state = state;
    this.#announce();
  }

  #announce(): void {
    this.#version += 1;
    this.#emitter.announce();
  }
}
