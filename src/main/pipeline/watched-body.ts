/** An answer body with somebody beside it: counts what passes, tells how it ended, and can be ended from our side. */
import type { TrafficError } from '../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from './stage.ts';

/** How a body ended: all of it came, the upstream broke off, the client left, or we ended it. */
export type BodyEnd = 'complete' | 'upstream-died' | 'client-left' | 'ended-here';

export class WatchedBody implements BodySource, BodySink {
  readonly #inner: BodySource;
  readonly #onEnd: (how: BodyEnd) => void;
  readonly #onChunk: ((chunk: Uint8Array) => void) | undefined;
  #sink: BodySink | undefined;
  #isOver = false;
  sizeBytes = 0;

  /** `onEnd` is called exactly once, `onChunk` for each chunk after its taker has it. */
  constructor(inner: BodySource, onEnd: (how: BodyEnd) => void, onChunk?: (chunk: Uint8Array) => void) {
    this.#inner = inner;
    this.#onEnd = onEnd;
    this.#onChunk = onChunk;
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
    this.#over('ended-here');
    this.#sink?.fail(error);
  }

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.sizeBytes += chunk.length;
    const isReady = this.#sink?.data(chunk, received) !== false;
    this.#onChunk?.(chunk);
    return isReady;
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#sink?.end(trailers);
    this.#over('complete');
  }

  fail(error: TrafficError): void {
    if (this.#isOver) return;
    this.#sink?.fail(error);
    this.#over('upstream-died');
  }

  #over(how: BodyEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(how);
  }
}
