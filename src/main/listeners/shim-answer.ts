/** The two ends of an answer over stdio: the line of the server as a body for the stages, and what comes out of them, collected. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { maxAskedAnswerBytes } from '../../shared/shim/protocol.ts';
import type { BodySink, BodySource } from '../pipeline/stage.ts';

/** What stages may add to an answer, at most. */
const maxAddedBytes = 16 * 1024 * 1024;

/** A body of one line, which is there later. Whether it is started before or after that makes no difference. */
export class AnswerLine implements BodySource {
  /** Called when somebody starts to wait for it. */
  onStart: (() => void) | undefined;
  #sink: BodySink | undefined;
  #content: { readonly bytes?: Uint8Array; readonly error?: TrafficError } | undefined;
  #isOver = false;
  #isAborted = false;

  start(sink: BodySink): void {
    this.#sink = sink;
    this.onStart?.();
    this.#deliver();
  }

  resume(): void {
    // One chunk and its end need no steering.
  }

  abort(): void {
    this.#isAborted = true;
  }

  give(bytes: Uint8Array): void {
    this.#content ??= { bytes };
    this.#deliver();
  }

  /** There is no answer to come, and none was asked for. */
  end(): void {
    this.#content ??= {};
  }

  break(error: TrafficError): void {
    this.#content ??= { error };
    this.#deliver();
  }

  #deliver(): void {
    if (this.#sink === undefined || this.#content === undefined || this.#isOver || this.#isAborted) return;
    this.#isOver = true;
    const { bytes, error } = this.#content;
    if (error !== undefined) return this.#sink.fail(error);
    if (bytes !== undefined) this.#sink.data(bytes);
    this.#sink.end([]);
  }
}

/** Takes a body whole. */
export class AnswerCollector implements BodySink {
  readonly #onEnd: (bytes: Uint8Array) => void;
  readonly #onFail: (error: TrafficError) => void;
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #isOver = false;

  /** Exactly one of the two is called, once. */
  constructor(onEnd: (bytes: Uint8Array) => void, onFail: (error: TrafficError) => void) {
    this.#onEnd = onEnd;
    this.#onFail = onFail;
  }

  data(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > maxAskedAnswerBytes + maxAddedBytes) this.fail(new TrafficError('UPSTREAM_BROKE', 'The answer became too long.'));
    else this.#chunks.push(chunk);
    return true;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks));
  }

  fail(error: TrafficError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onFail(error);
  }
}
