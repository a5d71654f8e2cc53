/**
 * Holds a JSON answer back until it is whole: a client can use no part of it, and what breaks off or turns out to be no JSON-RPC can
 * then still be answered with an error that says so, in place of half a body. What is too large goes on as it comes.
 */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { BodySink, BodySource } from '../../pipeline/stage.ts';
import { Parts } from '../../support/parts.ts';

/** Beyond this an answer goes on before all of it is there; nearly all results are smaller. */
const MAX_HELD_BYTES = 64 * 1024;

export class HeldAnswer implements BodySource, BodySink {
  readonly #inner: BodySource;
  readonly #ready = Promise.withResolvers<BodySource>();
  readonly #parts = new Parts();
  #sizeBytes = 0;
  #state: 'held' | 'released' | 'ended' | 'failed' = 'held';
  #failure: TrafficError | undefined;
  #sink: BodySink | undefined;

  constructor(inner: BodySource) {
    this.#inner = inner;
  }

  /** Itself, once it may go on. Rejects when it broke off before. */
  whole(): Promise<BodySource> {
    this.#inner.start(this);
    return this.#ready.promise;
  }

  /** Nobody waits for it any more. */
  leave(error: TrafficError): void {
    if (this.#state !== 'held') return;
    this.#inner.abort();
    this.fail(error);
  }

  /** Nothing of it has gone on, and it is neither a result nor an error. */
  get isNoMessage(): boolean {
    return this.#state === 'held' && !isMessage(this.#parts.joined());
  }

  // Of the answer as it comes.

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#sink.data(chunk, received);
    this.#parts.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes <= MAX_HELD_BYTES) return true;
    this.#release('released');
    return false;
  }

  end(): void {
    if (this.#sink === undefined) this.#release('ended');
    else this.#sink.end([]);
  }

  fail(error: TrafficError): void {
    if (this.#sink !== undefined) this.#sink.fail(error);
    else {
      this.#failure = error;
      this.#release('failed');
    }
  }

  // Of whoever takes it.

  start(sink: BodySink): void {
    // As one part: what is all there goes to the client with its length, in one piece.
    const isReady = this.#parts.count === 0 || sink.data(this.#parts.joined());
    this.#parts.clear();
    this.#sink = sink;
    if (this.#failure !== undefined) sink.fail(this.#failure);
    else if (this.#state === 'ended') sink.end([]);
    else if (isReady) this.#inner.resume();
  }

  resume(): void {
    this.#inner.resume();
  }

  abort(): void {
    this.#inner.abort();
  }

  #release(state: 'released' | 'ended' | 'failed'): void {
    const wasHeld = this.#state === 'held';
    this.#state = state;
    if (!wasHeld) return;
    if (this.#failure === undefined) this.#ready.resolve(this);
    else this.#ready.reject(this.#failure);
  }
}

function isMessage(bytes: Uint8Array): boolean {
  try {
    // The decoder drops a byte order mark, as clients do.
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(value) || (typeof value === 'object' && value !== null && ('result' in value || 'error' in value));
  } catch {
    return false;
  }
}
