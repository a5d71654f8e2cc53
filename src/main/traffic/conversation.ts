/**
 * One session's traffic, in order: numbers each frame, reads it, links it to its exchange, and hands complete records on.
 * Everything that passes through Shadowcat, over any transport, is noted here and nowhere else.
 */
import type { Era, PeerInfo } from '../../shared/mcp/facts.ts';
import type { StatusWord } from '../../shared/model/exchange.ts';
import type { Flag, FrameKind, Transport } from '../../shared/model/frame.ts';
import { Exchanges, opposite, withStatus, type OpenExchange } from './exchanges.ts';
import { headerMismatch } from './header-check.ts';
import type { ExchangeRecord, FrameRecord, RecordSink, SessionRecord } from './records.ts';
import { readSighting, type ReadMessage, type Sighting } from './sighting.ts';

export interface ConversationStart {
  readonly id: string;
  readonly transport: Transport;
  /** Display names until the peers name themselves. */
  readonly clientName: string;
  readonly serverName: string;
  /** Shown while `serverName` is empty and the server has not named itself. */
  readonly serverNameUntilKnown?: string;
  readonly upstream: string;
  readonly startedAt: number;
  readonly wasOffline?: boolean;
}

/** How an HTTP request and its answer ended. */
export type HopEnd = 'complete' | 'client-left' | 'upstream-died' | 'failed';

/** What ended a session. */
export interface ConversationEnd {
  readonly at: number;
  readonly reason: string;
  readonly exitCode?: number;
  readonly exitSignal?: string;
  /** The end was not seen: whoever carried the session is gone. */
  readonly isInterrupted?: boolean;
}

interface Hop {
  readonly requests: OpenExchange[];
  /** The row that frames without a message of their own fold into. */
  row: ExchangeRecord | undefined;
  readonly startedUs: number;
  status: number;
  isEventStream: boolean;
}

export class Conversation {
  #session: SessionRecord;
  readonly #sink: RecordSink;
  readonly #exchanges = new Exchanges();
  readonly #hops = new Map<string, Hop>();
  readonly #requestMethods = new Set<string>();
  readonly #defaultServerName: string;
  #lastSeq = 0;
  #lastAt: number;

  constructor(start: ConversationStart, sink: RecordSink) {
    this.#sink = sink;
    this.#lastAt = start.startedAt;
    this.#defaultServerName = start.serverName;
    this.#session = {
      id: start.id,
      state: 'live',
      transport: start.transport,
      era: 'legacy',
      clientName: start.clientName,
      serverName: start.serverName === '' ? (start.serverNameUntilKnown ?? '') : start.serverName,
      upstream: start.upstream,
      isProbe: false,
      wasOffline: start.wasOffline ?? false,
      startedAt: start.startedAt,
    };
    sink.session(this.#session);
  }

  /** Continues a session that was recorded before (the host restarted under a living shim). */
  static resume(session: SessionRecord, committedSeq: number, pending: readonly ExchangeRecord[], sink: RecordSink): Conversation {
    const conversation = new Conversation(session, sink);
    const { endedAt: _endedAt, endReason: _endReason, ...living } = session;
    conversation.#session = { ...living, state: 'live' };
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
    return this.#hops.size;
  }

  /** Notes one frame. Returns its sequence number. */
  note(sighting: Sighting): number {
    const seq = sighting.seq ?? this.#lastSeq + 1;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#lastAt = Math.max(this.#lastAt, sighting.at);
    const reading = readSighting(sighting);
    if (reading.kind !== 'messages') this.#noteOther(seq, sighting, reading.kind === 'unreadable');
    else if (this.#isAboutHop(sighting, reading.items)) this.#noteOther(seq, sighting, false, 'error');
    else this.#noteMessages(seq, sighting, reading.items, reading.isBatch);
    return seq;
  }

  /** The HTTP request `hopId` and its answer are over. */
  endHop(hopId: string, how: HopEnd, at: number, monotonicUs: number): void {
    const hop = this.#hops.get(hopId);
    if (hop === undefined) return;
    this.#hops.delete(hopId);
    this.#lastAt = Math.max(this.#lastAt, at);
    // Also those whose id another hop uses by now; what has been answered is left as it is.
    for (const request of hop.requests) this.#endRequest(request, hop, how, monotonicUs, at);
    const { row } = hop;
    if (row?.kind === 'http' && (row.status === 'open' || row.status === 'pending')) {
      const status: StatusWord = how === 'upstream-died' || how === 'failed' ? 'failed' : row.status === 'open' || how === 'complete' ? 'ok' : 'cancelled';
      this.#sink.exchange({ ...withStatus(row, status, flagsOfEnd(how)), durationMs: (monotonicUs - hop.startedUs) / 1000 });
    }
  }

  /** The session is over: what is still unanswered stays so. */
  end(end: ConversationEnd): void {
    if (this.isEnded) return;
    const inHops = [...this.#hops.values()].flatMap(hop => hop.requests);
    for (const request of new Set([...this.#exchanges.unanswered(), ...inHops]))
      if (request.record.status === 'pending') this.#sink.exchange(withStatus(request.record, 'no-answer', ['no-answer']));
      else if (request.record.status === 'open') this.#sink.exchange(withStatus(request.record, 'ok'));
    this.#update({
      state: end.isInterrupted === true ? 'interrupted' : 'closed',
      endedAt: end.at,
      endReason: end.reason,
      isProbe: this.#session.transport === 'stdio' && this.#requestMethods.size === 1 && this.#requestMethods.has('server/discover'),
      ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      ...(end.exitSignal === undefined ? {} : { exitSignal: end.exitSignal }),
    });
  }

  #endRequest(request: OpenExchange, hop: Hop, how: HopEnd, monotonicUs: number, at: number): void {
    const { record } = request;
    const durationMs = this.#sinceStart(request, monotonicUs, at);
    const save = (status: StatusWord, more: Partial<ExchangeRecord> = {}) => {
      request.record = { ...withStatus(record, status, flagsOfEnd(how)), ...more };
      this.#sink.exchange(request.record);
    };
    if (record.status === 'open') {
      // A subscription ends when its client closes it; that is how it is meant to end (2026-07-28, subscriptions/listen).
      save(how === 'upstream-died' || how === 'failed' ? 'failed' : 'ok', { durationMs });
      this.#exchanges.settle(request);
      return;
    }
    if (record.status !== 'pending') return;
    switch (how) {
      case 'client-left':
        // 2026-07-28, Streamable HTTP: closing the response stream is the cancellation. Legacy: a lost stream is not.
        if (record.era === 'modern') save('cancelled', { cancelledBy: 'client', durationMs });
        else save('pending');
        return;
      case 'upstream-died':
      case 'failed':
        save('failed', { durationMs });
        return;
      case 'complete': {
        // Legacy answers may still arrive on another stream: HTTP+SSE (202), resumption by GET (2025-11-25, polling).
        const mayComeLater = record.era === 'legacy' && (hop.isEventStream || hop.status === 202);
        if (!mayComeLater) save('no-answer', { durationMs });
      }
    }
  }

  #noteMessages(seq: number, sighting: Sighting, items: readonly ReadMessage[], isBatch: boolean): void {
    const flags: Flag[] = [...(sighting.flags ?? [])];
    if (sighting.body.isTruncated) flags.push('body-truncated');
    const first = items[0] as ReadMessage;
    if (!isBatch && sighting.http !== undefined && headerMismatch(sighting.http, first)) flags.push('header-mismatch');
    const noted = items.map((item, index) => this.#noteMessage(isBatch ? `${seq}.${index}` : `${seq}`, seq, sighting, item, flags));
    const row = noted[0];
    const { message, facts } = first;
    this.#sink.frame({
      ...this.#frameBase(seq, sighting, flags),
      kind: isBatch ? 'batch' : message.kind,
      ...(isBatch || message.kind === 'notification' ? {} : { idText: message.idText }),
      ...(isBatch || !('method' in message) ? {} : { method: message.method }),
      ...(isBatch || facts.target === undefined ? {} : { target: facts.target }),
      ...(row === undefined ? {} : { exchangeId: row.record.exchangeId }),
      ...(row?.latencyMs === undefined ? {} : { latencyMs: row.latencyMs }),
    });
  }

  /** Links one message to its exchange, and returns that exchange as it now stands. */
  #noteMessage(key: string, seq: number, sighting: Sighting, item: ReadMessage, flags: readonly Flag[]): { record: ExchangeRecord; latencyMs?: number } {
    this.#learn(item);
    const { message, facts } = item;
    const { direction } = sighting;
    switch (message.kind) {
      case 'request':
        return { record: this.#noteRequest(key, seq, sighting, item, message.method, message.idText, flags) };
      case 'result':
      case 'error': {
        const request = this.#requestAnswered(sighting, message.idText);
        if (request !== undefined) return this.#noteAnswer(seq, sighting, item, request, flags);
        const record = this.#row(key, seq, sighting, {
          kind: 'response',
          method: message.kind,
          status: message.kind === 'error' ? 'error' : 'ok',
          flags: [...flags, 'unknown-id'],
          idText: message.idText,
          ...errorFields(item),
        });
        this.#sink.exchange(record);
        return { record };
      }
      case 'notification': {
        const about =
          facts.cancels !== undefined
            ? this.#exchanges.find(direction, facts.cancels)
            : message.method === 'notifications/progress' && facts.progressToken !== undefined
              ? this.#exchanges.findByToken(opposite(direction), facts.progressToken)
              : undefined;
        if (about !== undefined) return this.#noteAbout(seq, sighting, item, about);
        const record = this.#row(key, seq, sighting, {
          kind: 'notification',
          method: message.method,
          status: 'ok',
          flags,
          ...(facts.target === undefined ? {} : { target: facts.target }),
        });
        this.#sink.exchange(record);
        this.#attachToHop(sighting, record);
        return { record };
      }
    }
  }

  #noteRequest(key: string, seq: number, sighting: Sighting, item: ReadMessage, method: string, idText: string, flags: readonly Flag[]): ExchangeRecord {
    const { facts } = item;
    if (sighting.direction === 'fromClient') this.#requestMethods.add(method);
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
    this.#attachToHop(sighting, open.record, open);
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

  #noteAnswer(seq: number, sighting: Sighting, item: ReadMessage, request: OpenExchange, flags: readonly Flag[]): { record: ExchangeRecord; latencyMs: number } {
    const { message, facts } = item;
    const latencyMs = this.#sinceStart(request, sighting.monotonicUs, sighting.at);
    const wasCancelled = request.record.status === 'cancelled';
    const status: StatusWord = wasCancelled ? 'late' : flags.includes('own-error') ? 'failed' : message.kind === 'error' ? 'error' : facts.isToolError ? 'tool-error' : 'ok';
    request.record = {
      ...withStatus(request.record, status, wasCancelled ? [...flags, 'late'] : flags),
      ...errorFields(item),
      ...(sighting.http?.status === undefined ? {} : { httpStatus: sighting.http.status }),
      durationMs: latencyMs,
      firstByteMs: request.record.firstByteMs ?? latencyMs,
      responseBytes: request.record.responseBytes + sighting.body.sizeBytes,
      responseSeq: seq,
      frameCount: request.record.frameCount + 1,
    };
    this.#exchanges.settle(request);
    if (facts.resultType === 'input_required' && facts.requestState !== undefined) this.#exchanges.rememberLeg(facts.requestState, request.record.exchangeId);
    this.#sink.exchange(request.record);
    // The client's answer to a server's request is the body of an HTTP request of its own; its 202 folds in here.
    this.#attachToHop(sighting, request.record);
    return { record: request.record, latencyMs };
  }

  /** A cancellation or a progress report: part of the request it names. */
  #noteAbout(seq: number, sighting: Sighting, item: ReadMessage, request: OpenExchange): { record: ExchangeRecord; latencyMs: number } {
    const latencyMs = this.#sinceStart(request, sighting.monotonicUs, sighting.at);
    const isProgress = item.facts.cancels === undefined;
    const folded = { ...request.record, frameCount: request.record.frameCount + 1 };
    request.record = isProgress
      ? { ...folded, progressCount: folded.progressCount + 1, firstByteMs: folded.firstByteMs ?? latencyMs, responseBytes: folded.responseBytes + sighting.body.sizeBytes }
      : {
          ...withStatus(folded, folded.status === 'pending' ? 'cancelled' : folded.status),
          cancelledBy: sighting.direction === 'fromClient' ? 'client' : 'server',
          durationMs: latencyMs,
          ...(item.facts.cancelReason === undefined ? {} : { cancelReason: item.facts.cancelReason }),
        };
    this.#sink.exchange(request.record);
    this.#attachToHop(sighting, request.record);
    return { record: request.record, latencyMs };
  }

  /** Frames without a JSON-RPC message: stderr, stray stdout, HTTP heads and bodies, facts of the session. */
  #noteOther(seq: number, sighting: Sighting, isUnreadable: boolean, kind: FrameKind = otherKind(sighting, isUnreadable)): void {
    const flags: Flag[] = [...(sighting.flags ?? [])];
    if (sighting.body.isTruncated) flags.push('body-truncated');
    const hop = sighting.hopId === undefined ? undefined : this.#hops.get(sighting.hopId);
    const base = this.#frameBase(seq, sighting, flags);
    if (hop?.row !== undefined && sighting.direction === 'fromServer') {
      const record = this.#foldIntoHop(seq, sighting, hop, hop.row, isUnreadable);
      this.#sink.frame({ ...base, kind, exchangeId: record.exchangeId, latencyMs: (sighting.monotonicUs - hop.startedUs) / 1000 });
      return;
    }
    const isHttpRequest = kind === 'http' && sighting.direction === 'fromClient';
    const record = this.#row(`${seq}`, seq, sighting, {
      kind: kind === 'http' || kind === 'stderr' || kind === 'stdout' || kind === 'lifecycle' ? kind : 'invalid',
      method: isHttpRequest ? (sighting.http?.method ?? 'HTTP') : kind,
      status: isHttpRequest ? 'pending' : kind === 'invalid' ? 'error' : 'ok',
      flags,
      ...(isHttpRequest && sighting.http?.path !== undefined ? { target: sighting.http.path } : {}),
    });
    this.#sink.exchange(record);
    this.#attachToHop(sighting, record);
    this.#sink.frame({ ...base, kind, exchangeId: record.exchangeId });
  }

  /** An error without an id, in answer to an HTTP request that asked nothing by JSON-RPC (GET, DELETE, a notification): it is about that request. */
  #isAboutHop({ direction, hopId }: Sighting, items: readonly ReadMessage[]): boolean {
    const message = items[0]?.message;
    if (direction !== 'fromServer' || items.length !== 1 || message?.kind !== 'error' || message.idText !== 'null' || hopId === undefined) return false;
    return this.#hops.get(hopId)?.requests.length === 0;
  }

  /** An HTTP head or a body without a message: it belongs to what its request carried. */
  #foldIntoHop(seq: number, sighting: Sighting, hop: Hop, row: ExchangeRecord, isUnreadable: boolean): ExchangeRecord {
    const status = sighting.http?.status;
    if (status !== undefined) {
      hop.status = status;
      hop.isEventStream = isEventStream(sighting);
    }
    const firstByteMs = (sighting.monotonicUs - hop.startedUs) / 1000;
    const open = hop.requests.find((request) => request.record.exchangeId === row.exchangeId);
    let record: ExchangeRecord = {
      ...(open?.record ?? row),
      frameCount: (open?.record ?? row).frameCount + 1,
      firstByteMs: (open?.record ?? row).firstByteMs ?? firstByteMs,
      responseBytes: (open?.record ?? row).responseBytes + sighting.body.sizeBytes,
      ...(hop.status === 0 ? {} : { httpStatus: hop.status }),
    };
    const isRefusal = hop.status >= 400;
    if (open !== undefined) {
      if (isRefusal && record.status === 'pending')
        record = { ...record, status: 'failed', errorCode: hop.status, errorMessage: isUnreadable ? firstLine(sighting) : `HTTP ${hop.status}`, durationMs: firstByteMs, responseSeq: seq };
      open.record = record;
    } else if (record.status === 'pending' || record.status === 'open') {
      record = { ...record, ...httpRowEnd(record, hop, sighting, firstByteMs), responseSeq: seq };
    } else if (isRefusal) {
      record = { ...record, status: 'failed', errorCode: hop.status, errorMessage: isUnreadable ? firstLine(sighting) : `HTTP ${hop.status}` };
    }
    hop.row = record;
    this.#sink.exchange(record);
    return record;
  }

  /** The first thing an HTTP request carried becomes the row of its hop; all its requests wait for answers there. */
  #attachToHop(sighting: Sighting, record: ExchangeRecord, request?: OpenExchange): void {
    const { hopId } = sighting;
    if (hopId === undefined || sighting.http?.method === undefined) return;
    let hop = this.#hops.get(hopId);
    if (hop === undefined) {
      hop = { requests: [], row: record, startedUs: sighting.monotonicUs, status: 0, isEventStream: false };
      this.#hops.set(hopId, hop);
    }
    if (request !== undefined) hop.requests.push(request);
  }

  /** By HTTP exchange first (ids restart in every client), then by session, direction and id. */
  #requestAnswered(sighting: Sighting, idText: string): OpenExchange | undefined {
    const asked = opposite(sighting.direction);
    const hop = sighting.hopId === undefined ? undefined : this.#hops.get(sighting.hopId);
    if (hop !== undefined && sighting.direction === 'fromServer') {
      if (sighting.http?.status !== undefined) hop.status = sighting.http.status;
      const inHop = hop.requests.find((request) => request.record.direction === asked && request.record.idText === idText);
      if (inHop !== undefined) return inHop;
      // JSON-RPC 2.0, section 5.1: an error about a request that could not be read has a null id.
      if (idText === 'null' && hop.requests.length === 1) return hop.requests[0];
    }
    return this.#exchanges.find(asked, idText);
  }

  #row(
    key: string,
    seq: number,
    sighting: Sighting,
    facts: Pick<ExchangeRecord, 'kind' | 'method' | 'status' | 'flags'> & Partial<ExchangeRecord>,
  ): ExchangeRecord {
    const isAnswer = facts.kind === 'response' || (facts.kind === 'http' && sighting.direction === 'fromServer');
    return {
      exchangeId: `${this.id}/${key}`,
      sessionId: this.id,
      transport: this.#session.transport,
      era: this.#session.era,
      direction: sighting.direction,
      startedAt: sighting.at,
      requestBytes: isAnswer ? 0 : sighting.body.sizeBytes,
      responseBytes: isAnswer ? sighting.body.sizeBytes : 0,
      frameCount: 1,
      progressCount: 0,
      requestSeq: seq,
      ...(sighting.http?.status === undefined ? {} : { httpStatus: sighting.http.status }),
      ...facts,
    };
  }

  #frameBase(seq: number, sighting: Sighting, flags: readonly Flag[]): Omit<FrameRecord, 'kind'> {
    const { body } = sighting;
    return {
      sessionId: this.id,
      seq,
      at: sighting.at,
      monotonicUs: sighting.monotonicUs,
      direction: sighting.direction,
      transport: this.#session.transport,
      delivery: sighting.delivery,
      sizeBytes: body.sizeBytes,
      body: body.bytes,
      flags,
      verdicts: [],
      ...(body.contentHash === undefined ? {} : { contentHash: body.contentHash }),
      ...(sighting.hopId === undefined ? {} : { hopId: sighting.hopId }),
      ...(sighting.eventId === undefined ? {} : { eventId: sighting.eventId }),
      ...(sighting.http === undefined ? {} : { http: sighting.http }),
      ...(sighting.contentEncoding === undefined ? {} : { contentEncoding: sighting.contentEncoding }),
      ...(sighting.delivered === undefined ? {} : { delivered: sighting.delivered }),
    };
  }

  /** Keeps what the peers say of themselves. */
  #learn({ facts }: ReadMessage): void {
    const change: Partial<Mutable<SessionRecord>> = {};
    if (facts.clientInfo !== undefined && !isSamePeer(facts.clientInfo, this.#session.clientInfo)) {
      change.clientInfo = facts.clientInfo;
      change.clientName = facts.clientInfo.title ?? facts.clientInfo.name;
    }
    if (facts.serverInfo !== undefined && !isSamePeer(facts.serverInfo, this.#session.serverInfo)) {
      change.serverInfo = facts.serverInfo;
      // A name that a person gave (`--name`, a route) says more than the server's own.
      if (this.#defaultServerName === '') change.serverName = facts.serverInfo.title ?? facts.serverInfo.name;
    }
    if (facts.protocolVersion !== undefined && facts.protocolVersion !== this.#session.protocolVersion) change.protocolVersion = facts.protocolVersion;
    const era: Era = facts.era;
    if (era === 'modern' && this.#session.era !== 'modern') change.era = era;
    if (Object.keys(change).length > 0) this.#update(change);
  }

  #update(change: Partial<SessionRecord>): void {
    this.#session = { ...this.#session, ...change };
    this.#sink.session(this.#session);
  }

  #sinceStart(request: OpenExchange, monotonicUs: number, at: number): number {
    return Number.isNaN(request.startedUs) ? Math.max(0, at - request.record.startedAt) : Math.max(0, (monotonicUs - request.startedUs) / 1000);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function otherKind(sighting: Sighting, isUnreadable: boolean): FrameKind {
  if (sighting.delivery === 'stderr' || sighting.delivery === 'lifecycle') return sighting.delivery;
  if (sighting.delivery === 'line') return sighting.direction === 'fromServer' ? 'stdout' : 'invalid';
  if (!isUnreadable || sighting.direction === 'fromServer') return 'http';
  const type = sighting.http?.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.includes('json') ? 'invalid' : 'http';
}

function httpRowEnd(record: ExchangeRecord, hop: Hop, sighting: Sighting, firstByteMs: number): Partial<ExchangeRecord> {
  if (record.kind === 'notification' || record.kind === 'response') return hop.status >= 400 ? { status: 'failed', errorCode: hop.status } : {};
  if (hop.isEventStream && hop.status < 300) return { status: 'open' };
  if (sighting.delivery === 'head') return {};
  // 405 is how a server says that it has no GET stream or no DELETE (2025-03-26 and later, Streamable HTTP).
  const isNormal = hop.status < 400 || hop.status === 405;
  return { status: isNormal ? 'ok' : 'failed', durationMs: firstByteMs, ...(isNormal ? {} : { errorCode: hop.status, errorMessage: firstLine(sighting) }) };
}

function isEventStream(sighting: Sighting): boolean {
  return sighting.http?.headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.toLowerCase().startsWith('text/event-stream')) ?? false;
}

function firstLine(sighting: Sighting): string {
  const text = sighting.text ?? Buffer.from(sighting.body.bytes.subarray(0, 400)).toString('utf8');
  const status = sighting.http?.status;
  return `${status === undefined ? '' : `HTTP ${status} `}${text.replaceAll(/\s+/g, ' ').slice(0, 200)}`.trim();
}

function errorFields({ message }: ReadMessage): Partial<ExchangeRecord> {
  return message.kind === 'error' ? { errorCode: message.error.code, errorMessage: message.error.message.slice(0, 500) } : {};
}

function flagsOfEnd(how: HopEnd): readonly Flag[] {
  switch (how) {
    case 'complete':
    case 'failed':
      return [];
    case 'client-left':
      return ['client-left'];
    case 'upstream-died':
      return ['stream-cut'];
  }
}

function isSamePeer(one: PeerInfo, other: SessionRecord['clientInfo']): boolean {
  return other !== undefined && one.name === other.name && one.version === other.version;
}

