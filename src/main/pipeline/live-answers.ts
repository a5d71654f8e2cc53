/** The requests that wait for an answer and the answers that are being delivered, by session: what a kill, an expiry or a drain has to end. */
import type { TrafficError } from '../../shared/errors/error-table.ts';
import type { WatchedBody } from './watched-body.ts';

/** `stream`: waits for nothing (GET, subscriptions/listen) and may be ended cleanly; `call`: somebody waits for its result. */
export type LiveKind = 'call' | 'stream';

interface Live {
  readonly kind: LiveKind;
  readonly conversationId: string;
  readonly body: WatchedBody;
}

/** A request whose answer has not begun. */
export interface PendingRequest {
  readonly conversationId: string;
  /** Answers it with this; nothing once its answer has begun. */
  cut(error: TrafficError): void;
}

export class LiveAnswers {
  readonly #pending = new Set<PendingRequest>();
  readonly #all = new Set<Live>();
  #streamCount = 0;
  readonly #idle: (() => void)[] = [];

  /** A request came in; calls the returned function once when it is over in every respect. */
  began(request: PendingRequest): () => void {
    this.#pending.add(request);
    return () => {
      if (!this.#pending.delete(request)) return;
      if (this.#isQuiet) for (const go of this.#idle.splice(0)) go();
    };
  }

  /** Keeps an answer until the returned function is called. */
  add(live: Live): () => void {
    this.#all.add(live);
    if (live.kind === 'stream') this.#streamCount += 1;
    return () => {
      if (!this.#all.delete(live)) return;
      if (live.kind === 'stream') this.#streamCount -= 1;
      if (this.#isQuiet) for (const go of this.#idle.splice(0)) go();
    };
  }

  /** Requests that are not over, streams included. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  get streamCount(): number {
    return this.#streamCount;
  }

  /** Breaks off everything of one session. */
  cutSession(conversationId: string, error: TrafficError): void {
    for (const request of this.#pending) if (request.conversationId === conversationId) request.cut(error);
    for (const live of this.#all) if (live.conversationId === conversationId) live.body.cut(error);
  }

  /** Resolves when only streams are left, or after `limitMs`. */
  callsDone(limitMs: number): Promise<void> {
    if (this.#isQuiet) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, limitMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Streams end cleanly; calls that are still unanswered are broken off, so that nobody takes them for complete. */
  endAll(error: TrafficError): void {
    for (const request of this.#pending) request.cut(error);
    for (const { kind, body } of this.#all)
      if (kind === 'stream') body.finish();
      else body.cut(error);
  }

  get #isQuiet(): boolean {
    return this.#pending.size <= this.#streamCount;
  }
}
