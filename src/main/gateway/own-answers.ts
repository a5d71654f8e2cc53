/** What a listener of a gateway answers itself, with no server behind: preflights, well-known documents, and where there is nothing. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { Answer, Upstream } from '../pipeline/stage.ts';
import { fieldValue } from '../support/http-fields.ts';

/** At a path that is no route: the JSON text of a document, or NO_ROUTE, which names the `known` paths. */
export function answerElsewhere(document: string | undefined, known: string): Upstream {
  return {
    name: 'gateway',
    send(exchange) {
      const { method } = exchange.request;
      if (document !== undefined && (method === 'GET' || method === 'HEAD')) return Promise.resolve(ownDocument(document));
      if (document !== undefined && method === 'OPTIONS') return preflightAnswer.send(exchange);
      return Promise.reject(new TrafficError('NO_ROUTE', `This gateway serves ${known}.`));
    },
    close: () => Promise.resolve(),
  };
}

/** Which page may read it is said by the guard, as on every answer: said twice, a browser takes it for a no. */
function ownDocument(text: string): Answer {
  const bytes = Buffer.from(text);
  return {
    status: 200,
    statusText: 'OK',
    rawHeaders: [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(bytes.length),
      'Cache-Control',
      'max-age=60',
      'X-Content-Type-Options',
      'nosniff',
    ],
    body: {
      start(sink) {
        sink.data(bytes);
        sink.end([]);
      },
      resume: () => undefined,
      abort: () => undefined,
    },
  };
}

const allowedFields =
  'Accept, Authorization, Content-Type, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, X-API-Key, X-Correlation-Id, traceparent, tracestate, baggage';

/** The door has let the page's origin in; what pages may send and read is said here and on every answer. */
export const preflightAnswer: Upstream = {
  name: 'gateway',
  send: ({ request, guard }) =>
    Promise.resolve({
      status: 204,
      statusText: 'No Content',
      rawHeaders: [
        'Access-Control-Allow-Methods',
        'POST, GET, DELETE',
        'Access-Control-Max-Age',
        '600',
        'Access-Control-Allow-Headers',
        // Mcp-Param-* are named by tools (2026-07-28), so what the page asks for is allowed where it is one of those.
        [allowedFields, ...keyField(guard), ...askedParams(request.rawHeaders)].join(', '),
      ],
      body: { start: sink => sink.end([]), resume: () => undefined, abort: () => undefined },
    }),
  close: () => Promise.resolve(),
};

/** Where API keys come in a field of another name, pages send that one. */
function keyField(guard: Guard | undefined): readonly string[] {
  const { keyHeader = 'x-api-key' } = guard?.route ?? {};
  return keyHeader === 'x-api-key' ? [] : [keyHeader];
}

function askedParams(rawHeaders: readonly string[]): string[] {
  const asked = fieldValue(rawHeaders, 'access-control-request-headers') ?? '';
  return asked
    .split(',')
    .map(name => name.trim())
    .filter(name => /^mcp-param-[a-z0-9-]{1,64}$/i.test(name))
    .slice(0, 50);
}
