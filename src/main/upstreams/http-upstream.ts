/** Sends exchanges to an HTTP server: the same request on a connection of ours, with the server's own Host. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Answer, Exchange, IncomingRequest, Upstream } from '../pipeline/stage.ts';
import type { Clock, Logger } from '../ports.ts';
import { forwardedFields } from '../support/http-fields.ts';
import { rewriteEndpoint } from './endpoint-rewrite.ts';
import type { CallEvents, HttpConnection, WireRequest } from './http-connection.ts';
import { HttpPool } from './http-pool.ts';

/** A local or near server answers a connect in milliseconds; after this nobody is there. */
const CONNECT_TIMEOUT_MS = 5000;
/** RFC 9110, section 9.2.2: only these may be repeated without knowing what became of the first try. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'TRACE']);

export interface HttpUpstreamOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly log: Logger;
  readonly connectTimeoutMs?: number;
  /** Extra certificate authorities (PEM). */
  readonly ca?: string;
}

/** There are no time-outs but the one for connecting: streams may be idle for hours. */
export function httpUpstream(options: HttpUpstreamOptions): Upstream {
  const { url, clock, log, connectTimeoutMs = CONNECT_TIMEOUT_MS, ca } = options;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TrafficError('BAD_REQUEST', `${url.protocol}//… is no http or https URL.`);
  if (url.username !== '' || url.password !== '') throw new TrafficError('BAD_REQUEST', 'A URL with a user name or password cannot be an upstream; let the client send an Authorization header.');
  const pool = new HttpPool({ url, clock, connectTimeoutMs, ...(ca === undefined ? {} : { ca }) });

  async function send(exchange: Exchange): Promise<Answer> {
    const request = wireRequest(url, exchange.request);
    const idle = pool.takeIdle();
    if (idle !== undefined) {
      const first = await call(idle, request, exchange);
      if (first !== 'closed-before-answer') return first;
    }
    if (exchange.signal.aborted) throw new TrafficError('CANCELLED', 'The client left.');
    const fresh = await call(await opened(exchange.signal), request, exchange);
    if (fresh !== 'closed-before-answer') return fresh;
    throw new TrafficError('UPSTREAM_BROKE', `${url.host} accepted the request and closed without an answer.`, { facts: { phase: 'answer', may_have_executed: true } });
  }

  async function opened(signal: AbortSignal): Promise<HttpConnection> {
    try {
      return await pool.open(signal);
    } catch (error) {
      if (!signal.aborted) log.info('The upstream cannot be reached', { upstream: url.host, error: String(error) });
      throw error;
    }
  }

  return {
    name: url.host,
    async send(exchange) {
      return rewriteEndpoint(url, exchange, await send(exchange));
    },
    close() {
      pool.close();
      return Promise.resolve();
    },
  };
}

/** One try on one connection. Resolves with `closed-before-answer` where the request may be repeated on another one. */
function call(connection: HttpConnection, request: WireRequest, exchange: Exchange): Promise<Answer | 'closed-before-answer'> {
  const { signal, events } = exchange;
  return new Promise((resolve, reject) => {
    const left = () => {
      connection.destroy();
      reject(new TrafficError('CANCELLED', 'The client left.'));
    };
    const callEvents: CallEvents = {
      interim: (head) => events?.interim(head.status, head.rawHeaders),
      answer: (answer) => {
        // From here on whoever takes the body aborts it.
        signal.removeEventListener('abort', left);
        resolve(answer);
      },
      failed: (error, isUnanswered) => {
        signal.removeEventListener('abort', left);
        if (isUnanswered && repeatable.has(request.method) && request.body.kind !== 'stream') resolve('closed-before-answer');
        else reject(error);
      },
    };
    if (signal.aborted) {
      left();
      return;
    }
    signal.addEventListener('abort', left, { once: true });
    connection.send(request, callEvents);
  });
}

function wireRequest(url: URL, request: IncomingRequest): WireRequest {
  const { method, body } = request;
  const fields = forwardedFields(request.rawHeaders);
  let head = `${method} ${upstreamPath(url, request.path)} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (!hasHost) head += `${name}: ${url.host}\r\n`;
      hasHost = true;
    } else head += `${name}: ${fields[at + 1]}\r\n`;
  }
  if (!hasHost) head += `Host: ${url.host}\r\n`;
  const isChunked = body.kind === 'stream' && body.lengthBytes === undefined;
  if (isChunked) head += 'Transfer-Encoding: chunked\r\n';
  return { method, head: `${head}\r\n`, body, isChunked };
}

/** The path is the client's, except that a bare `/` means the upstream's own; the query of the upstream URL goes with its own path. */
export function upstreamPath(url: URL, path: string): string {
  if (path === '*') return path;
  const queryAt = path.indexOf('?');
  const pathname = queryAt < 0 ? path : path.slice(0, queryAt);
  const query = queryAt < 0 ? '' : path.slice(queryAt);
  if (pathname !== '/' && pathname !== url.pathname) return path;
  return url.pathname + (query === '' ? url.search : query);
}
