/** A body source with a listener on it: bytes go to their taker first, and are looked at afterwards. */
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

export class TappedSource implements BodySource {
  readonly #inner: BodySource;
  readonly #watcher: SourceWatcher;
  #isTakerReady = true;
  #isWaiting = false;
  #isOver = false;

  constructor(inner: BodySource, watcher: SourceWatcher) {
    this.#inner = inner;
    this.#watcher = watcher;
  }

  start(sink: BodySink): void {
    const watcher = this.#watcher;
    this.#inner.start({
      data: (chunk, received) => {
        this.#isTakerReady = sink.data(chunk, received);
        const wait = watcher.passed(chunk, received);
        if (wait !== undefined) this.#waitFor(wait);
        return this.#isTakerReady && !this.#isWaiting;
      },
      end: (trailers) => {
        sink.end(trailers);
        this.#over(() => watcher.ended());
      },
      fail: (error) => {
        sink.fail(error);
        this.#over(() => watcher.failed());
      },
    });
  }

  resume(): void {
    this.#isTakerReady = true;
    if (!this.#isWaiting) this.#inner.resume();
  }

  abort(): void {
    this.#inner.abort();
    this.#over(() => this.#watcher.aborted());
  }

  #waitFor(wait: Promise<void>): void {
    this.#isWaiting = true;
    const go = () => {
      this.#isWaiting = false;
      if (this.#isTakerReady && !this.#isOver) this.#inner.resume();
    };
    wait.then(go, go);
  }

  #over(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    tell();
  }
}
