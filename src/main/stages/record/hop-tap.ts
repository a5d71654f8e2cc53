/** One HTTP request and its answer, as the record sees them. Whatever goes wrong in here, the traffic goes on. */
import { gunzipSync } from 'node:zlib';
import type { Flag, HttpHead } from '../../../shared/model/frame.ts';
import type { Answer, Exchange, RequestBody } from '../../pipeline/stage.ts';
import { fieldPairs, fieldValue } from '../../support/http-fields.ts';
import { BodyCopy, type CopiedBody } from '../../traffic/body-copy.ts';
import type { Conversation } from '../../traffic/conversation.ts';
import type { HopEnd } from '../../traffic/hops.ts';
import { ownAnswer, ownReason, type OwnReason } from '../../traffic/own-answer.ts';
import type { Sighting } from '../../traffic/sighting.ts';
import type { RecordDeps } from '../record.ts';
import { BodyNotes, EventNotes, type AnswerFrame, type AnswerNotes } from './answer-notes.ts';
import { DecodedBodyNotes, DecodedEventNotes, decoderFor } from './decoded-notes.ts';
import { TappedSource } from './tapped-source.ts';

/** A request body that unpacks to more than this is recorded packed. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;
const nothing: CopiedBody = { bytes: new Uint8Array(0), sizeBytes: 0, isTruncated: false };

/** Sessions in which the record failed: one line in the log tells as much as a thousand. */
const complained = new WeakSet<Conversation>();

export class HopTap {
  /** The exchange to hand on: the same, but for the tap on a streamed request body. */
  readonly exchange: Exchange;
  readonly #deps: RecordDeps;
  readonly #requestCopy = new BodyCopy();
  #isRequestNoted = false;
  #notes: AnswerNotes | undefined;
  /** Rides on the first frame of the answer. */
  #head: HttpHead | undefined;
  #isOver = false;

  constructor(exchange: Exchange, deps: RecordDeps) {
    this.#deps = deps;
    this.exchange = this.#withTap(exchange);
  }

  /** The forward has begun. Requests that are whole are noted now, streamed ones when they have passed. */
  requestPassed(): void {
    if (this.exchange.request.body.kind !== 'stream') this.#safely(() => this.#noteRequest([]));
  }

  answered(answer: Answer): Answer {
    this.#safely(() => this.#startAnswer(answer));
    const source = new TappedSource(answer.body, {
      passed: (chunk, received) => {
        const wait = this.#safely(() => this.#notes?.push(chunk, received));
        return wait ?? this.#deps.pressure();
      },
      ended: () => this.#endAnswer('complete', []),
      failed: () => this.#endAnswer('upstream-died', ['stream-cut']),
      aborted: () => this.#endAnswer('client-left', ['client-left']),
    });
    return { ...answer, body: source };
  }

  refused(reason: OwnReason): void {
    this.#noteOwn(reason);
  }

  failed(error: unknown): void {
    this.#noteOwn(ownReason(error));
  }

  clientLeft(): void {
    this.#safely(() => this.#noteRequest(['client-left']));
    this.#endHop('client-left');
  }

  #withTap(exchange: Exchange): Exchange {
    const { request } = exchange;
    if (request.body.kind !== 'stream') return exchange;
    const source = new TappedSource(request.body.source, {
      passed: (chunk) => {
        this.#safely(() => this.#requestCopy.push(chunk));
        return this.#deps.pressure();
      },
      ended: () => this.#safely(() => this.#noteRequest([])),
      failed: () => this.#safely(() => this.#noteRequest(['client-left'])),
      aborted: () => this.#safely(() => this.#noteRequest([])),
    });
    return { ...exchange, request: { ...request, body: { ...request.body, source } } };
  }

  #noteRequest(flags: readonly Flag[]): void {
    if (this.#isRequestNoted) return;
    this.#isRequestNoted = true;
    const { request } = this.exchange;
    const body = copiedRequest(request.body, this.#requestCopy);
    const encoding = fieldValue(request.rawHeaders, 'content-encoding');
    const text = encoding === undefined ? undefined : unpacked(body, encoding);
    this.#note({
      direction: 'fromClient',
      delivery: 'body',
      body,
      http: { method: request.method, path: request.path, headers: fieldPairs(request.rawHeaders) },
      flags,
      ...(encoding === undefined ? {} : { contentEncoding: encoding }),
      ...(text === undefined ? {} : { text }),
    });
  }

  #startAnswer({ status, rawHeaders }: Answer): void {
    // An answer may overtake the end of its request; the record shows the request first.
    this.#noteRequest([]);
    const type = fieldValue(rawHeaders, 'content-type')?.toLowerCase() ?? '';
    const encoding = fieldValue(rawHeaders, 'content-encoding');
    const decoder = decoderFor(encoding);
    const note = (frame: AnswerFrame) => this.#safely(() => this.#noteAnswer(frame));
    this.#head = { status, headers: fieldPairs(rawHeaders) };
    if (type.startsWith('text/event-stream')) {
      // A stream may be silent for hours; that it is there is worth a frame of its own.
      this.#note({ direction: 'fromServer', delivery: 'head', body: nothing, http: this.#head });
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
    this.#note({ direction: 'fromServer', ...frame, ...(http === undefined ? {} : { http }) });
  }

  #endAnswer(how: HopEnd, flags: readonly Flag[]): void {
    const notes = this.#notes;
    const isEnding = notes !== undefined && this.#safely(() => {
      notes.end(flags, () => this.#endHop(how));
      return true;
    });
    if (isEnding !== true) this.#endHop(how);
  }

  #noteOwn(reason: OwnReason): void {
    this.#safely(() => {
      this.#noteRequest([]);
      const { status, rawHeaders, bytes } = ownAnswer(reason, this.exchange.request.idText());
      this.#note({
        direction: 'fromServer',
        delivery: 'body',
        body: { bytes, sizeBytes: bytes.length, isTruncated: false },
        http: { status, headers: fieldPairs(rawHeaders) },
        flags: ['own-error'],
      });
    });
    this.#endHop('failed');
  }

  #note(sighting: Omit<Sighting, 'at' | 'monotonicUs' | 'hopId'>): void {
    const { clock } = this.#deps;
    this.exchange.conversation.note({ ...sighting, hopId: this.exchange.id, at: clock.now(), monotonicUs: clock.monotonicUs() });
  }

  #endHop(how: HopEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock } = this.#deps;
    this.#safely(() => this.exchange.conversation.endHop(this.exchange.id, how, clock.now(), clock.monotonicUs()));
  }

  /** Observers fail open: an error in here is ours alone. */
  #safely<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const { conversation } = this.exchange;
      if (!complained.has(conversation)) {
        complained.add(conversation);
        this.#deps.log.warn('Traffic passed but was not recorded', { sessionId: conversation.id, error: String(error) });
      }
      return undefined;
    }
  }
}

function copiedRequest(body: RequestBody, copy: BodyCopy): CopiedBody {
  switch (body.kind) {
    case 'none':
      return nothing;
    case 'whole':
      return { bytes: body.bytes, sizeBytes: body.bytes.length, isTruncated: false };
    case 'stream':
      return copy.take();
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
