/**
 * Looks at every message of an answer and may change or drop it: JSON and event streams, single messages and batches. What is not
 * changed passes with the bytes that it came with; an event as soon as it is complete.
 */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { fieldValue } from '../support/http-fields.ts';
import { Parts } from '../support/parts.ts';
import { changedText, type MessageChange } from './policy/changed-text.ts';
import { rewrittenEvent } from './policy/rewritten-event.ts';
import { SseReader, type SseEventHead } from '../../shared/mcp/sse-reader.ts';
import type { Answer, BodySink, BodySource } from './stage.ts';

export interface AnswerChanges {
  /** Whose answer it is, for what is told where it must not pass. */
  readonly upstream: string;
  readonly change: MessageChange;
  /** Bytes of a body, or of one event, that are looked at. Longer ones break off when `isClosed`, and pass unseen otherwise. */
  readonly maxBytes: number;
  /** What cannot be read must not pass: a message that should have been dropped might be in it. */
  readonly isClosed: boolean;
}

/** Throws UPSTREAM_BROKE for an encoded body that would have to be looked at. */
export function mapAnswerMessages(answer: Answer, changes: AnswerChanges): Answer {
  const { rawHeaders, body } = answer;
  const encoding = fieldValue(rawHeaders, 'content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    if (!changes.isClosed) return answer;
    body.abort();
    throw broke(changes.upstream, `sent its answer encoded (${encoding.slice(0, 40)}) although it was asked not to`);
  }
  const type = fieldValue(rawHeaders, 'content-type')?.toLowerCase() ?? '';
  const isEventStream = type.startsWith('text/event-stream');
  // An error of HTTP may have any body; a success that says it is JSON has to be a message.
  const mustBeMessage = type.includes('json') && answer.status >= 200 && answer.status < 300;
  return {
    ...answer,
    rawHeaders: withoutLength(rawHeaders),
    body: isEventStream ? new MappedEvents(body, changes) : new MappedWhole(body, changes, mustBeMessage),
  };
}

type Waiting =
  | { readonly kind: 'data'; readonly chunk: Uint8Array; readonly received: Uint8Array | undefined }
  | { readonly kind: 'end'; readonly trailers: readonly string[] }
  | { readonly kind: 'fail'; readonly error: TrafficError };

/** Hands on in order, and keeps what its taker is not ready for: one chunk that came can become several. */
abstract class MappedBody implements BodySource, BodySink {
  readonly #inner: BodySource;
  #sink: BodySink | undefined;
  #isReady = true;
  #isInnerPaused = false;
  #isOver = false;
  #waiting: Waiting[] = [];

  constructor(inner: BodySource) {
    this.#inner = inner;
  }

  protected abstract take(chunk: Uint8Array, received: Uint8Array | undefined): void;
  protected abstract finish(): void;

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#inner.start(this);
  }

  resume(): void {
    this.#isReady = true;
    while (this.#isReady) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#hand(next);
    }
    if (!this.#isReady || !this.#isInnerPaused) return;
    this.#isInnerPaused = false;
    this.#inner.resume();
  }

  abort(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#inner.abort();
  }

  data(chunk: Uint8Array, received?: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#guarded(() => this.take(chunk, received));
    this.#isInnerPaused = !this.#isReady;
    return this.#isReady;
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#guarded(() => this.finish());
    this.#over({ kind: 'end', trailers });
  }

  fail(error: TrafficError): void {
    this.#over({ kind: 'fail', error });
  }

  /** Never an empty chunk: in chunked coding that would be the end. */
  protected hand(chunk: Uint8Array, received?: Uint8Array): void {
    if (chunk.length > 0) this.#queue({ kind: 'data', chunk, received });
  }

  /** The answer ends here, and shall not be taken for complete. */
  protected breakOff(error: TrafficError): void {
    if (this.#isOver) return;
    this.#inner.abort();
    this.#over({ kind: 'fail', error });
  }

  protected get isOver(): boolean {
    return this.#isOver;
  }

  /** A guard that throws lets nothing pass; whoever pushes the bytes must not be hit by it. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.breakOff(
        error instanceof TrafficError ? error : new TrafficError('INTERNAL', 'An answer could not be looked at.', { cause: error }),
      );
    }
  }

  #over(how: Waiting): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue(how);
  }

  #queue(what: Waiting): void {
    if (this.#isReady && this.#waiting.length === 0) this.#hand(what);
    else this.#waiting.push(what);
  }

  #hand(what: Waiting): void {
    switch (what.kind) {
      case 'data':
        this.#isReady = this.#sink?.data(what.chunk, what.received) !== false;
        return;
      case 'end':
        this.#sink?.end(what.trailers);
        return;
      case 'fail':
        this.#sink?.fail(what.error);
    }
  }
}

/** A body that is one text: it is looked at once all of it is there. */
class MappedWhole extends MappedBody {
  readonly #changes: AnswerChanges;
  readonly #mustBeMessage: boolean;
  readonly #chunks = new Parts();
  /** What came in place of them, part by part, once somebody further in changed one. */
  #came: Parts | undefined;
  #sizeBytes = 0;
  #isPassing = false;

  constructor(inner: BodySource, changes: AnswerChanges, mustBeMessage: boolean) {
    super(inner);
    this.#changes = changes;
    this.#mustBeMessage = mustBeMessage;
  }

  protected take(chunk: Uint8Array, received: Uint8Array | undefined): void {
    if (this.#isPassing) {
      this.hand(chunk, received);
      return;
    }
    if (received !== undefined) this.#came ??= this.#chunks.copy();
    this.#came?.push(received ?? chunk);
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes <= this.#changes.maxBytes) return;
    if (this.#changes.isClosed) {
      this.breakOff(tooLong(this.#changes));
      return;
    }
    this.#isPassing = true;
    this.#passAll();
  }

  protected finish(): void {
    if (this.#isPassing) return;
    const outcome = changedText(textOf(this.#chunks.joined()), this.#changes.change);
    switch (outcome.kind) {
      case 'unreadable':
        if (this.#changes.isClosed && this.#mustBeMessage) this.breakOff(broke(this.#changes.upstream, 'sent a body that is no JSON-RPC'));
        else this.#passAll();
        return;
      case 'same':
        this.#passAll();
        return;
      case 'dropped':
        this.hand(lineFeed, (this.#came ?? this.#chunks).joined());
        return;
      case 'changed':
        this.hand(Buffer.from(outcome.text), (this.#came ?? this.#chunks).joined());
    }
  }

  #passAll(): void {
    for (const [at, chunk] of this.#chunks.list.entries()) {
      const came = this.#came?.list[at];
      this.hand(chunk, came === chunk ? undefined : came);
    }
    this.#chunks.clear();
    this.#came = undefined;
  }
}

/** An event stream: each event is looked at as soon as its blank line has come. */
class MappedEvents extends MappedBody {
  readonly #changes: AnswerChanges;
  readonly #reader: SseReader;
  /** Of the event that is coming. */
  readonly #raw = new Parts();
  #rawBytes = 0;
  readonly #data = new Parts();
  #isSkipping = false;
  /** Whole events, and comments, that pass as they are. */
  #passing: Uint8Array[] = [];
  /** What came in place of the chunk that is being read, when somebody further in changed it. */
  #received: Uint8Array | undefined;

  constructor(inner: BodySource, changes: AnswerChanges) {
    super(inner);
    this.#changes = changes;
    this.#reader = new SseReader({
      raw: bytes => this.#take(bytes),
      data: bytes => {
        if (!this.#isSkipping) this.#data.push(bytes);
      },
      end: head => this.#endEvent(head),
    });
  }

  protected take(chunk: Uint8Array, received: Uint8Array | undefined): void {
    this.#received = received;
    this.#reader.push(chunk);
    if (this.isOver) return;
    if (this.#isSkipping || isComments(this.#raw.list)) this.#passRaw();
    this.#flush(chunk);
    this.#received = undefined;
  }

  protected finish(): void {
    this.#reader.finish();
    this.#passRaw();
    this.#flush(undefined);
  }

  #take(bytes: Uint8Array): void {
    this.#raw.push(bytes);
    this.#rawBytes += bytes.length;
    if (this.#rawBytes <= this.#changes.maxBytes || this.#isSkipping) return;
    if (this.#changes.isClosed) this.breakOff(tooLong(this.#changes));
    this.#isSkipping = true;
    this.#data.clear();
  }

  /** One that the end of the stream cut off is judged like a whole one: not every client ignores it, as the standard has it. */
  #endEvent({ name }: SseEventHead): void {
    const isMessage = !this.#isSkipping && (name === '' || name === 'message') && this.#data.count > 0;
    const outcome = isMessage ? changedText(textOf(this.#data.joined()), this.#changes.change) : ({ kind: 'same' } as const);
    if (outcome.kind === 'changed') this.#replace(outcome.text);
    else if (outcome.kind === 'dropped' || (outcome.kind === 'unreadable' && this.#changes.isClosed)) this.#replace(undefined);
    else this.#passRaw();
    this.#data.clear();
    this.#isSkipping = false;
  }

  #replace(data: string | undefined): void {
    this.#flush(undefined);
    const raw = this.#raw.joined();
    this.#raw.clear();
    this.#rawBytes = 0;
    this.hand(rewrittenEvent(raw, data), this.#received ?? raw);
    this.#received = undefined;
  }

  #passRaw(): void {
    for (const part of this.#raw.list) this.#passing.push(part);
    this.#raw.clear();
    this.#rawBytes = 0;
  }

  /** `chunk` is handed on itself where all of it passes. */
  #flush(chunk: Uint8Array | undefined): void {
    const size = this.#passing.reduce((sum, { length }) => sum + length, 0);
    if (size === 0) return;
    const [first] = this.#passing;
    const isChunk = chunk?.length === size && first?.buffer === chunk.buffer && first.byteOffset === chunk.byteOffset;
    this.hand(isChunk ? chunk : joined(this.#passing), this.#received);
    this.#received = undefined;
    this.#passing = [];
  }
}

/**
 * Comment lines keep a connection alive; they wait for no event. Asked for every chunk: it must not look through all of a long event
 * again, and stops at the first line that is none.
 */
function isComments(slices: readonly Uint8Array[]): boolean {
  if (slices.at(-1)?.at(-1) !== LF) return false;
  let isLineStart = true;
  for (const slice of slices)
    for (const byte of slice) {
      if (isLineStart && byte !== COLON) return false;
      isLineStart = byte === LF;
    }
  return true;
}

function withoutLength(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if ((rawHeaders[at] as string).toLowerCase() !== 'content-length') kept.push(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  return kept;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function tooLong({ upstream, maxBytes }: AnswerChanges): TrafficError {
  return broke(upstream, `sent more than the ${Math.floor(maxBytes / 1024)} KiB that are looked at`);
}

/** What was asked for is done, whatever becomes of its answer. */
function broke(upstream: string, what: string): TrafficError {
  return new TrafficError('UPSTREAM_BROKE', `${upstream} ${what}, so that its answer could not be checked.`, {
    facts: { upstream, phase: 'answer', may_have_executed: true },
  });
}

const COLON = 0x3a;
const LF = 10;
const lineFeed = new Uint8Array([LF]);
