/** Requests of our own to an instance: health checks, probes, cancellations. They pass through no stage and are recorded nowhere. */
import type { Guard, GuardedRoute, BoundSession, Principal } from '../../pipeline/guard.ts';
import type { UpstreamCredentials } from '../../pipeline/credentials.ts';
import type { Answer, Exchange, Upstream } from '../../pipeline/stage.ts';
import type { Clock } from '../../ports.ts';
import type { Era } from '../../../shared/mcp/facts.ts';
import { Departure } from '../../support/departure.ts';
import { Conversation } from '../../traffic/conversation.ts';
import { readMessages } from '../../traffic/sighting.ts';
import { guardedRequest, type Target } from '../guarded-request.ts';
import type { Line } from './line.ts';

/** Nobody: our own credentials are all that such a request needs. */
const nobody: Principal = { kind: 'anonymous', id: 'anonymous', scopes: [], roles: [], claims: {} };
const nowhere = { session: () => undefined, frame: () => undefined, exchange: () => undefined };
const none: readonly string[] = [];
/** More of an answer of a check is not read. */
const MAX_READ_BYTES = 64 * 1024;

export interface OwnRequest {
  readonly httpMethod: 'POST' | 'GET' | 'DELETE';
  /** JSON text of a body. */
  readonly text?: string;
  readonly era: Era;
  readonly headers?: readonly string[];
  readonly session?: BoundSession;
  /** Another path than that of the upstream's URL. */
  readonly path?: string;
  /** For whom; whose credentials are used. */
  readonly principal?: Principal;
}

export interface OwnAnswer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

export class OwnRequests {
  readonly #upstream: Upstream;
  readonly #clock: Clock;
  readonly #credentials: () => UpstreamCredentials | undefined;
  readonly #conversation: Conversation;
  readonly #route: GuardedRoute;
  #count = 0;

  constructor(upstream: Upstream, clock: Clock, credentials: () => UpstreamCredentials | undefined) {
    this.#upstream = upstream;
    this.#clock = clock;
    this.#credentials = credentials;
    const { name } = upstream;
    this.#route = { path: '/', upstream: name, refusal: 'http', scopes: [], stepUp: [], listener: '', hasAuth: false };
    const start = { id: `own-${name}`, transport: 'streamable-http', clientName: 'shadowcat', serverName: name, upstream: name } as const;
    this.#conversation = new Conversation({ ...start, startedAt: clock.now() }, nowhere);
  }

  /** Sends and reads the beginning of the answer. Rejects after `limitMs`, and as the connection does. */
  async ask(line: Line, request: OwnRequest, limitMs: number): Promise<OwnAnswer> {
    const departure = new Departure();
    let answer: Answer | undefined;
    let giveUp = (): void => undefined;
    const tooLate = new Promise<never>((_, reject) => {
      giveUp = () => reject(new Error(`no answer within ${limitMs} ms`));
    });
    const timer = setTimeout(() => {
      giveUp();
      departure.happen();
      answer?.body.abort();
    }, limitMs).unref();
    try {
      const asked = (async () => {
        const fields = await this.#fields(request.principal ?? nobody);
        answer = await line.connection.send(this.#exchange(line.target, request, fields, departure));
        return { status: answer.status, rawHeaders: answer.rawHeaders, text: await beginningOf(answer) };
      })();
      // Whatever comes too late is nobody's concern any more.
      asked.catch(() => undefined);
      return await Promise.race([asked, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Without credentials the server still answers something; that there are none is no fault of its. */
  async #fields(principal: Principal): Promise<readonly string[]> {
    try {
      return (await this.#credentials()?.headers(principal)) ?? none;
    } catch {
      return none;
    }
  }

  #exchange(target: Target, own: OwnRequest, credentials: readonly string[], departure: Departure): Exchange {
    this.#count += 1;
    const { text, era, httpMethod, headers = none, session, path = target.path, principal = nobody } = own;
    const reading = text === undefined ? undefined : readMessages(text);
    const guard: Guard = {
      correlationId: `own-${this.#count}`.padEnd(8, '0'),
      route: this.#route,
      client: { peerIp: '', ip: '', name: 'shadowcat' },
      items: reading?.kind === 'messages' ? reading.items : [],
      isBatch: false,
      isUnreadable: false,
      era,
      principal,
      ...(session === undefined ? {} : { session }),
      decisions: [],
      answerHeaders: [],
      journey: { tried: [] },
    };
    const type = text === undefined ? none : ['Content-Type', 'application/json'];
    const request = {
      method: httpMethod,
      path,
      rawHeaders: [...type, 'Accept', 'application/json, text/event-stream', ...headers],
      body: text === undefined ? ({ kind: 'none' } as const) : ({ kind: 'whole', bytes: Buffer.from(text) } as const),
      idText: () => undefined,
    };
    return {
      id: `own-${this.#count}`,
      conversation: this.#conversation,
      route: { name: this.#upstream.name, transport: 'streamable-http', upstream: this.#upstream, basePath: '/' },
      request: guardedRequest(request, guard, { target: { ...target, path }, credentials, keyHeaders: new Set() }),
      startedAt: this.#clock.now(),
      departure,
      guard,
    };
  }
}

/** A line of data and the blank line after it. No two parts take the same characters: a line without an end would cost seconds. */
const wholeEvent = /^data:[^\S\r\n]*\S[^\r\n]*(?:\r\n|\r|\n){2}/m;

/** Up to the end, the first event, or as much as is read; then the rest is given up. */
function beginningOf({ rawHeaders, body }: Answer): Promise<string> {
  const isEvents = rawHeaders.some((value, at) => at % 2 === 1 && value.toLowerCase().startsWith('text/event-stream'));
  return new Promise((resolve, reject) => {
    let text = '';
    body.start({
      data(chunk) {
        text += Buffer.from(chunk).toString('latin1');
        if (text.length < MAX_READ_BYTES && !(isEvents && wholeEvent.test(text))) return true;
        resolve(text);
        body.abort();
        return true;
      },
      end: () => resolve(text),
      fail: reject,
    });
  });
}
