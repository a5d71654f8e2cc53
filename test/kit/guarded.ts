/**
 * What a guarded route hands to an upstream, without the stages in front of it: exchanges made by hand, or a listener whose
 * pipeline adds a guard to each request. The session id that a client sends is taken for the upstream's own.
 */
import { openHttpListener, type HttpListener } from '../../src/main/listeners/http-listener.ts';
import { compose } from '../../src/main/pipeline/compose.ts';
import { anonymous, type Guard } from '../../src/main/pipeline/guard.ts';
import type { Answer, Exchange, Route } from '../../src/main/pipeline/stage.ts';
import { randomIds, silentLogger, systemClock } from '../../src/main/ports.ts';
import { record } from '../../src/main/stages/record.ts';
import { Departure } from '../../src/main/support/departure.ts';
import { fieldValue } from '../../src/main/support/http-fields.ts';
import { Conversations } from '../../src/main/traffic/conversations.ts';
import { readSighting } from '../../src/main/traffic/sighting.ts';
import { RouteConfig } from '../../src/shared/config/schema.ts';
import type { TrafficError } from '../../src/shared/errors/error-table.ts';
import { MemorySink } from './http-relay.ts';

export interface Asked {
  readonly method?: string;
  /** Flat; `Content-Type` and an `Accept` of both kinds are there unless given. */
  readonly headers?: readonly string[];
  readonly body?: string;
  /** `Mcp-Session-Id`. */
  readonly sessionId?: string;
  readonly departure?: Departure;
  /** Who asks; the same word is the same client. */
  readonly client?: string;
}

/** Makes exchanges as a guarded route would. Keeps a conversation per client. */
export class GuardedExchanges {
  readonly record = new MemorySink();
  readonly conversations = new Conversations({ sink: this.record, clock: systemClock, ids: randomIds });
  readonly #byClient = new Map<string, ReturnType<Conversations['open']>>();
  #count = 0;

  exchange({ method = 'POST', headers = [], body, sessionId, departure = new Departure(), client = 'a' }: Asked): Exchange {
    this.#count += 1;
    const hasAccept = fieldValue(headers, 'accept') !== undefined;
    const rawHeaders = [
      ...(body === undefined ? [] : ['Content-Type', 'application/json']),
      ...(hasAccept ? [] : ['Accept', method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream']),
      ...(sessionId === undefined ? [] : ['Mcp-Session-Id', sessionId]),
      ...headers,
    ];
    const conversation =
      this.#byClient.get(client) ??
      this.conversations.open({ transport: 'streamable-http', clientName: client, serverName: '', upstream: 'test' });
    this.#byClient.set(client, conversation);
    return withGuard({
      id: `hop-${this.#count}`,
      conversation,
      route: { name: 'test', transport: 'streamable-http', upstream: nowhere, basePath: '/mcp' },
      request: {
        method,
        path: '/mcp',
        rawHeaders,
        body: body === undefined ? { kind: 'none' } : { kind: 'whole', bytes: Buffer.from(body) },
        idText: () => undefined,
      },
      startedAt: systemClock.now(),
      departure,
    });
  }
}

const nowhere: Route['upstream'] = { name: 'nowhere', send: () => Promise.reject(new Error('unused')), close: async () => {} };

/** The exchange with the guard that a route without auth would give it. */
export function withGuard(exchange: Exchange): Exchange {
  const { body, rawHeaders } = exchange.request;
  const bytes = body.kind === 'whole' ? body.bytes : new Uint8Array(0);
  const reading = readSighting({
    direction: 'fromClient',
    delivery: 'body',
    at: 0,
    monotonicUs: 0,
    body: { bytes, sizeBytes: bytes.length, isTruncated: false },
  });
  const items = reading.kind === 'messages' ? reading.items : [];
  const sessionId = fieldValue(rawHeaders, 'mcp-session-id');
  const guard: Guard = {
    correlationId: exchange.id,
    route: { ...RouteConfig.parse({ path: '/mcp', upstream: 'test' }), listener: 'test', hasAuth: false },
    client: { peerIp: '127.0.0.1', ip: '127.0.0.1' },
    items,
    isBatch: reading.kind === 'messages' && reading.isBatch,
    isUnreadable: reading.kind === 'unreadable',
    era: items.some(({ facts }) => facts.era === 'modern') ? 'modern' : 'legacy',
    principal: anonymous,
    decisions: [],
    answerHeaders: [],
    journey: { tried: [] },
    ...(sessionId === undefined
      ? {}
      : {
          session: {
            id: sessionId,
            principalId: 'anonymous',
            instanceId: 'one',
            upstreamSessionId: sessionId,
            protocolVersion: '2025-11-25',
          },
        }),
  };
  return { ...exchange, guard };
}

/** An answer's body as it comes. */
export class ReadAnswer {
  readonly answer: Answer;
  text = '';
  end: 'open' | 'clean' | TrafficError = 'open';
  /** False asks the source to wait until `resume`. */
  isReading = true;
  #waiting: (() => void)[] = [];

  constructor(answer: Answer) {
    this.answer = answer;
    const decoder = new TextDecoder();
    answer.body.start({
      data: chunk => {
        this.text += decoder.decode(chunk, { stream: true });
        this.#wake();
        return this.isReading;
      },
      end: () => this.#ended('clean'),
      fail: error => this.#ended(error),
    });
  }

  get status(): number {
    return this.answer.status;
  }

  header(lowerName: string): string | undefined {
    return fieldValue(this.answer.rawHeaders, lowerName);
  }

  /** The texts of all events so far. */
  get events(): string[] {
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .filter(event => event.includes('data:'))
      .map(event =>
        event
          .split('\n')
          .filter(line => line.startsWith('data: '))
          .map(line => line.slice(6))
          .join('\n'),
      );
  }

  /** Waits until what came satisfies `read`; fails when it never does. */
  async until<T>(read: (self: ReadAnswer) => T | undefined | false): Promise<T> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const found = read(this);
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) throw new Error(`It never came; so far: ${this.text.slice(0, 2000)} (${String(this.end)})`);
      await Promise.race([new Promise<void>(resolve => this.#waiting.push(resolve)), new Promise(resolve => setTimeout(resolve, 20))]);
    }
  }

  /** The whole body. */
  async whole(): Promise<string> {
    await this.until(({ end }) => end !== 'open');
    if (this.end !== 'clean') throw this.end as TrafficError;
    return this.text;
  }

  #ended(end: 'clean' | TrafficError): void {
    this.end = end;
    this.#wake();
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

export interface GuardedListener extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly record: MemorySink;
  readonly listener: HttpListener;
}

/** A real listener before an upstream, which records and adds a guard to each request. */
export async function guardedListener(upstream: { send(exchange: Exchange): Promise<Answer> }): Promise<GuardedListener> {
  const sink = new MemorySink();
  const clock = systemClock;
  const conversations = new Conversations({ sink, clock, ids: randomIds });
  const pipeline = compose([
    record({ clock, log: silentLogger, pressure: () => undefined }),
    { name: 'forward', handle: async exchange => ({ kind: 'answer', answer: await exchange.route.upstream.send(exchange) }) },
  ]);
  const listener = await openHttpListener({
    host: '127.0.0.1',
    port: 0,
    upstream: { name: 'test', send: exchange => upstream.send(exchange), close: async () => {} },
    upstreamUrl: new URL('http://127.0.0.1/mcp'),
    pipeline: exchange => pipeline(withGuard(exchange)),
    conversations,
    clock,
    ids: randomIds,
    log: silentLogger,
  });
  return {
    url: listener.url,
    port: listener.port,
    record: sink,
    listener,
    [Symbol.asyncDispose]: () => listener.close({ graceMs: 0 }),
  };
}
