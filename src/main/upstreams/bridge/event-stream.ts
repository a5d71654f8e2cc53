/** An answer that is an event stream, written by us: messages as they come. */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Answer, BodySink, BodySource } from '../../pipeline/stage.ts';

export interface EventStreamOptions {
  /** The taker left before the end. Not called after `end` and `fail`. */
  readonly onLeft: () => void;
  /** More (true) or again less (false) than `fullBytes` wait for a taker that reads slowly. */
  readonly onFull?: (isFull: boolean) => void;
  readonly fullBytes?: number;
}

/** 1 MiB: beyond it whoever fills the stream is asked to wait. */
const FULL_BYTES = 1024 * 1024;
const comment = Buffer.from(': keep-alive\n\n');
const noTrailers: readonly string[] = [];

export class EventStream implements BodySource {
  readonly #options: EventStreamOptions;
  #sink: BodySink | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #isFull = false;
  #end: 'open' | 'clean' | TrafficError = 'open';
  #isOver = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#flush();
  }

  resume(): void {
    this.#isHeld = false;
    this.#flush();
  }

  abort(): void {
    if (this.#isOver) return;
    const wasOpen = this.#end === 'open';
    this.#over();
    if (wasOpen) this.#options.onLeft();
  }

  /** Takes messages. */
  get isOpen(): boolean {
    return !this.#isOver && this.#end === 'open';
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** One message as an event of its own. */
  message(bytes: Buffer): void {
    this.#push(eventOf(bytes));
  }

  /** A sign of life that is no event. */
  comment(): void {
    this.#push(comment);
  }

  end(): void {
    if (!this.isOpen) return;
    this.#end = 'clean';
    this.#flush();
  }

  /** What was written before still goes out first. */
  fail(error: TrafficError): void {
    if (!this.isOpen) return;
    this.#end = error;
    this.#flush();
  }

  #push(bytes: Buffer): void {
    if (!this.isOpen) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#flush();
  }

  #flush(): void {
    const sink = this.#sink;
    if (sink === undefined || this.#isOver) return this.#tellFull();
    while (!this.#isHeld && this.#waiting.length > 0) {
      const bytes = this.#waiting.shift() as Buffer;
      this.#waitingBytes -= bytes.length;
      if (!sink.data(bytes)) this.#isHeld = true;
      if (this.#isOver) return;
    }
    this.#tellFull();
    if (this.#waiting.length > 0 || this.#end === 'open') return;
    const end = this.#end;
    this.#over();
    if (end === 'clean') sink.end(noTrailers);
    else sink.fail(end);
  }

  #over(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#tellFull();
  }

  #tellFull(): void {
    const isFull = this.#waitingBytes > (this.#options.fullBytes ?? FULL_BYTES);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#options.onFull?.(isFull);
  }
}

/** The answer around a stream. */
export function streamAnswer(body: BodySource, headers: readonly string[] = []): Answer {
  return {
    status: 200,
    statusText: 'OK',
    rawHeaders: ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-cache', 'X-Accel-Buffering', 'no', ...headers],
    body,
  };
}

const LF = 10;
const CR = 13;
const eventStart = Buffer.from('event: message\ndata: ');
const nextData = Buffer.from('\ndata: ');
const eventEnd = Buffer.from('\n\n');

/** A line end inside the message (between tokens) begins a further `data` field, as the format has it. */
function eventOf(message: Buffer): Buffer {
  if (!message.includes(LF) && !message.includes(CR)) return Buffer.concat([eventStart, message, eventEnd]);
  const parts: Buffer[] = [eventStart];
  let from = 0;
  for (let at = 0; at < message.length; at += 1) {
    const byte = message[at];
    if (byte !== LF && byte !== CR) continue;
    parts.push(message.subarray(from, at), nextData);
    if (byte === CR && message[at + 1] === LF) at += 1;
    from = at + 1;
  }
  return Buffer.concat([...parts, message.subarray(from), eventEnd]);
}
