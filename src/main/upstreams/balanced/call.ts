/** One request on its way to an instance, until its answer is delivered: slot, instance, credentials, time-outs, judgement. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Guard } from '../../pipeline/guard.ts';
import type { Answer, BodySource, Exchange, ExchangeEvents } from '../../pipeline/stage.ts';
import { Departure } from '../../support/departure.ts';
import { fieldValue } from '../../support/http-fields.ts';
import { guardedAnswerFields, guardedRequest } from '../guarded-request.ts';
import { type AnswerWatch, EventWatch, JsonWatch } from './answer-watch.ts';
import { CallBody, type BodyEvents } from './call-body.ts';
import { traitsOf, type CallTraits } from './call-traits.ts';
import { cancelCall } from './cancel-call.ts';
import type { Deadline, Timed, TimeLimits, TimeoutPhase } from './deadlines.ts';
import { HeldAnswer } from './held-answer.ts';
import type { Parts } from './parts.ts';
import { retryAfterMs } from './retry-after.ts';
import { blameOf, toldFailure } from './told-failure.ts';
import type { Usage } from './usage.ts';

const noFields: readonly string[] = [];
/** Besides a lost connection and a time-out, these are failures of the server; other answers show that it works. */
const failures = new Set([500, 502, 503, 504]);

interface Head {
  readonly status: number;
  /** Lower case; empty where there is none. */
  readonly type: string;
  readonly isEncoded: boolean;
}

export class Call implements Timed, BodyEvents {
  readonly #parts: Parts;
  readonly #exchange: Exchange;
  readonly #guard: Guard;
  readonly #traits: CallTraits;
  readonly limits: TimeLimits;
  readonly #sessionId: string | undefined;
  #hasSlot = false;
  #isInSession = false;
  #usage: Usage | undefined;
  /** Of the attempt under way; happens when the client leaves, and at a time-out. */
  #departure = new Departure();
  #deadline: Deadline | undefined;
  #timeout: TrafficError | undefined;
  #watch: AnswerWatch | undefined;
  /** Of a GET stream: what the server asks there, while calls of the session run. */
  #questions: EventWatch | undefined;
  #body: CallBody | undefined;
  #held: HeldAnswer | undefined;

  constructor(parts: Parts, exchange: Exchange, guard: Guard) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#guard = guard;
    this.#traits = traitsOf(exchange.request.method, guard);
    this.limits = parts.now.limitsFor(this.#traits);
    this.#sessionId = guard.session?.id;
  }

  /** The answer's head; rejects with a failure that names the upstream and says whether the call may have had effects. */
  async send(): Promise<Answer> {
    const { bulkhead, waits } = this.#parts;
    const sessionId = this.#sessionId;
    if (sessionId !== undefined) for (const id of this.#traits.answeredIds) waits.answered(sessionId, id);
    try {
      if (!this.#traits.isOneWay) {
        const turn = bulkhead.enter(this.#exchange.departure);
        if (turn !== undefined) await turn;
        this.#hasSlot = true;
      }
      if (sessionId !== undefined && !this.#traits.isStream && !this.#traits.isOneWay) {
        waits.opened(sessionId);
        this.#isInSession = true;
      }
      return await this.#sendToSomebody();
    } catch (error) {
      this.#over();
      throw toldFailure(error, this.#parts.name);
    }
  }

  async #sendToSomebody(): Promise<Answer> {
    const { balancer, now } = this.#parts;
    if (this.#exchange.departure.hasHappened) throw left();
    const { tool } = this.#traits;
    const instance = balancer.choose({ guard: this.#guard, tool, affinityKey: now.affinityKey(this.#exchange) });
    const usage = instance.use(tool);
    this.#usage = usage;
    try {
      return await this.#sendWithCredentials(usage);
    } catch (error) {
      const blame = this.#timeout === undefined ? blameOf(error) : blameOf(this.#timeout);
      if (blame.kind === 'failure')
        usage.judge({ result: 'failure', reason: blame.reason, isGone: blame.isRefused, wasSent: blame.wasSent });
      throw error;
    }
  }

  async #sendWithCredentials(usage: Usage): Promise<Answer> {
    const { credentials } = this.#parts.now;
    const { principal, journey } = this.#guard;
    let fields: readonly string[] = noFields;
    if (credentials !== undefined) {
      const found = credentials.headers(principal);
      fields = found instanceof Promise ? await found : found;
    }
    if (journey.tried.length > 0) this.#parts.now.retryCount += 1;
    journey.tried.push(usage.instance.id);
    let answer = await this.#sendOnce(usage, fields);
    if (answer.status === 401 && credentials?.rejected(principal) === true) {
      answer.body.abort();
      answer = await this.#sendOnce(usage, await credentials.headers(principal));
      // Fresh ones that are refused as well are not worth keeping either.
      if (answer.status === 401) credentials.rejected(principal);
    }
    const lack = answer.status === 403 ? credentials?.lacking?.(principal, fieldValue(answer.rawHeaders, 'www-authenticate')) : undefined;
    if (answer.status !== 401 && lack === undefined) return this.#answered(usage, answer);
    answer.body.abort();
    usage.judge({ result: 'success' });
    if (lack !== undefined) throw lack;
    throw new TrafficError('UPSTREAM_AUTH', `${this.#parts.name} did not accept the gateway's credentials.`, {
      facts: { may_have_executed: false },
    });
  }

  async #sendOnce(usage: Usage, credentials: readonly string[]): Promise<Answer> {
    const { clock, deadlines, now } = this.#parts;
    const { id, conversation, route, request, startedAt, departure: client, events } = this.#exchange;
    if (client.hasHappened) throw left();
    const guard = this.#guard;
    const departure = new Departure();
    this.#departure = departure;
    client.listener = () => departure.happen();
    const { target, connection } = usage.line;
    const sent = guardedRequest(request, guard, { target, credentials, keyHeaders: now.keyHeaders });
    const exchange: Exchange = {
      id,
      conversation,
      route,
      request: sent,
      startedAt,
      departure,
      guard,
      events: events === undefined ? noEvents : new GuardedEvents(events, guard),
    };
    const { journey } = guard;
    const sentUs = clock.monotonicUs();
    journey.sentUs ??= sentUs;
    // Of an attempt with other credentials.
    this.#deadline?.over();
    this.#deadline = deadlines.begin(this);
    try {
      const sending = connection.send(exchange);
      // Sent first and noted second: the record adds nothing to the time a request needs.
      const { onSent } = journey;
      journey.onSent = undefined;
      onSent?.();
      const answer = await sending;
      // Either may have happened while the answer was on its way to here.
      if (this.#timeout !== undefined || client.hasHappened) {
        answer.body.abort();
        throw left();
      }
      const answeredUs = clock.monotonicUs();
      journey.answeredUs = answeredUs;
      this.#deadline.answered();
      if (!this.#traits.isStream) usage.instance.latency.observe(answeredUs / 1000, (answeredUs - sentUs) / 1000);
      return answer;
    } catch (error) {
      this.#deadline.over();
      throw this.#timeout ?? error;
    } finally {
      client.listener = undefined;
    }
  }

  /** The head is there; the rest is watched on its way, and waited for where it is one JSON document. */
  async #answered(usage: Usage, { status, statusText, rawHeaders, body }: Answer): Promise<Answer> {
    const head: Head = {
      status,
      type: fieldValue(rawHeaders, 'content-type')?.toLowerCase() ?? '',
      isEncoded: fieldValue(rawHeaders, 'content-encoding') !== undefined,
    };
    if (status >= 300 && status < 400) {
      body.abort();
      usage.judge({ result: 'neutral' });
      // Clients follow redirects with all their fields, an API key of ours among them.
      throw new TrafficError('UPSTREAM_BROKE', `${this.#parts.name} answered with a redirect (${status}), which is not followed.`, {
        facts: { phase: 'answer', may_have_executed: true },
      });
    }
    if (!this.#judgeHead(usage, head, rawHeaders)) {
      body.abort();
      const type = head.type === '' ? 'no type' : head.type.slice(0, 100);
      throw new TrafficError('UPSTREAM_BROKE', `${this.#parts.name} answered with ${type}, which is no JSON-RPC.`, {
        facts: { phase: 'answer', may_have_executed: true },
      });
    }
    if (this.#traits.isStream && status < 300) this.#becameStream(usage, head);
    const hasRoom = isEvents(head) && !head.isEncoded && fieldValue(rawHeaders, 'content-length') === undefined;
    this.#body = new CallBody(body, this);
    const delivered = hasRoom ? this.#parts.keepAlives.keep(this.#body) : await this.#whole(this.#body);
    return { status, statusText, rawHeaders: guardedAnswerFields(rawHeaders, this.#guard), body: delivered };
  }

  async #whole(body: CallBody): Promise<BodySource> {
    if (!(this.#watch instanceof JsonWatch)) return body;
    const { departure: client } = this.#exchange;
    if (client.hasHappened) {
      body.abort();
      throw left();
    }
    const held = new HeldAnswer(body);
    this.#held = held;
    client.listener = () => held.leave(left());
    try {
      return await held.whole();
    } finally {
      client.listener = undefined;
    }
  }

  /** What the head says about the instance, and what the rest will have to show. False for what cannot be an answer. */
  #judgeHead(usage: Usage, head: Head, rawHeaders: readonly string[]): boolean {
    const { status, isEncoded } = head;
    const { isStream, requestIds } = this.#traits;
    if (status === 429) {
      usage.instance.pause(retryAfterMs(fieldValue(rawHeaders, 'retry-after'), this.#parts.clock.now()));
      usage.judge({ result: 'neutral' });
    } else if (failures.has(status)) usage.judge({ result: 'failure', reason: `HTTP ${status}` });
    else if (status !== 200 || isStream || requestIds.length === 0 || isEncoded) usage.judge({ result: 'success' });
    else if (isEvents(head)) this.#watch = new EventWatch(requestIds.length, this);
    else if (/^application\/(?:[\w.-]+\+)?json\b/.test(head.type)) this.#watch = new JsonWatch();
    else return false;
    return true;
  }

  #becameStream(usage: Usage, head: Head): void {
    if (this.#sessionId !== undefined && isEvents(head) && !head.isEncoded) this.#questions = new EventWatch(0, this);
    usage.becameStream();
    this.#leaveSlot();
    this.#deadline?.over();
  }

  // While the answer passes.

  passed(chunk: Uint8Array): void {
    this.#deadline?.progressed();
    this.#questions?.push(chunk);
    const watch = this.#watch;
    if (watch === undefined) return;
    watch.push(chunk);
    if (watch.isAnswered) this.#usage?.judge({ result: 'success' });
  }

  /** The server asked the client something on this stream, which may be another one than that of the call. */
  asked(idText: string): void {
    if (this.#sessionId !== undefined) this.#parts.waits.asked(this.#sessionId, idText);
  }

  completed(): TrafficError | undefined {
    const worth = this.#watch?.end() ?? 'complete';
    switch (worth) {
      case 'complete':
        this.#usage?.judge({ result: 'success' });
        break;
      case 'cut-resumable':
        this.#usage?.judge({ result: 'neutral' });
        break;
      case 'no-json-rpc':
        this.#usage?.judge({ result: 'failure', reason: 'an answer that is no JSON-RPC' });
        break;
      case 'no-result':
        this.#usage?.judge({ result: 'failure', reason: 'a stream that ended before its result' });
    }
    this.#over();
    if (worth === 'no-result') return this.#brokeIn('body', 'ended its stream before the result');
    const isNothing = worth === 'no-json-rpc' && this.#held?.isNoMessage === true;
    return isNothing ? this.#brokeIn('answer', 'answered with a body that is no JSON-RPC') : undefined;
  }

  #brokeIn(phase: string, what: string): TrafficError {
    const upstream = this.#parts.name;
    return new TrafficError('UPSTREAM_BROKE', `${upstream} ${what}.`, { facts: { phase, may_have_executed: true, upstream } });
  }

  died(error: TrafficError): TrafficError {
    if (this.#watch?.isAnswered !== true) this.#usage?.judge({ result: 'failure', reason: error.message });
    this.#over();
    return toldFailure(error, this.#parts.name) as TrafficError;
  }

  left(): void {
    this.#over();
  }

  // Time-outs.

  isHeld(): boolean {
    return this.#body?.isHeld === true;
  }

  isStopped(): boolean {
    return this.#sessionId !== undefined && this.#parts.waits.isWaiting(this.#sessionId);
  }

  onTimeout(phase: TimeoutPhase, limitMs: number): void {
    const { name, own } = this.#parts;
    const error = new TrafficError('UPSTREAM_TIMEOUT', `${name} ${said[phase]} within ${limitMs / 1000} s.`, {
      facts: { upstream: name, phase, may_have_executed: true },
    });
    this.#timeout = error;
    const usage = this.#usage;
    usage?.judge({ result: 'failure', reason: error.message });
    if (usage !== undefined) cancelCall(own, usage.line, this.#guard, this.#traits);
    if (this.#body === undefined) this.#departure.happen();
    else {
      this.#body.cut(error);
      this.#over();
    }
  }

  #leaveSlot(): void {
    if (!this.#hasSlot) return;
    this.#hasSlot = false;
    this.#parts.bulkhead.leave();
  }

  #over(): void {
    this.#deadline?.over();
    this.#leaveSlot();
    this.#usage?.over();
    if (!this.#isInSession || this.#sessionId === undefined) return;
    this.#isInSession = false;
    this.#parts.waits.closed(this.#sessionId);
  }
}

/** What a client hears of the upstream while it waits, without the fields that must not go on. */
class GuardedEvents implements ExchangeEvents {
  readonly #events: ExchangeEvents;
  readonly #guard: Guard;

  constructor(events: ExchangeEvents, guard: Guard) {
    this.#events = events;
    this.#guard = guard;
  }

  interim(status: number, rawHeaders: readonly string[]): void {
    this.#events.interim(status, guardedAnswerFields(rawHeaders, this.#guard));
  }

  endpoint(path: string): void {
    this.#events.endpoint(path);
  }
}

const noEvents: ExchangeEvents = { interim: () => undefined, endpoint: () => undefined };

const said: Record<TimeoutPhase, string> = {
  first_byte: 'did not begin to answer',
  idle: 'sent nothing more',
  total: 'did not finish its answer',
};

function isEvents({ type }: Head): boolean {
  return type.startsWith('text/event-stream');
}

function left(): TrafficError {
  return new TrafficError('CANCELLED', 'The client left.');
}
