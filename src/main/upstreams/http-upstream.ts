/** Sends exchanges to an HTTP server: the same request on a connection of ours, with the server's own Host. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Answer, Exchange, IncomingRequest, Upstream } from '../pipeline/stage.ts';
import type { Clock, Logger } from '../ports.ts';
import { forwardedFields } from '../support/http-fields.ts';
import { rewriteEndpoint } from './endpoint-rewrite.ts';
import type { CallEvents, HttpConnection, WireRequest } from './http-connection.ts';
import type { ResponseHead } from './http-head.ts';
import { HttpPool, proxyLimits, type PoolLimits, type UpstreamTls } from './http-pool.ts';

/** A local or near server answers a connect in milliseconds; after this nobody is there. */
const CONNECT_TIMEOUT_MS = 5000;
/** RFC 9110, section 9.2.2: only these may be repeated without knowing what became of the first try. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT', 'TRACE']);

export interface HttpUpstreamOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly log: Logger;
  readonly connectTimeoutMs?: number;
  /** Certificate authorities that are believed instead of the well-known ones (PEM). */
  readonly ca?: string;
  /** Our own certificate and its key (PEM), for servers that ask for one. */
  readonly cert?: string;
  readonly key?: string;
  readonly limits?: PoolLimits;
  /** The request's path is the one to ask for, and no stream names addresses to the client: what a gateway sends. */
  readonly isExact?: boolean;
}

export interface HttpUpstream extends Upstream {
  connections(): { readonly open: number; readonly idle: number };
}

/** There are no time-outs but the one for connecting: streams may be idle for hours. */
export function httpUpstream(options: HttpUpstreamOptions): HttpUpstream {
  const { url, clock, log, connectTimeoutMs = CONNECT_TIMEOUT_MS, limits = proxyLimits, isExact = false } = options;
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TrafficError('BAD_REQUEST', `${url.protocol}//… is no http or https URL.`);
  if (url.username !== '' || url.password !== '')
    throw new TrafficError(
      'BAD_REQUEST',
      'A URL with a user name or password cannot be an upstream; let the client send an Authorization header.',
    );
  const pool = new HttpPool({ url, clock, connectTimeoutMs, limits, tls: tlsOf(options) });

  const deps: SendingDeps = { url, pool, log, isExact };
  return {
    name: url.host,
    send(exchange) {
      return new Promise((resolve, reject) => {
        new Sending(deps, exchange, { resolve, reject }).start();
      });
    },
    connections: () => pool.counts,
    close() {
      pool.close();
      return Promise.resolve();
    },
  };
}

function tlsOf({ ca, cert, key }: HttpUpstreamOptions): UpstreamTls {
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

interface SendingDeps {
  readonly url: URL;
  readonly pool: HttpPool;
  readonly log: Logger;
  readonly isExact: boolean;
}

interface Outcome {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** One exchange on its way: on an idle connection if there is one, and once more on a fresh one where that is allowed. */
class Sending implements CallEvents {
  readonly #deps: SendingDeps;
  readonly #exchange: Exchange;
  readonly #outcome: Outcome;
  readonly #request: WireRequest;
  #isFresh = false;

  constructor(deps: SendingDeps, exchange: Exchange, outcome: Outcome) {
    this.#deps = deps;
    this.#exchange = exchange;
    this.#outcome = outcome;
    this.#request = wireRequest(deps, exchange.request);
  }

  start(): void {
    if (this.#exchange.departure.hasHappened) {
      this.#outcome.reject(left());
      return;
    }
    const idle = this.#deps.pool.takeIdle();
    if (idle === undefined) this.#dial();
    else this.#sendOn(idle);
  }

  interim({ status, rawHeaders }: ResponseHead): void {
    this.#exchange.events?.interim(status, rawHeaders);
  }

  answer(answer: Answer): void {
    // From here on whoever takes the body aborts it.
    this.#exchange.departure.listener = undefined;
    const { url, isExact } = this.#deps;
    this.#outcome.resolve(isExact ? answer : rewriteEndpoint(url, this.#exchange, answer));
  }

  failed(error: TrafficError, isUnanswered: boolean): void {
    this.#exchange.departure.listener = undefined;
    const { method, body } = this.#request;
    if (!isUnanswered || !repeatable.has(method) || body.kind === 'stream') this.#outcome.reject(error);
    else if (this.#isFresh) {
      const message = `${this.#deps.url.host} accepted the request and closed without an answer.`;
      this.#outcome.reject(new TrafficError('UPSTREAM_BROKE', message, { facts: { phase: 'answer', may_have_executed: true } }));
    } else this.#dial();
  }

  #dial(): void {
    const { pool, url, log } = this.#deps;
    const { departure } = this.#exchange;
    this.#isFresh = true;
    pool.open(departure).then(
      connection => {
        if (!departure.hasHappened) {
          this.#sendOn(connection);
          return;
        }
        connection.destroy();
        this.#outcome.reject(left());
      },
      (error: unknown) => {
        if (!departure.hasHappened) log.debug('The upstream cannot be reached', { upstream: url.host, error: String(error) });
        this.#outcome.reject(error);
      },
    );
  }

  #sendOn(connection: HttpConnection): void {
    this.#exchange.departure.listener = () => {
      connection.destroy();
      this.#outcome.reject(left());
    };
    connection.send(this.#request, this);
  }
}

function left(): TrafficError {
  return new TrafficError('CANCELLED', 'The client left.');
}

function wireRequest({ url, isExact }: SendingDeps, request: IncomingRequest): WireRequest {
  const { method, body } = request;
  const fields = forwardedFields(request.rawHeaders);
  const path = isExact ? request.path : upstreamPath(url, request.path);
  let head = `${method} ${path} HTTP/1.1\r\n`;
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
