/** An answer's body on its way to the client: tells the call what passes and how it ended, and can be broken off by a time-out. */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from '../../pipeline/stage.ts';

export interface BodyEvents {
  /** A part passed; its taker has it already. */
  passed(chunk: Uint8Array): void;
  /** All of it came. An error means that the client shall not take it for complete. */
  completed(): TrafficError | undefined;
  /** The upstream broke off; returns what the client is told. */
  died(error: TrafficError): TrafficError;
  /** The taker lost interest. */
  left(): void;
}

export class CallBody implements BodySource, BodySink {
  readonly #inner: BodySource;
  readonly #events: BodyEvents;
  #sink: BodySink | undefined;
  #isOver = false;
  #cutBy: TrafficError | undefined;
  /** The taker asked to wait. */
  isHeld = false;

  constructor(inner: BodySource, events: BodyEvents) {
    this.#inner = inner;
    this.#events = events;
  }

  start(sink: BodySink): void {
    if (this.#cutBy !== undefined) {
      sink.fail(this.#cutBy);
      return;
    }
    this.#sink = sink;
    this.#inner.start(this);
  }

  resume(): void {
    this.isHeld = false;
    if (!this.#isOver) this.#inner.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#inner.abort();
    this.#events.left();
  }

  /** Breaks it off: the upstream is let go, and the client does not take it for complete. */
  cut(error: TrafficError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cutBy = error;
    this.#inner.abort();
    this.#sink?.fail(error);
  }

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    if (this.#isOver) return true;
    const isReady = (received === undefined ? this.#sink?.data(chunk) : this.#sink?.data(chunk, received)) !== false;
    this.isHeld = !isReady;
    this.#events.passed(chunk);
    return isReady;
  }

  /** Trailers end here: JSON-RPC has none, and they would be fields that nobody looked through. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const error = this.#events.completed();
    if (error === undefined) this.#sink?.end([]);
    else this.#sink?.fail(error);
  }

  fail(error: TrafficError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.fail(this.#events.died(error));
  }
}
