/** One HTTP request from the client's side: into the stages, and the answer back out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, TrafficError } from '../../shared/errors/error-table.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { Answer, Exchange, ExchangeEvents, IncomingRequest, Next, Route, Upstream, Verdict } from '../pipeline/stage.ts';
import type { Clock, Logger } from '../ports.ts';
import { Departure } from '../support/departure.ts';
import { fieldValue } from '../support/http-fields.ts';
import type { Conversation } from '../traffic/conversation.ts';
import { ownAnswer, ownReason, type OwnReason } from '../traffic/own-answer.ts';
import { writeAnswer, writeInterim } from './http-answer-sink.ts';
import type { ReceivedBody } from './http-request-body.ts';
import type { HttpSessions, Placed } from './http-sessions.ts';

/** What serves a path: the route, the stages, the sessions. */
export interface Served {
  readonly route: Route;
  readonly pipeline: Next;
  /** For what is refused before its stages: they would ask for credentials first. Absent where the pipeline takes it. */
  readonly refusedPipeline?: (refusal: TrafficError) => Next;
  readonly sessions: HttpSessions;
  /** On a guarded route, where bodies are read whole up to `maxBodyBytes`. */
  readonly guarded?: { readonly maxBodyBytes: number; guardFor(asked: GuardRequest): Guard };
}

/** What of a request its guard is made from. */
export interface GuardRequest {
  readonly request: Pick<IncomingMessage, 'socket' | 'rawHeaders'>;
  readonly conversation: Conversation;
  /** The whole body; undefined where there is none, or where it was refused unread. */
  readonly body: Uint8Array | undefined;
}

export interface ServeDeps {
  readonly served: Served;
  readonly clock: Clock;
  readonly log: Logger;
  /** Unique in the process, so that no two hops of a session can be taken for one. */
  readonly nextHopId: () => string;
}

export interface ReceivedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly received: ReceivedBody;
  /** Found at the door: the exchange is recorded and answered, and never forwarded. */
  readonly refusal: TrafficError | undefined;
}

/** Runs the stages for one request. Nothing is thrown: every failure becomes an answer or a closed connection. */
export function serveExchange(deps: ServeDeps, from: ReceivedRequest): void {
  const call = new ServedCall(deps, from);
  const { refusal } = from;
  (refusal === undefined ? deps.served.pipeline : pipelineFor(deps.served, refusal))(call.exchange).then(
    verdict => call.decided(verdict),
    (error: unknown) => call.failed(error),
  );
}

/** The stages of what is refused before they run. */
export function pipelineFor({ pipeline, refusedPipeline }: Served, refusal: TrafficError): Next {
  return refusedPipeline?.(refusal) ?? pipeline;
}

/** What a refusal of a stage means for the client. */
export function reasonOfRefusal({ code, reason, facts = {}, rawHeaders = [] }: Extract<Verdict, { kind: 'refuse' }>): OwnReason {
  return { code, message: reason, facts, rawHeaders };
}

/** Refusals after which there is no session to go on with; an `initialize` that we answer ourselves gives none, whatever the reason. */
const turnedAway = new Set<ErrorCode>(['UNAUTHORIZED', 'SESSION_LOST', 'NO_ROUTE', 'FOREIGN_HOST', 'FOREIGN_ORIGIN']);

class ServedCall implements ExchangeEvents {
  readonly exchange: Exchange;
  readonly #deps: ServeDeps;
  readonly #from: ReceivedRequest;
  readonly #placed: Placed;
  readonly #sessionId: string | undefined;
  readonly #departure = new Departure();
  #answer: Answer | undefined;
  #isOver = false;

  constructor(deps: ServeDeps, from: ReceivedRequest) {
    this.#deps = deps;
    this.#from = from;
    const { request, received, refusal } = from;
    const path = originForm(request.url ?? '/');
    this.#sessionId = fieldValue(request.rawHeaders, 'mcp-session-id');
    this.#placed = this.#place(path);
    this.exchange = {
      id: deps.nextHopId(),
      conversation: this.#placed.conversation,
      route: refusal === undefined ? deps.served.route : { ...deps.served.route, upstream: closedDoor(refusal) },
      request: incoming(request, path, received),
      startedAt: deps.clock.now(),
      departure: this.#departure,
      events: this,
      ...this.#guard(),
    };
    if (received.isCut) this.#closed();
    else from.response.on('close', () => this.#closed());
  }

  decided(verdict: Verdict): void {
    if (verdict.kind === 'refuse') {
      void this.#answerOurselves(reasonOfRefusal(verdict));
      return;
    }
    const { answer } = verdict;
    this.#deps.served.sessions.served(this.#placed.conversation);
    this.#learn(answer);
    this.#answer = answer;
    if (this.#from.response.destroyed) {
      this.#closed();
      return;
    }
    try {
      const { response } = this.#from;
      writeAnswer({ response, answer, saysLength: this.exchange.guard !== undefined, over: () => this.#over(answer.status) });
    } catch (error) {
      this.#deps.log.error('An answer could not be written', { exchangeId: this.exchange.id, error: String(error) });
      answer.body.abort();
      this.#from.response.destroy();
    }
  }

  failed(error: unknown): void {
    if (!(error instanceof TrafficError)) this.#deps.log.error('A stage failed', { exchangeId: this.exchange.id, error: String(error) });
    void this.#answerOurselves(ownReason(error));
  }

  interim(status: number, rawHeaders: readonly string[]): void {
    writeInterim(this.#from.response, status, rawHeaders);
  }

  endpoint(path: string): void {
    this.#deps.served.sessions.learnEndpoint(this.#placed.conversation, path);
  }

  #guard(): { guard?: Guard } {
    const { request, received } = this.#from;
    const { guarded } = this.#deps.served;
    if (guarded === undefined) return {};
    const body = received.body.kind === 'whole' ? received.body.bytes : undefined;
    return { guard: guarded.guardFor({ request, conversation: this.#placed.conversation, body }) };
  }

  #place(path: string): Placed {
    const { request, received, refusal } = this.#from;
    const { headers, socket } = request;
    const hints = {
      socket,
      path,
      isStreamRequest: request.method === 'GET' && headers.accept?.includes('text/event-stream') === true,
      sessionId: this.#sessionId,
      userAgent: headers['user-agent'],
      body: received.body.kind === 'whole' ? received.body.bytes : undefined,
    };
    if (refusal !== undefined) return { conversation: this.#deps.served.sessions.placeRefused(hints), isInitialize: false };
    return this.#deps.served.sessions.place(hints);
  }

  #learn({ status, rawHeaders }: Answer): void {
    const { conversation, isInitialize } = this.#placed;
    if (!isInitialize || status >= 300) return;
    const sessionId = fieldValue(rawHeaders, 'mcp-session-id');
    if (sessionId === undefined) this.#deps.served.sessions.learnNoId(conversation);
    else this.#deps.served.sessions.learnId(conversation, sessionId);
  }

  /** The answer is out. A session that ended with it ends after its last frame was noted, hence the turn. */
  #over(status: number): void {
    this.#isOver = true;
    const id = this.#sessionId;
    if (id === undefined || this.#from.refusal !== undefined) return;
    const { request } = this.#from;
    if (request.method === 'DELETE' && status < 300) setImmediate(() => this.#deps.served.sessions.forgetId(id, 'ended by the client'));
    // 2025-11-25, Session Management: 404 tells the client that its session is gone.
    else if (status === 404) setImmediate(() => this.#deps.served.sessions.forgetId(id, 'lost: the server does not know it any more'));
  }

  #closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#departure.happen();
    this.#answer?.body.abort();
  }

  async #answerOurselves(reason: OwnReason): Promise<void> {
    const { response, received } = this.#from;
    if (turnedAway.has(reason.code) || this.#placed.isInitialize) this.#deps.served.sessions.turnedAway(this.#placed.conversation);
    await received.idRead();
    if (response.destroyed || response.headersSent) {
      response.destroy();
      return;
    }
    const { status, statusText, rawHeaders, bytes } = ownAnswer(reason, { idText: received.idText(), guard: this.exchange.guard });
    this.#isOver = true;
    response.writeHead(status, statusText, [...rawHeaders]);
    response.end(bytes);
  }
}

/** An upstream that refuses before anything is sent: what the listener found wrong passes the same stages as all else. */
export function closedDoor(refusal: TrafficError): Upstream {
  return { name: 'refused at the door', send: () => Promise.reject(refusal), close: () => Promise.resolve() };
}

function incoming(request: IncomingMessage, path: string, received: ReceivedBody): IncomingRequest {
  return { method: request.method ?? 'GET', path, rawHeaders: request.rawHeaders, body: received.body, idText: () => received.idText() };
}

/** The path and query of a request line; an absolute target loses its origin, which the door has checked. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)?.[0];
  if (origin === undefined) return target;
  const rest = target.slice(origin.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
