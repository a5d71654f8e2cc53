/**
 * Answers a server whose question was denied, in place of the client that never hears of it: otherwise the server waits until its own
 * time-out, and the call that it asked for with it. The answer goes the way that the client's would have gone.
 */
import { rpcErrorBody } from '../../../shared/errors/error-table.ts';
import type { BoundSession, Guard } from '../../pipeline/guard.ts';
import type { Answer, Exchange, Next } from '../../pipeline/stage.ts';
import type { Clock } from '../../ports.ts';
import { Departure } from '../../support/departure.ts';
import { drained } from '../../support/drained.ts';
import { fieldValue } from '../../support/http-fields.ts';
import { noteAnswerForClient } from '../../traffic/answer-for-client.ts';
import { readMessages } from '../../traffic/sighting.ts';

export interface DeniedQuestion {
  /** JSON text of the server's id. */
  readonly idText: string;
  /** The policy. */
  readonly by: string;
  readonly reason: string;
}

/** Answers of one stream that are under way at once. A server that asks faster than it takes answers waits for itself. */
const MAX_UNDER_WAY = 100;

export class ServerAnswers {
  readonly #exchange: Exchange;
  readonly #guard: Guard;
  readonly #next: Next;
  readonly #clock: Clock;
  #count = 0;
  #underWay = 0;
  /** Of an `initialize`: the session that its answer opens. */
  #opened: BoundSession | undefined;

  constructor(exchange: Exchange, guard: Guard, next: Next, clock: Clock) {
    this.#exchange = exchange;
    this.#guard = guard;
    this.#next = next;
    this.#clock = clock;
  }

  /** The head of the answer is there. A server may ask before the handshake is over, and its session is named by that head. */
  answered({ status, rawHeaders }: Answer): void {
    const { session, items, journey, principal } = this.#guard;
    const isHandshake = items.some(({ message }) => message.kind === 'request' && message.method === 'initialize');
    if (session !== undefined || !isHandshake || status >= 300) return;
    this.#opened = {
      id: this.#exchange.conversation.id,
      principalId: principal.id,
      instanceId: journey.tried.at(-1) ?? '',
      upstreamSessionId: fieldValue(rawHeaders, 'mcp-session-id') ?? '',
      protocolVersion: '',
    };
  }

  deny({ idText, by, reason }: DeniedQuestion): void {
    const session = this.#sessionToAnswer;
    if (session === undefined || this.#underWay >= MAX_UNDER_WAY) return;
    this.#underWay += 1;
    this.#count += 1;
    const hopId = `${this.#exchange.id}-denied-${this.#count}`;
    const text = rpcErrorBody('DENIED', reason, idText, { policy_id: by, reason, correlation_id: this.#guard.correlationId });
    // The question itself is noted when its event is handed on, which is after this look at it.
    setImmediate(() => {
      const { conversation } = this.#exchange;
      const over = () => {
        this.#underWay -= 1;
        recorded(() => conversation.endHop(hopId, 'complete', this.#clock.now(), this.#clock.monotonicUs()));
      };
      const bytes = Buffer.from(text);
      recorded(() => noteAnswerForClient(conversation, this.#clock, { bytes, flags: ['own-error', 'refused'], hopId }));
      this.#send(hopId, text, session).then(over, over);
    });
  }

  /** Undefined where nobody can answer for the client: without a session there is no telling which server asked. */
  get #sessionToAnswer(): BoundSession | undefined {
    const { era, session = this.#opened } = this.#guard;
    return era === 'legacy' && this.#exchange.route.transport !== 'stdio' ? session : undefined;
  }

  async #send(hopId: string, text: string, session: BoundSession): Promise<void> {
    const verdict = await this.#next(this.#answering(hopId, text, session));
    // A 202 has no body; one that says more is nobody's.
    if (verdict.kind === 'answer') drained(verdict.answer.body);
  }

  /** As the client of this session would send it: it says which revision was agreed on, if it does, and not yet during the handshake. */
  #answering(hopId: string, text: string, session: BoundSession): Exchange {
    const { conversation, route, request, startedAt } = this.#exchange;
    const reading = readMessages(text);
    const version = fieldValue(request.rawHeaders, 'mcp-protocol-version') ?? '';
    const rawHeaders = ['Content-Type', 'application/json', 'Accept', 'application/json, text/event-stream'];
    return {
      id: hopId,
      conversation,
      route,
      request: {
        method: 'POST',
        path: request.path,
        rawHeaders: version === '' ? rawHeaders : [...rawHeaders, 'MCP-Protocol-Version', version],
        body: { kind: 'whole', bytes: Buffer.from(text) },
        idText: () => undefined,
      },
      startedAt,
      departure: new Departure(),
      guard: {
        ...this.#guard,
        session,
        items: reading.kind === 'messages' ? reading.items : [],
        isBatch: false,
        decisions: [],
        answerHeaders: [],
        journey: { tried: [] },
      },
    };
  }
}

/** What fails in the record must not keep the answer from the server, nor end the process: nobody waits here for an error. */
function recorded(step: () => void): void {
  try {
    step();
  } catch {
    return;
  }
}
