/** A body source with a listener on it: bytes go to their taker first, and are looked at afterwards. */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from '../../pipeline/stage.ts';

/** What the tap sees. Nothing it does can change or stop the bytes; it can only ask for a pause. */
export interface SourceWatcher {
  /** A promise asks the relay to pause until it resolves. */
  passed(chunk: Uint8Array, received: Uint8Array | undefined): Promise<void> | undefined;
  ended(): void;
  /** The source broke off. */
  failed(): void;
  /** The taker broke off. */
  aborted(): void;
}

/** Stands between source and taker: the taker's source, and the source's sink. */
export class TappedSource implements BodySource, BodySink {
  readonly #inner: BodySource;
  readonly #watcher: SourceWatcher;
  #sink: BodySink | undefined;
  #isTakerReady = true;
  #isWaiting = false;
  #isOver = false;

  constructor(inner: BodySource, watcher: SourceWatcher) {
    this.#inner = inner;
    this.#watcher = watcher;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#inner.start(this);
  }

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    this.#isTakerReady = this.#sink?.data(chunk, received) !== false;
    const wait = this.#watcher.passed(chunk, received);
    if (wait !== undefined) this.#waitFor(wait);
    return this.#isTakerReady && !this.#isWaiting;
  }

  end(trailers: readonly string[]): void {
    this.#sink?.end(trailers);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watcher.ended();
  }

  fail(error: TrafficError): void {
    this.#sink?.fail(error);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watcher.failed();
  }

  resume(): void {
    this.#isTakerReady = true;
    if (!this.#isWaiting) this.#inner.resume();
  }

  abort(): void {
    this.#inner.abort();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watcher.aborted();
  }

  #waitFor(wait: Promise<void>): void {
    this.#isWaiting = true;
    const go = () => {
      this.#isWaiting = false;
      if (this.#isTakerReady && !this.#isOver) this.#inner.resume();
    };
    wait.then(go, go);
  }
}
