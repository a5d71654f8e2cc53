/**
 * The answer to one POST of requests, while it takes shape: JSON when the results are the first things that come, an event
 * stream as soon as something comes before them and the client takes one.
 */
import { rpcErrorBody, TrafficError } from '../../../shared/errors/error-table.ts';
import type { Answer } from '../../pipeline/stage.ts';
import { fieldValues } from '../../support/http-fields.ts';
import type { HttpRefusal } from './channel.ts';
import { EventStream, streamAnswer } from './event-stream.ts';
import { jsonAnswer } from './whole-answer.ts';

export interface PostReplyOptions {
  /** Fields of the client's request, for `Accept`. */
  readonly requestHeaders: readonly string[];
  /** JSON texts of the ids that are asked. */
  readonly idTexts: readonly string[];
  readonly isBatch: boolean;
  /** HTTP status of a JSON answer to a single request. */
  readonly statusOf: (answer: Buffer, isError: boolean) => number;
  /** Fields of the answer, asked for once; `isError`: nothing but errors came back. */
  readonly headers: (isError: boolean) => readonly string[];
  /** The client left before all answers were there. */
  readonly onLeft: () => void;
  readonly onFull?: (isFull: boolean) => void;
}

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('[');
const CLOSE = Buffer.from(']');

export class PostReply {
  readonly answer: Promise<Answer>;
  readonly takesEvents: boolean;
  readonly #takesJson: boolean;
  readonly #options: PostReplyOptions;
  readonly #outcome = Promise.withResolvers<Answer>();
  /** Ids that are still unanswered. */
  readonly #open: string[];
  readonly #answers: Buffer[] = [];
  #hasSuccess = false;
  #stream: EventStream | undefined;
  #isOver = false;
  #ticks = 0;

  constructor(options: PostReplyOptions) {
    this.#options = options;
    this.#open = [...options.idTexts];
    const accept = fieldValues(options.requestHeaders, 'accept').join(',').toLowerCase();
    this.takesEvents = accept.includes('text/event-stream');
    this.#takesJson = !this.takesEvents || accept.includes('json') || accept.includes('*/*');
    this.answer = this.#outcome.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isStreaming(): boolean {
    return this.#stream !== undefined;
  }

  /** Something that comes before the answer. False when this client cannot take it here. */
  passes(message: Buffer): boolean {
    if (this.#isOver || !this.takesEvents) return false;
    this.#streaming().message(message);
    return true;
  }

  /** The answer to one of the requests. */
  answered(idText: string, message: Buffer, isError: boolean): void {
    if (this.#isOver) return;
    const at = this.#open.indexOf(idText);
    if (at >= 0) this.#open.splice(at, 1);
    if (!isError) this.#hasSuccess = true;
    if (this.#stream === undefined && this.#takesJson) {
      this.#answers.push(message);
      if (this.#open.length === 0) this.#settleJson(isError);
      return;
    }
    const stream = this.#streaming();
    stream.message(message);
    if (this.#open.length > 0) return;
    this.#isOver = true;
    stream.end();
  }

  /** No more answers will come; what an open stream owes is told as errors, then it breaks. */
  fail(error: TrafficError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#stream === undefined) {
      this.#outcome.reject(error);
      return;
    }
    // Clients that only watch for messages would otherwise wait for their time-out.
    for (const idText of this.#open) this.#stream.message(Buffer.from(rpcErrorBody(error.code, error.message, idText, error.facts)));
    this.#stream.fail(error);
  }

  /** The server refused the request by an HTTP status. */
  refused(error: HttpRefusal): void {
    const facts = { status: error.status, may_have_executed: false };
    if (this.#stream !== undefined) this.fail(new TrafficError('UPSTREAM_AUTH', error.message, { facts }));
    else if (!this.#isOver) {
      this.#isOver = true;
      this.#outcome.reject(error);
    }
  }

  /**
   * The client called it off, so the server will not answer; but a POST needs an answer. Clients ignore one that comes after
   * their cancellation (2025-11-25, cancellation).
   */
  calledOff(): void {
    for (const idText of this.#open.slice())
      this.answered(idText, Buffer.from(rpcErrorBody('CANCELLED', 'The client called it off.', idText)), true);
  }

  /** The server ended the stream of a subscription without a result. */
  ended(): void {
    if (this.#isOver || this.#stream === undefined) return;
    this.#isOver = true;
    this.#stream.end();
  }

  /** The client left before there was a head. */
  left(): void {
    if (this.#isOver || this.#stream !== undefined) return;
    this.#isOver = true;
    this.#outcome.reject(new TrafficError('CANCELLED', 'The client left.'));
    this.#options.onLeft();
  }

  /**
   * Called at a steady pace. After `ticks` silent ones a client that takes a stream gets one, with a comment. Further comments
   * are up to those who deliver it: here they would look like progress of the server.
   */
  tick(ticks: number): void {
    if (this.#isOver || this.#stream !== undefined) return;
    this.#ticks += 1;
    if (this.takesEvents && this.#ticks >= ticks) this.#streaming().comment();
  }

  get waitingBytes(): number {
    return this.#stream?.waitingBytes ?? 0;
  }

  #settleJson(isError: boolean): void {
    this.#isOver = true;
    const { isBatch, statusOf, headers } = this.#options;
    const [first] = this.#answers as [Buffer];
    const bytes = isBatch ? joined(this.#answers) : first;
    this.#outcome.resolve(jsonAnswer(bytes, isBatch ? 200 : statusOf(first, isError), headers(!this.#hasSuccess)));
  }

  #streaming(): EventStream {
    if (this.#stream !== undefined) return this.#stream;
    const { onLeft, onFull, headers } = this.#options;
    const stream = new EventStream({
      onLeft: () => {
        this.#isOver = true;
        onLeft();
      },
      ...(onFull === undefined ? {} : { onFull }),
    });
    this.#stream = stream;
    // Answers of a batch that came before the stream began.
    for (const message of this.#answers.splice(0)) stream.message(message);
    this.#outcome.resolve(streamAnswer(stream, headers(false)));
    return stream;
  }
}

function joined(answers: readonly Buffer[]): Buffer {
  return Buffer.concat([OPEN, ...answers.flatMap((answer, at) => (at === 0 ? [answer] : [COMMA, answer])), CLOSE]);
}
