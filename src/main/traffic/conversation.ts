/**
 * One session's traffic, in order: numbers each frame, reads it, links it to its exchange, and hands complete records on.
 * Everything that passes through Shadowcat, over any transport, is noted here and nowhere else.
 */
import type { FrameKind, Transport } from '../../shared/model/frame.ts';
import { Exchanges, type OpenExchange, opposite, sinceStartMs, withStatus } from './exchanges.ts';
import { headerMismatch } from './header-check.ts';
import { httpRowAfterHop, requestAfterHop, rowWithAnswer } from './hop-answer.ts';
import { type Hop, type HopEnd, Hops, learnAnswerHead } from './hops.ts';
import { learnedFrom } from './peers.ts';
import type { ExchangeRecord, RecordSink, SessionRecord } from './records.ts';
import { cancelledRequest, type Noting, requestWithAnswer, requestWithProgress } from './request-changes.ts';
import { errorFields, flagsOf, newFrame, newRow, otherKind, otherRow, type RowFacts } from './rows.ts';
import { begunSession, type ConversationEnd, type ConversationStart, livingSession, sessionEnd } from './session-start-and-end.ts';
import { type ReadMessage, readSighting, type Sighting } from './sighting.ts';

/** An exchange as a message left it, and how long after its request that message came. */
interface NotedMessage {
  readonly record: ExchangeRecord;
  readonly latencyMs?: number;
}

/** Rows that one batch may make; the frame itself holds all of it. Far above any real batch (2025-03-26). */
const MAX_BATCH_ROWS = 8_192;

export class Conversation {
  #session: SessionRecord;
  readonly #sink: RecordSink;
  readonly #exchanges = new Exchanges();
  readonly #hops = new Hops();
  /** What the client asked so far: an era probe asks `server/discover` and nothing else. */
  #asked: 'nothing' | 'discover' | 'more' = 'nothing';
  readonly #isServerNamed: boolean;
  #lastSeq = 0;
  #lastAt: number;

  constructor(start: ConversationStart, sink: RecordSink) {
    this.#sink = sink;
    this.#lastAt = start.startedAt;
    this.#isServerNamed = start.serverName !== '';
    this.#session = begunSession(start);
    sink.session(this.#session);
  }

  /** Continues a session that was recorded before (the host restarted under a living shim). */
  static resume(session: SessionRecord, committedSeq: number, pending: readonly ExchangeRecord[], sink: RecordSink): Conversation {
    const conversation = new Conversation(session, sink);
    conversation.#session = livingSession(session);
    conversation.#lastSeq = committedSeq;
    for (const record of pending)
      // The monotonic clock began anew with the process, so durations across a restart are taken from the wall clock.
      conversation.#exchanges.add({ record, startedUs: Number.NaN, progressToken: undefined });
    sink.session(conversation.#session);
    return conversation;
  }

  get id(): string {
    return this.#session.id;
  }

  get transport(): Transport {
    return this.#session.transport;
  }

  /** Who the client says it is, as far as it has said so. */
  get clientInfo(): SessionRecord['clientInfo'] {
    return this.#session.clientInfo;
  }

  /** As the client calls itself; until then, as its process is called. */
  get clientName(): string {
    return this.#session.clientName;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The traffic showed which transport it is: both kinds of HTTP begin alike. */
  speaks(transport: Transport): void {
    if (this.#session.transport !== transport) this.#update({ transport });
  }

  /** Wall clock of the newest frame; idle sessions are found by it. */
  get lastAt(): number {
    return this.#lastAt;
  }

  get isEnded(): boolean {
    return this.#session.state !== 'live';
  }

  get openHopCount(): number {
    return this.#hops.count;
  }

  /** Notes one frame. Returns its sequence number. */
  note(sighting: Sighting): number {
    const seq = sighting.seq ?? this.#lastSeq + 1;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#lastAt = Math.max(this.#lastAt, sighting.at);
    const noting = { seq, sighting, flags: flagsOf(sighting) };
    const reading = readSighting(sighting);
    if (reading.kind !== 'messages') this.#noteOther(noting, reading.kind === 'unreadable');
    else if (this.#isAboutHop(sighting, reading.items)) this.#noteOther(noting, false, 'error');
    else if (reading.isBatch) this.#noteBatch(noting, reading.items);
    else this.#noteSingle(noting, reading.items[0] as ReadMessage);
    return seq;
  }

  /** The HTTP request `hopId` and its answer are over. */
  endHop(hopId: string, how: HopEnd, at: number, monotonicUs: number): void {
    const hop = this.#hops.take(hopId);
    if (hop === undefined) return;
    this.#lastAt = Math.max(this.#lastAt, at);
    // Also those whose id another hop uses by now; what has been answered is left as it is.
    for (const request of hop.requests) {
      const record = requestAfterHop(request.record, hop, how, sinceStartMs(request, { monotonicUs, at }));
      if (record === undefined) continue;
      if (request.record.status === 'open') this.#exchanges.settle(request);
      request.record = record;
      this.#sink.exchange(record);
    }
    const row = httpRowAfterHop(hop, how, monotonicUs);
    if (row !== undefined) this.#sink.exchange(row);
  }

  /** The session is over: what is still unanswered stays so. */
  end(end: ConversationEnd): void {
    if (this.isEnded) return;
    for (const request of new Set([...this.#exchanges.unanswered(), ...this.#hops.requests()]))
      if (request.record.status === 'pending') this.#sink.exchange(withStatus(request.record, 'no-answer', ['no-answer']));
      else if (request.record.status === 'open') this.#sink.exchange(withStatus(request.record, 'ok'));
    this.#update(sessionEnd(end, this.#session.transport === 'stdio' && this.#asked === 'discover'));
  }

  #noteSingle(noting: Noting, item: ReadMessage): void {
    const { seq, sighting, flags } = noting;
    const { message, facts } = item;
    if (sighting.http !== undefined && headerMismatch(sighting.http, item)) flags.push('header-mismatch');
    const { record, latencyMs } = this.#noteMessage(`${seq}`, noting, item);
    const frame = newFrame(this.#session, seq, sighting, { kind: message.kind, flags, exchangeId: record.exchangeId });
    if (message.kind !== 'notification') frame.idText = message.idText;
    if ('method' in message) frame.method = message.method;
    if (facts.target !== undefined) frame.target = facts.target;
    if (latencyMs !== undefined) frame.latencyMs = latencyMs;
    this.#sink.frame(frame);
  }

  /** One frame for all its messages, which are rows of their own. */
  #noteBatch(noting: Noting, items: readonly ReadMessage[]): void {
    const { seq, sighting, flags } = noting;
    const listed = items.slice(0, MAX_BATCH_ROWS);
    const [first] = listed.map((item, index) => this.#noteMessage(index === 0 ? `${seq}` : `${seq}.${index}`, noting, item));
    this.#sink.frame(
      newFrame(this.#session, seq, sighting, {
        kind: 'batch',
        flags,
        ...(first === undefined ? {} : { exchangeId: first.record.exchangeId }),
        ...(first?.latencyMs === undefined ? {} : { latencyMs: first.latencyMs }),
      }),
    );
  }

  /** Links one message to its exchange, and returns that exchange as it now stands. */
  #noteMessage(key: string, noting: Noting, item: ReadMessage): NotedMessage {
    const change = learnedFrom(item.facts, this.#session, this.#isServerNamed);
    if (change !== undefined) this.#update(change);
    const { message } = item;
    switch (message.kind) {
      case 'request':
        return { record: this.#noteRequest(key, noting, item, message) };
      case 'result':
      case 'error': {
        const request = this.#requestAnswered(noting.sighting, message.idText);
        return request === undefined
          ? { record: this.#noteStrayAnswer(key, noting, item, message) }
          : this.#noteAnswer(noting, item, request);
      }
      case 'notification':
        return this.#noteNotification(key, noting, item, message.method);
    }
  }

  #noteRequest(
    key: string,
    { seq, sighting, flags }: Noting,
    { facts }: ReadMessage,
    { method, idText }: { readonly method: string; readonly idText: string },
  ): ExchangeRecord {
    if (sighting.direction === 'fromClient') this.#asked = method === 'server/discover' && this.#asked !== 'more' ? 'discover' : 'more';
    const leg = facts.requestState === undefined ? undefined : this.#exchanges.legOf(facts.requestState);
    const open: OpenExchange = {
      record: this.#row(key, seq, sighting, {
        kind: 'request',
        method,
        idText,
        era: facts.era,
        status: method === 'subscriptions/listen' ? 'open' : 'pending',
        flags: leg === undefined ? flags : [...flags, 'retry-leg'],
        ...(facts.target === undefined ? {} : { target: facts.target }),
        ...(leg === undefined ? {} : { linkedExchangeId: leg }),
      }),
      startedUs: sighting.monotonicUs,
      progressToken: facts.progressToken,
    };
    const former = this.#exchanges.add(open);
    if (former !== undefined && this.#sharesIds(sighting)) {
      open.record = withStatus(open.record, open.record.status, ['duplicate-id']);
      former.record = withStatus(former.record, 'no-answer', ['duplicate-id', 'no-answer']);
      this.#sink.exchange(former.record);
    }
    this.#sink.exchange(open.record);
    this.#hops.attach(sighting, open.record, open);
    return open.record;
  }

  /**
   * Whether the request draws its id from one space with all others of the session. Over HTTP only an `Mcp-Session-Id` says so:
   * without one, every request is answered on its own hop, and clients that look alike all begin at 0.
   */
  #sharesIds({ hopId, http }: Sighting): boolean {
    if (hopId === undefined || this.#session.transport === 'http-sse') return true;
    return http?.headers.some(([name]) => name.toLowerCase() === 'mcp-session-id') ?? false;
  }

  #noteAnswer(noting: Noting, item: ReadMessage, request: OpenExchange): NotedMessage {
    const { sighting } = noting;
    const { facts } = item;
    const latencyMs = sinceStartMs(request, sighting);
    request.record = requestWithAnswer(request.record, noting, item, latencyMs);
    this.#exchanges.settle(request);
    if (facts.resultType === 'input_required' && facts.requestState !== undefined)
      this.#exchanges.rememberLeg(facts.requestState, request.record.exchangeId);
    this.#sink.exchange(request.record);
    // The client's answer to a server's request is the body of an HTTP request of its own; its 202 folds in here.
    this.#hops.attach(sighting, request.record);
    return { record: request.record, latencyMs };
  }

  /** An answer whose request was never seen. */
  #noteStrayAnswer(
    key: string,
    { seq, sighting, flags }: Noting,
    item: ReadMessage,
    { kind, idText }: { readonly kind: 'result' | 'error'; readonly idText: string },
  ): ExchangeRecord {
    const record = this.#row(key, seq, sighting, {
      kind: 'response',
      method: kind,
      status: kind === 'error' ? 'error' : 'ok',
      flags: [...flags, 'unknown-id'],
      idText,
      ...errorFields(item),
    });
    this.#sink.exchange(record);
    return record;
  }

  #noteNotification(key: string, noting: Noting, item: ReadMessage, method: string): NotedMessage {
    const { seq, sighting, flags } = noting;
    const { facts } = item;
    const about = this.#requestNamedBy(sighting, item, method);
    if (about !== undefined) return this.#noteAbout(sighting, item, about);
    const record = this.#row(key, seq, sighting, {
      kind: 'notification',
      method,
      status: 'ok',
      flags,
      ...(facts.target === undefined ? {} : { target: facts.target }),
    });
    this.#sink.exchange(record);
    this.#hops.attach(sighting, record);
    return { record };
  }

  /** The request that a cancellation or a progress report is about. */
  #requestNamedBy({ direction }: Sighting, { facts }: ReadMessage, method: string): OpenExchange | undefined {
    if (facts.cancels !== undefined) return this.#exchanges.find(direction, facts.cancels);
    if (method !== 'notifications/progress' || facts.progressToken === undefined) return undefined;
    return this.#exchanges.findByToken(opposite(direction), facts.progressToken);
  }

  /** A cancellation or a progress report: part of the request it names. */
  #noteAbout(sighting: Sighting, item: ReadMessage, request: OpenExchange): NotedMessage {
    const latencyMs = sinceStartMs(request, sighting);
    request.record =
      item.facts.cancels === undefined
        ? requestWithProgress(request.record, sighting, latencyMs)
        : cancelledRequest(request.record, sighting, item, latencyMs);
    this.#sink.exchange(request.record);
    this.#hops.attach(sighting, request.record);
    return { record: request.record, latencyMs };
  }

  /** Frames without a JSON-RPC message: stderr, stray stdout, HTTP heads and bodies, facts of the session. */
  #noteOther({ seq, sighting, flags }: Noting, isUnreadable: boolean, kind: FrameKind = otherKind(sighting, isUnreadable)): void {
    const hop = this.#hops.get(sighting.hopId);
    if (hop !== undefined && sighting.direction === 'fromServer') {
      const { exchangeId } = this.#foldIntoHop(hop, { seq, sighting, isUnreadable });
      this.#sink.frame(
        newFrame(this.#session, seq, sighting, { kind, flags, exchangeId, latencyMs: (sighting.monotonicUs - hop.startedUs) / 1000 }),
      );
      return;
    }
    const record = this.#row(`${seq}`, seq, sighting, otherRow(kind, flags, sighting));
    this.#sink.exchange(record);
    this.#hops.attach(sighting, record);
    this.#sink.frame(newFrame(this.#session, seq, sighting, { kind, flags, exchangeId: record.exchangeId }));
  }

  /** An error without an id, in answer to an HTTP request that asked nothing by JSON-RPC (GET, DELETE, a notification): it is about that request. */
  #isAboutHop({ direction, hopId }: Sighting, items: readonly ReadMessage[]): boolean {
    const message = items[0]?.message;
    if (direction !== 'fromServer' || items.length !== 1 || message?.kind !== 'error' || message.idText !== 'null') return false;
    return this.#hops.get(hopId)?.requests.length === 0;
  }

  #foldIntoHop(hop: Hop, frame: Parameters<typeof rowWithAnswer>[2]): ExchangeRecord {
    learnAnswerHead(hop, frame.sighting.http);
    const request = hop.requests.find(({ record }) => record.exchangeId === hop.row.exchangeId);
    const record = rowWithAnswer(request?.record ?? hop.row, hop, frame, request !== undefined);
    if (request !== undefined) request.record = record;
    hop.row = record;
    this.#sink.exchange(record);
    return record;
  }

  /** By HTTP exchange first (ids restart in every client), then by session, direction and id. */
  #requestAnswered({ direction, hopId, http }: Sighting, idText: string): OpenExchange | undefined {
    const asked = opposite(direction);
    const hop = direction === 'fromServer' ? this.#hops.get(hopId) : undefined;
    if (hop !== undefined) {
      if (http?.status !== undefined) hop.status = http.status;
      const inHop = hop.requests.find(({ record }) => record.direction === asked && record.idText === idText);
      if (inHop !== undefined) return inHop;
      // JSON-RPC 2.0, section 5.1: an error about a request that could not be read has a null id.
      if (idText === 'null' && hop.requests.length === 1) return hop.requests[0];
    }
    return this.#exchanges.find(asked, idText);
  }

  #row(key: string, seq: number, sighting: Sighting, facts: RowFacts): ExchangeRecord {
    return newRow(this.#session, key, seq, sighting, facts);
  }

  #update(change: Partial<SessionRecord>): void {
    this.#session = { ...this.#session, ...change };
    this.#sink.session(this.#session);
  }
}
