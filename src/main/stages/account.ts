/**
 * Tells how each guarded exchange ended, once, whatever ended it: metrics, audit, logs and the live view all live from this one
 * event. Stands just inside `record`, so that refusals are counted too. Adds the fields that guards put on every answer.
 */
import { errorTable, TrafficError, type ErrorCode } from '../../shared/errors/error-table.ts';
import { canonicalJson } from '../../shared/mcp/canonical-json.ts';
import { canonicalDigest } from '../traffic/canonical-digest.ts';
import type { EmitEvent, GatewayEventOf } from '../../shared/model/gateway-event.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { LiveAnswers, PendingRequest } from '../pipeline/live-answers.ts';
import type { Answer, Exchange, Next, Stage, Verdict } from '../pipeline/stage.ts';
import { type BodyEnd, WatchedBody } from '../pipeline/watched-body.ts';
import type { Clock, Logger } from '../ports.ts';
import { Departure } from '../support/departure.ts';
import { fieldValue } from '../support/http-fields.ts';
import { ownAnswer, ownReason } from '../traffic/own-answer.ts';
import { traceIdOf } from '../traffic/trace-id.ts';
import { AnswerLook } from './account/answer-look.ts';
import { LastWords } from './account/last-words.ts';

export interface AccountDeps {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  readonly log: Logger;
  readonly live: LiveAnswers;
  /** Arguments of calls are digested for the audit; a configuration may ask for them as they are. */
  readonly keepsArguments: () => boolean;
}

/** Whoever tries paths out shall not fill logs with them. */
const MAX_PATH = 200;

type ExchangeEvent = GatewayEventOf<'exchange'>;
/** An event that is still being written, field by field: every request makes one. */
type NewEvent = { -readonly [K in keyof ExchangeEvent]: ExchangeEvent[K] };
/** What the end of an exchange adds to what was known at its beginning. */
type Ending = Pick<ExchangeEvent, 'status' | 'outcome' | 'isEventStream' | 'responseBytes'> &
  Partial<Pick<ExchangeEvent, 'code' | 'reason'>> & { readonly errorType?: string | undefined };

export function account(deps: AccountDeps): Stage {
  return {
    name: 'account',
    handle(exchange, next) {
      const { guard } = exchange;
      return guard === undefined ? next(exchange) : accounted(deps, exchange, guard, next);
    },
  };
}

async function accounted(deps: AccountDeps, exchange: Exchange, guard: Guard, next: Next): Promise<Verdict> {
  const entry = new Entry(deps, exchange, guard);
  guard.answerHeaders.push('X-Correlation-Id', guard.correlationId);
  try {
    const verdict = await next({ ...exchange, departure: entry.departure });
    entry.mustGoOn(verdict);
    if (verdict.kind === 'answer') return { kind: 'answer', answer: entry.answered(verdict.answer) };
    const { code, reason, facts = {}, rawHeaders = [] } = verdict;
    const { status, bytes } = ownAnswer({ code, message: reason, facts, rawHeaders }, { idText: exchange.request.idText(), guard });
    entry.over({ status, outcome: 'refused', code, reason, isEventStream: false, responseBytes: bytes.length });
    return verdict;
  } catch (error) {
    throw entry.failed(error);
  }
}

/** Thrown, and still no failure: the door, the balancer or a bridge did not take the request. */
const refusals = new Set<ErrorCode>([
  'BAD_REQUEST',
  'BODY_TOO_LARGE',
  'FOREIGN_HOST',
  'FOREIGN_ORIGIN',
  'NO_ROUTE',
  'SHUTTING_DOWN',
  'UNAVAILABLE',
  'UNSUPPORTED_TYPE',
]);

class Entry implements PendingRequest {
  readonly #deps: AccountDeps;
  readonly #exchange: Exchange;
  readonly #guard: Guard;
  readonly #startedUs: number;
  readonly #release: () => void;
  /** Of everything further in: it happens when the client leaves, and when we end the request ourselves. */
  readonly departure = new Departure();
  #cutBy: TrafficError | undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(deps: AccountDeps, exchange: Exchange, guard: Guard) {
    this.#deps = deps;
    this.#exchange = exchange;
    this.#guard = guard;
    this.#startedUs = deps.clock.monotonicUs();
    this.#release = deps.live.began(this);
    if (exchange.departure.hasHappened) this.departure.happen();
    else exchange.departure.listener = () => this.departure.happen();
  }

  get conversationId(): string {
    return this.#exchange.conversation.id;
  }

  cut(error: TrafficError): void {
    if (this.#hasBegun || this.#isOver || this.departure.hasHappened) return;
    const facts = { ...error.facts, may_have_executed: this.#guard.journey.sentUs !== undefined };
    this.#cutBy = new TrafficError(error.code, error.message, { facts });
    this.departure.happen();
  }

  /** What came too late is not delivered. */
  mustGoOn(verdict: Verdict): void {
    if (this.#cutBy === undefined) return;
    if (verdict.kind === 'answer') verdict.answer.body.abort();
    throw this.#cutBy;
  }

  answered({ status, statusText, rawHeaders, body }: Answer): Answer {
    this.#hasBegun = true;
    const type = fieldValue(rawHeaders, 'content-type')?.toLowerCase() ?? '';
    const isEventStream = type.startsWith('text/event-stream');
    const look = new AnswerLook(isEventStream);
    const words = isEventStream ? new LastWords({ rawHeaders }, this.#guard) : undefined;
    const watched = new WatchedBody(body, {
      over: (how, error) => {
        release();
        this.over({ status, isEventStream, responseBytes: watched.sizeBytes, errorType: look.errorType, ...ended(how, error) });
      },
      passed(chunk) {
        look.push(chunk);
        words?.push(chunk);
      },
      lastWords: error => words?.about(error),
    });
    const release = this.#deps.live.add({
      kind: isStream(this.#exchange, this.#guard) ? 'stream' : 'call',
      conversationId: this.#exchange.conversation.id,
      body: watched,
    });
    return { status, statusText, rawHeaders: [...rawHeaders, ...this.#guard.answerHeaders], body: watched };
  }

  /** What the client is told. */
  failed(thrown: unknown): unknown {
    const { departure, request } = this.#exchange;
    if (departure.hasHappened) {
      this.over({
        status: errorTable.CANCELLED.httpStatus,
        outcome: 'cancelled',
        code: 'CANCELLED',
        isEventStream: false,
        responseBytes: 0,
      });
      return thrown;
    }
    const error = this.#cutBy ?? thrown;
    const reason = ownReason(error);
    const { status, bytes } = ownAnswer(reason, { idText: request.idText(), guard: this.#guard });
    const isRefused = error instanceof TrafficError && refusals.has(error.code);
    this.over({
      status,
      outcome: this.#cutBy !== undefined ? 'cancelled' : isRefused ? 'refused' : 'failed',
      code: reason.code,
      reason: reason.message,
      isEventStream: false,
      responseBytes: bytes.length,
    });
    return error;
  }

  over(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#release();
    try {
      this.#deps.emit(this.#event(ending));
    } catch (error) {
      // Observers fail open: the exchange is served, and only its count is missing.
      this.#deps.log.warn('An exchange was served but not counted', { correlationId: this.#guard.correlationId, error: String(error) });
    }
  }

  #event(ending: Ending): ExchangeEvent {
    const { clock } = this.#deps;
    const { conversation, route, request } = this.#exchange;
    const { journey, route: guarded, principal, client, era, correlationId, decisions } = this.#guard;
    const endUs = clock.monotonicUs();
    const { sentUs, answeredUs } = journey;
    const instance = journey.tried.at(-1);
    const body = request.body;
    const event: NewEvent = {
      type: 'exchange',
      at: clock.now(),
      correlationId,
      sessionId: conversation.id,
      principalId: journey.principalId ?? principal.id,
      listener: guarded.listener,
      route: guarded.path,
      upstream: guarded.upstream,
      transport: route.transport,
      era,
      httpMethod: request.method,
      durationMs: (endUs - this.#startedUs) / 1000,
      overheadMs: ((sentUs ?? endUs) - this.#startedUs) / 1000,
      requestBytes: body.kind === 'whole' ? body.bytes.length : 0,
      attempts: journey.tried.length,
      decisions,
      status: ending.status,
      outcome: ending.outcome,
      isEventStream: ending.isEventStream,
      responseBytes: ending.responseBytes,
    };
    const { code, reason, errorType } = ending;
    if (code !== undefined) event.code = code;
    if (reason !== undefined) event.reason = reason;
    if (errorType !== undefined) event.errorType = errorType;
    this.#tellAsked(event);
    if (guarded.path === '' && route.transport !== 'stdio') event.path = shownPath(request.path);
    if (client.name !== undefined) event.clientName = client.name;
    const traceId = traceIdOf(request.rawHeaders, this.#guard.items);
    if (traceId !== undefined) event.traceId = traceId;
    if (instance !== undefined) event.instance = instance;
    if (sentUs !== undefined) event.upstreamMs = ((answeredUs ?? endUs) - sentUs) / 1000;
    return event;
  }

  /** Of the first message. */
  #tellAsked(event: NewEvent): void {
    const [first] = this.#guard.items;
    const method = first !== undefined && 'method' in first.message ? first.message.method : undefined;
    if (method !== undefined) event.method = method;
    const target = first?.facts.target;
    if (target !== undefined) event.target = target;
    const args = method === 'tools/call' ? argumentsOf(first) : undefined;
    if (args !== undefined) event.argumentsDigest = this.#deps.keepsArguments() ? textOf(args) : canonicalDigest(args);
  }
}

function ended(how: BodyEnd, error: TrafficError | undefined): Pick<Ending, 'outcome' | 'code' | 'reason'> {
  switch (how) {
    case 'complete':
      return { outcome: 'answered' };
    case 'upstream-died':
      return { outcome: 'failed', code: error?.code ?? 'UPSTREAM_BROKE', reason: error?.message ?? 'the answer broke off' };
    case 'client-left':
      return { outcome: 'cancelled', code: 'CANCELLED', reason: 'the client left' };
    case 'ended-here':
      return { outcome: 'cancelled', code: error?.code ?? 'SHUTTING_DOWN', reason: error?.message ?? 'ended by the gateway' };
  }
}

/** It waits for nothing: a GET stream, or a subscription (2026-07-28). */
function isStream({ request }: Exchange, { items }: Guard): boolean {
  if (request.method === 'GET') return true;
  const message = items[0]?.message;
  return message?.kind === 'request' && message.method === 'subscriptions/listen';
}

/** Without its query, which may hold secrets; printable, whatever the client sent. */
function shownPath(path: string): string {
  const [plain = ''] = path.split(/[?#]/, 1);
  return plain
    .slice(0, MAX_PATH)
    .toWellFormed()
    .replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
}

function argumentsOf(item: Guard['items'][number] | undefined): unknown {
  const params = item !== undefined && 'params' in item.message ? item.message.params : undefined;
  return typeof params === 'object' && params !== null && 'arguments' in params ? params.arguments : {};
}

/** As they are; in canonical order where JSON.stringify gives up on their depth. */
function textOf(args: unknown): string {
  try {
    return JSON.stringify(args);
  } catch {
    return canonicalJson(args);
  }
}
