/** One HTTP request and its answer, as the record sees them. Whatever goes wrong in here, the traffic goes on. */
import { gunzipSync } from 'node:zlib';
import type { Direction, Flag, HttpHead } from '../../../shared/model/frame.ts';
import { askerText } from '../../pipeline/asker.ts';
import type { Guard } from '../../pipeline/guard.ts';
import type { Answer, Exchange, RequestBody } from '../../pipeline/stage.ts';
import { fieldPairs, fieldValue } from '../../support/http-fields.ts';
import { BodyCopy, type CopiedBody } from '../../traffic/body-copy.ts';
import { MASK } from '../../../shared/redaction/mask-text.ts';
import type { Conversation } from '../../traffic/conversation.ts';
import type { HopEnd } from '../../traffic/hops.ts';
import { ownAnswer, ownReason, type OwnReason } from '../../traffic/own-answer.ts';
import type { Reading, Sighting } from '../../traffic/sighting.ts';
import { BodyNotes, EventNotes, type AnswerFrame, type AnswerNotes } from './answer-notes.ts';
import { DecodedBodyNotes, DecodedEventNotes, decoderFor } from './decoded-notes.ts';
import type { RecordDeps } from './record-deps.ts';
import { TappedSource, type SourceWatcher } from './tapped-source.ts';

/** A request body that unpacks to more than this is recorded packed. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;
type StreamedBody = Extract<RequestBody, { readonly kind: 'stream' }>;
/** What was seen of a frame, without what all frames of a hop share. */
type SeenFrame = Pick<Sighting, 'delivery' | 'body' | 'flags' | 'text' | 'reading' | 'eventId' | 'contentEncoding' | 'delivered' | 'asker'>;

const nothing: CopiedBody = { bytes: new Uint8Array(0), sizeBytes: 0, isTruncated: false };

/** Sessions in which the record failed: one line in the log tells as much as a thousand. */
const complained = new WeakSet<Conversation>();

/** A pause lasts 250 ms at most; with this between two, recording takes no more than a twentieth of a stream's time. */
const PAUSE_EVERY_MS = 5000;

export class HopTap implements SourceWatcher {
  /** The exchange to hand on: the same, but for the tap on a streamed request body. */
  readonly exchange: Exchange;
  readonly #deps: RecordDeps;
  /** Only of a streamed body. */
  readonly #requestCopy: BodyCopy | undefined;
  #isRequestNoted = false;
  #pausedAt = -Infinity;
  #notes: AnswerNotes | undefined;
  /** Rides on the first frame of the answer. */
  #head: HttpHead | undefined;
  #isOver = false;
  /** Decisions of the guards before this one ride on an earlier frame. */
  #tellFrom = 0;

  constructor(exchange: Exchange, deps: RecordDeps) {
    this.#deps = deps;
    const { body } = exchange.request;
    if (body.kind === 'stream') {
      this.#requestCopy = new BodyCopy();
      this.exchange = this.#withTap(exchange, body, this.#requestCopy);
    } else this.exchange = exchange;
    // Guards decide first: the request is noted when it goes on, with what they decided, or when it is refused.
    if (exchange.guard !== undefined) exchange.guard.journey.onSent = () => this.#noteRequest([]);
  }

  /** The forward has begun. Requests that are whole are noted now, streamed ones when they have passed. */
  requestPassed(): void {
    if (this.#requestCopy === undefined && this.exchange.guard === undefined)
      this.#noteRequest(this.exchange.departure.hasHappened ? ['client-left'] : []);
  }

  answered(answer: Answer): Answer {
    try {
      this.#startAnswer(answer);
    } catch (error) {
      this.#complain(error);
    }
    return {
      status: answer.status,
      statusText: answer.statusText,
      rawHeaders: answer.rawHeaders,
      body: new TappedSource(answer.body, this),
    };
  }

  refused(reason: OwnReason): void {
    this.#noteOwn(reason, ['own-error', 'refused']);
  }

  /** No answer came. */
  broke(error: unknown): void {
    this.#noteOwn(ownReason(error), ['own-error']);
  }

  clientLeft(): void {
    this.#noteRequest(['client-left']);
    this.#endHop('client-left');
  }

  passed(chunk: Uint8Array, received: Uint8Array | undefined): Promise<void> | undefined {
    try {
      const wait = this.#notes?.push(chunk, received);
      if (wait !== undefined) return wait;
    } catch (error) {
      this.#complain(error);
    }
    return this.#pressure();
  }

  ended(): void {
    this.#endAnswer('complete', []);
  }

  failed(): void {
    this.#endAnswer('upstream-died', ['stream-cut']);
  }

  aborted(): void {
    this.#endAnswer('client-left', ['client-left']);
  }

  /** A full queue pauses this connection once in a while, and not for every chunk of a body that fills it. */
  #pressure(): Promise<void> | undefined {
    const wait = this.#deps.pressure();
    if (wait === undefined) return undefined;
    if (this.#deps.isRequired?.() === true) return wait;
    const now = this.#deps.clock.now();
    if (now - this.#pausedAt < PAUSE_EVERY_MS) return undefined;
    this.#pausedAt = now;
    return wait;
  }

  #withTap(exchange: Exchange, body: StreamedBody, copy: BodyCopy): Exchange {
    const source = new TappedSource(body.source, {
      passed: chunk => {
        try {
          copy.push(chunk);
        } catch (error) {
          this.#complain(error);
        }
        return this.#pressure();
      },
      ended: () => this.#noteRequest([]),
      failed: () => this.#noteRequest(['client-left']),
      aborted: () => this.#noteRequest([]),
    });
    return { ...exchange, request: { ...exchange.request, body: { ...body, source } } };
  }

  #noteRequest(flags: readonly Flag[]): void {
    if (this.#isRequestNoted) return;
    this.#isRequestNoted = true;
    try {
      const { guard } = this.exchange;
      const { method, path, rawHeaders, body } = this.exchange.request;
      const copied = copiedRequest(body, this.#requestCopy);
      const encoding = fieldValue(rawHeaders, 'content-encoding');
      const text = encoding === undefined ? undefined : unpacked(copied, encoding);
      const http = { method, path, headers: maskedPairs(rawHeaders, guard?.route.keyHeader) };
      this.#note(
        'fromClient',
        {
          delivery: 'body',
          body: copied,
          flags,
          ...(encoding === undefined ? {} : { contentEncoding: encoding }),
          ...(text === undefined ? {} : { text }),
          ...(guard === undefined ? {} : { ...readByGuards(guard), asker: askerText(guard) }),
        },
        http,
      );
    } catch (error) {
      this.#complain(error);
    }
  }

  #startAnswer({ status, rawHeaders }: Answer): void {
    // An answer may overtake the end of its request; the record shows the request first.
    this.#noteRequest([]);
    const type = fieldValue(rawHeaders, 'content-type')?.toLowerCase() ?? '';
    const encoding = fieldValue(rawHeaders, 'content-encoding');
    const decoder = decoderFor(encoding);
    const note = (frame: AnswerFrame) => this.#noteAnswer(frame);
    this.#head = { status, headers: fieldPairs(rawHeaders) };
    if (type.startsWith('text/event-stream')) {
      // A stream may be silent for hours; that it is there is worth a frame of its own.
      this.#note('fromServer', { delivery: 'head', body: nothing }, this.#head);
      this.#head = undefined;
      this.#notes = decoder === undefined ? new EventNotes(note) : new DecodedEventNotes(decoder, note);
    } else if (decoder !== undefined && encoding !== undefined) this.#notes = new DecodedBodyNotes(decoder, encoding, note);
    else {
      const mayBeLines = type.startsWith('application/') && type.includes('json') && fieldValue(rawHeaders, 'content-length') === undefined;
      this.#notes = new BodyNotes(note, mayBeLines);
    }
  }

  #noteAnswer(frame: AnswerFrame): void {
    const http = this.#head;
    this.#head = undefined;
    try {
      this.#note('fromServer', frame, http);
    } catch (error) {
      this.#complain(error);
    }
  }

  #endAnswer(how: HopEnd, flags: readonly Flag[]): void {
    try {
      if (this.#notes !== undefined) {
        this.#notes.end(flags, () => this.#endHop(how));
        return;
      }
    } catch (error) {
      this.#complain(error);
    }
    this.#endHop(how);
  }

  #noteOwn(reason: OwnReason, flags: readonly Flag[]): void {
    this.#noteRequest([]);
    try {
      const { request, guard } = this.exchange;
      const { status, rawHeaders, bytes } = ownAnswer(reason, { idText: request.idText(), guard });
      const body = { bytes, sizeBytes: bytes.length, isTruncated: false };
      this.#note('fromServer', { delivery: 'body', body, flags }, { status, headers: fieldPairs(rawHeaders) });
    } catch (error) {
      this.#complain(error);
    }
    this.#endHop('failed');
  }

  #note(direction: Direction, frame: SeenFrame, http: HttpHead | undefined): void {
    const { clock } = this.#deps;
    const { id, conversation, guard } = this.exchange;
    const verdicts = guard?.decisions.slice(this.#tellFrom);
    this.#tellFrom = guard?.decisions.length ?? 0;
    conversation.note({
      ...frame,
      direction,
      at: clock.now(),
      monotonicUs: clock.monotonicUs(),
      hopId: id,
      ...(http === undefined ? {} : { http }),
      ...(verdicts === undefined || verdicts.length === 0 ? {} : { verdicts }),
    });
  }

  #endHop(how: HopEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock } = this.#deps;
    try {
      this.exchange.conversation.endHop(this.exchange.id, how, clock.now(), clock.monotonicUs());
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Observers fail open: an error in here is ours alone, and the traffic goes on. */
  #complain(error: unknown): void {
    const { conversation } = this.exchange;
    if (complained.has(conversation)) return;
    complained.add(conversation);
    this.#deps.log.warn('Traffic passed but was not recorded', { sessionId: conversation.id, error: String(error) });
  }
}

/** The body of a guarded request was parsed when it came; guarded bodies are never packed. */
function readByGuards({ items, isBatch }: Guard): { readonly reading?: Reading } {
  return items.length === 0 ? {} : { reading: { kind: 'messages', items, isBatch } };
}

/** The recorder masks credential headers by their names; one that a configuration names for API keys may be called anything. */
function maskedPairs(rawHeaders: readonly string[], keyHeader: string | undefined): [string, string][] {
  const pairs = fieldPairs(rawHeaders);
  if (keyHeader === undefined) return pairs;
  for (const pair of pairs) if (pair[0].length === keyHeader.length && pair[0].toLowerCase() === keyHeader) pair[1] = MASK;
  return pairs;
}

function copiedRequest(body: RequestBody, copy: BodyCopy | undefined): CopiedBody {
  switch (body.kind) {
    case 'none':
      return nothing;
    case 'whole':
      return { bytes: body.bytes, sizeBytes: body.bytes.length, isTruncated: false };
    case 'stream':
      return copy?.take() ?? nothing;
  }
}

function unpacked(body: CopiedBody, encoding: string): string | undefined {
  if (body.isTruncated || encoding.trim().toLowerCase() !== 'gzip') return undefined;
  try {
    return gunzipSync(body.bytes, { maxOutputLength: MAX_UNPACKED_BYTES }).toString('utf8');
  } catch {
    return undefined;
  }
}
