/** An answer body with somebody beside it: counts what passes, tells how it ended, and can be ended from our side. */
import type { TrafficError } from '../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from './stage.ts';

/** How a body ended: all of it came, the upstream broke off, the client left, or we ended it. */
export type BodyEnd = 'complete' | 'upstream-died' | 'client-left' | 'ended-here';

export interface BodyWatcher {
  /** Called exactly once; with what broke it off. */
  over(how: BodyEnd, error?: TrafficError): void;
  /** Called for each chunk after its taker has it. */
  passed?(chunk: Uint8Array): void;
  /** What the client gets before a proper end in place of a torn connection. */
  lastWords?(error: TrafficError): Uint8Array | undefined;
}

export class WatchedBody implements BodySource, BodySink {
  readonly #inner: BodySource;
  readonly #watcher: BodyWatcher;
  #sink: BodySink | undefined;
  #isOver = false;
  sizeBytes = 0;

  constructor(inner: BodySource, watcher: BodyWatcher) {
    this.#inner = inner;
    this.#watcher = watcher;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#inner.start(this);
  }

  resume(): void {
    if (!this.#isOver) this.#inner.resume();
  }

  abort(): void {
    this.#inner.abort();
    this.#over('client-left');
  }

  /** Ends it for the client as if it were complete (an event stream at drain), and lets the upstream go. */
  finish(): void {
    if (this.#isOver) return;
    this.#inner.abort();
    this.#over('ended-here');
    this.#sink?.end([]);
  }

  /** Breaks it off for the client: it shall not be taken for complete. */
  cut(error: TrafficError): void {
    if (this.#isOver) return;
    this.#inner.abort();
    this.#break('ended-here', error);
  }

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.sizeBytes += chunk.length;
    const isReady = this.#sink?.data(chunk, received) !== false;
    this.#watcher.passed?.(chunk);
    return isReady;
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#sink?.end(trailers);
    this.#over('complete');
  }

  fail(error: TrafficError): void {
    if (!this.#isOver) this.#break('upstream-died', error);
  }

  #break(how: BodyEnd, error: TrafficError): void {
    const words = this.#watcher.lastWords?.(error);
    if (words === undefined) this.#sink?.fail(error);
    else {
      this.sizeBytes += words.length;
      this.#sink?.data(words);
      this.#sink?.end([]);
    }
    this.#over(how, error);
  }

  #over(how: BodyEnd, error?: TrafficError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watcher.over(how, error);
  }
}
