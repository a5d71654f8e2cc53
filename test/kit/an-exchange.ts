/** Exchanges as a listener makes them, and upstreams that answer them, for tests of single stages. */
import type { GuardedRoute } from '../../src/main/pipeline/guard.ts';
import { makeGuard } from '../../src/main/pipeline/make-guard.ts';
import type { Answer, BodySink, Exchange, Guarded, Next } from './exchange-types.ts';
import { randomIds, systemClock } from '../../src/main/ports.ts';
import { Departure } from '../../src/main/support/departure.ts';
import { fieldValue } from '../../src/main/support/http-fields.ts';
import { Conversations } from '../../src/main/traffic/conversations.ts';
import { MemorySink } from './http-relay.ts';

export interface ExchangeWish {
  readonly method?: string;
  readonly path?: string;
  /** Flat. Content-Type is there unless something is given. */
  readonly rawHeaders?: readonly string[];
  /** A text, or a value that becomes one. */
  readonly body?: unknown;
  readonly route?: Partial<GuardedRoute>;
}

export const aRoute: GuardedRoute = {
  path: '/mcp',
  upstream: 'files',
  refusal: 'http',
  scopes: [],
  stepUp: [],
  listener: 'main',
  hasAuth: false,
};

/** A guarded exchange; what is recorded of it goes nowhere. */
export function anExchange({
  method = 'POST',
  path = '/mcp',
  rawHeaders = ['Content-Type', 'application/json'],
  body,
  route = {},
}: ExchangeWish = {}): Guarded {
  const conversations = new Conversations({ sink: new MemorySink(), clock: systemClock, ids: randomIds });
  const conversation = conversations.open({ transport: 'streamable-http', clientName: 'test', serverName: 'files', upstream: 'test' });
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const guard = makeGuard({
    correlationId: 'test-0001',
    route: { ...aRoute, ...route },
    client: { peerIp: '127.0.0.1', ip: '127.0.0.1' },
    text,
    versionHeader: fieldValue(rawHeaders, 'mcp-protocol-version'),
  });
  return {
    id: randomIds.next(),
    conversation,
    route: {
      name: 'files',
      transport: 'streamable-http',
      basePath: '/mcp',
      upstream: { name: 'none', send: () => Promise.reject(new Error('This test has no upstream')), close: () => Promise.resolve() },
    },
    request: {
      method,
      path,
      rawHeaders,
      body: text === undefined ? { kind: 'none' } : { kind: 'whole', bytes: Buffer.from(text) },
      idText: () => {
        const first = guard.items[0]?.message;
        return first !== undefined && 'idText' in first ? first.idText : undefined;
      },
    },
    startedAt: systemClock.now(),
    departure: new Departure(),
    guard,
  };
}

/** The rest of the stages, as one answer. */
export function answering(answer: Partial<Answer> & { readonly text?: string } = {}): Next & { readonly seen: Exchange[] } {
  const seen: Exchange[] = [];
  const next = (exchange: Exchange) => {
    seen.push(exchange);
    exchange.guard?.journey.tried.push('a');
    return Promise.resolve({ kind: 'answer' as const, answer: anAnswer(answer) });
  };
  return Object.assign(next, { seen });
}

export function anAnswer({ text = '{}', ...rest }: Partial<Answer> & { readonly text?: string } = {}): Answer {
  return {
    status: 200,
    statusText: 'OK',
    rawHeaders: ['Content-Type', 'application/json'],
    body: {
      start(sink: BodySink) {
        sink.data(Buffer.from(text));
        sink.end([]);
      },
      resume: () => undefined,
      abort: () => undefined,
    },
    ...rest,
  };
}

/** Reads an answer's body to its end; rejects when it broke off. */
export function bodyText({ body }: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    body.start({
      data: chunk => {
        chunks.push(chunk);
        return true;
      },
      end: () => resolve(Buffer.concat(chunks).toString()),
      fail: reject,
    });
  });
}
