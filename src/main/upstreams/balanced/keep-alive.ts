/** Comments on silent event streams, so that nothing between us and the client takes them for dead. Between two events, never inside one. */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from '../../pipeline/stage.ts';
import type { Clock } from '../../ports.ts';

const SILENCE_MS = 15_000;
const comment = Buffer.from(': keep-alive\n\n');
/** What the server sent in place of the comment. */
const nothing = new Uint8Array(0);

const LF = 10;
const CR = 13;

/** All event streams of an upstream, looked at together. */
export class KeepAlives {
  readonly #clock: Clock;
  readonly #streams = new Set<KeptStream>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The stream with comments where it is silent. */
  keep(inner: BodySource): BodySource {
    return new KeptStream(inner, this.#clock, this.#streams);
  }

  sweep(): void {
    if (this.#streams.size === 0) return;
    const nowMs = this.#clock.monotonicUs() / 1000;
    for (const stream of this.#streams) stream.speakAfter(nowMs - SILENCE_MS);
  }
}

class KeptStream implements BodySource, BodySink {
  readonly #inner: BodySource;
  readonly #clock: Clock;
  readonly #streams: Set<KeptStream>;
  #sink: BodySink | undefined;
  #lastMs: number;
  #isHeld = false;
  /** The newest bytes, oldest first, as one number; zeros at the beginning. */
  #tail = 0;
  #isEmpty = true;

  constructor(inner: BodySource, clock: Clock, streams: Set<KeptStream>) {
    this.#inner = inner;
    this.#clock = clock;
    this.#streams = streams;
    this.#lastMs = clock.monotonicUs() / 1000;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#streams.add(this);
    this.#inner.start(this);
  }

  resume(): void {
    this.#isHeld = false;
    this.#inner.resume();
  }

  abort(): void {
    this.#streams.delete(this);
    this.#inner.abort();
  }

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    this.#lastMs = this.#clock.monotonicUs() / 1000;
    for (let at = Math.max(0, chunk.length - 4); at < chunk.length; at += 1) this.#tail = ((this.#tail << 8) | (chunk[at] as number)) >>> 0;
    if (chunk.length > 0) this.#isEmpty = false;
    return this.#passOn(chunk, received);
  }

  end(trailers: readonly string[]): void {
    this.#streams.delete(this);
    this.#sink?.end(trailers);
  }

  fail(error: TrafficError): void {
    this.#streams.delete(this);
    this.#sink?.fail(error);
  }

  /** Sends a comment if nothing passed since then, and it would stand between two events. */
  speakAfter(sinceMs: number): void {
    // A client that does not take what there is needs no sign of life.
    if (this.#lastMs > sinceMs || this.#isHeld || !this.#isBetweenEvents) return;
    this.#lastMs = sinceMs + SILENCE_MS;
    this.#passOn(comment, nothing);
  }

  #passOn(chunk: Uint8Array, received: Uint8Array | undefined): boolean {
    const isReady = (received === undefined ? this.#sink?.data(chunk) : this.#sink?.data(chunk, received)) !== false;
    this.#isHeld = !isReady;
    return isReady;
  }

  /** A blank line came last. After a bare CR the LF that belongs to it may still come, so that one is no place to speak. */
  get #isBetweenEvents(): boolean {
    if (this.#isEmpty) return true;
    const last = this.#tail & 0xff;
    const before = (this.#tail >>> 8) & 0xff;
    if (last !== LF) return false;
    return before === LF || (before === CR && ((this.#tail >>> 16) & 0xff) === LF);
  }
}
