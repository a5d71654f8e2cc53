/** The list of sessions: searched by the host, kept fresh by topic, with deletions that can be taken back. */
import type { SessionSummary } from '../../shared/model/session.ts';
import type { HostClient } from '../host/host-client.ts';
import { Emitter } from './emitter.ts';

/** What one question brings; the page asks for the next when its end is near. */
const PAGE = 200;
/** More than this is not listed: search narrows better than scrolling. */
const MAX_LISTED = 5000;
/** Changes that come faster are answered by one question. */
const REFRESH_MS = 300;

export type SessionSort = 'startedAt' | 'lastAt' | 'name' | 'frameCount' | 'errorCount' | 'sizeBytes';

export interface SessionListState {
  readonly search: string;
  readonly sort: SessionSort;
  readonly descending: boolean;
  readonly sessions: readonly SessionSummary[];
  readonly total: number;
  readonly isLoading: boolean;
  readonly problem: string | undefined;
}

export class SessionList {
  #state: SessionListState = {
    search: '',
    sort: 'startedAt',
    descending: true,
    sessions: [],
    total: 0,
    isLoading: true,
    problem: undefined,
  };
  #wanted = PAGE;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #host: HostClient;
  readonly #release: () => void;
  readonly #emitter = new Emitter();
  readonly subscribe = this.#emitter.subscribe;

  constructor(host: HostClient) {
    this.#host = host;
    // The first message comes with the subscription, so it is the first question too.
    this.#release = host.follow('sessions', {}, () => this.#refreshSoon());
    void this.#ask();
  }

  readonly state = (): SessionListState => this.#state;

  find(change: Partial<Pick<SessionListState, 'search' | 'sort' | 'descending'>>): void {
    this.#wanted = PAGE;
    this.#set({ ...change, isLoading: true });
    void this.#ask();
  }

  /** The end of the list is in sight. */
  more(): void {
    const { sessions, total } = this.#state;
    if (sessions.length >= Math.min(total, MAX_LISTED) || this.#wanted > sessions.length) return;
    this.#wanted = Math.min(MAX_LISTED, this.#wanted + PAGE);
    void this.#ask();
  }

  async rename(id: string, name: string): Promise<void> {
    const renamed = await this.#host.call('session.rename', { id, name });
    this.#set({ sessions: this.#state.sessions.map(session => (session.id === id ? renamed : session)) });
  }

  /** They vanish at once; the host forgets them for good after the returned time. */
  async remove(ids: readonly string[]): Promise<number> {
    const { undoMs } = await this.#host.call('session.delete', { ids: [...ids] });
    const sessions = this.#state.sessions.filter(session => !ids.includes(session.id));
    this.#set({ sessions, total: this.#state.total - (this.#state.sessions.length - sessions.length) });
    return undoMs;
  }

  async restore(ids: readonly string[]): Promise<void> {
    await this.#host.call('session.restore', { ids: [...ids] });
    await this.#ask();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#release();
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, REFRESH_MS);
  }

  async #ask(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    const { search, sort, descending } = this.#state;
    try {
      const sessions: SessionSummary[] = [];
      let total = 0;
      do {
        const limit = Math.min(1000, this.#wanted - sessions.length);
        const answer = await this.#host.call('session.list', { search, sort, descending, offset: sessions.length, limit });
        if (mine !== this.#asked) return;
        sessions.push(...answer.sessions);
        total = answer.total;
        if (answer.sessions.length === 0) break;
      } while (sessions.length < Math.min(this.#wanted, total));
      this.#set({ sessions, total, isLoading: false, problem: undefined });
    } catch (error) {
      // While the host is away the banner says so; the last list stays.
      if (mine !== this.#asked || this.#host.state.kind !== 'connected') return;
      this.#set({ isLoading: false, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  #set(change: Partial<SessionListState>): void {
    this.#state = { ...this.#state, ...change };
    this.#emitter.announce();
  }
}
