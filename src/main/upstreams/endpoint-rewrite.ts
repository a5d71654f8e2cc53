/**
 * HTTP+SSE (2024-11-05): the first event of the stream names the URI to POST to. Where that is an absolute URL of the
 * upstream, its origin becomes ours; nothing else of any stream is ever changed or held back.
 */
import type { TrafficError } from '../../shared/errors/error-table.ts';
import type { Answer, BodySink, BodySource, Exchange } from '../pipeline/stage.ts';
import { fieldValue } from '../support/http-fields.ts';
import { findEndpoint } from './endpoint-event.ts';

/** The answer, with its first event watched when it may be the stream of HTTP+SSE. */
export function rewriteEndpoint(upstream: URL, exchange: Exchange, answer: Answer): Answer {
  if (!mayNameEndpoint(exchange, answer)) return answer;
  return { ...answer, body: new EndpointSource(upstream, exchange, answer.body) };
}

function mayNameEndpoint({ request }: Exchange, { status, rawHeaders }: Answer): boolean {
  if (request.method !== 'GET' || status !== 200 || fieldValue(request.rawHeaders, 'mcp-session-id') !== undefined) return false;
  const type = fieldValue(rawHeaders, 'content-type');
  return (
    type !== undefined && type.toLowerCase().startsWith('text/event-stream') && fieldValue(rawHeaders, 'content-encoding') === undefined
  );
}

class EndpointSource implements BodySource {
  readonly #upstream: URL;
  readonly #exchange: Exchange;
  readonly #inner: BodySource;
  #pending: Uint8Array | undefined = new Uint8Array(0);
  /** What stood behind the endpoint event while the taker asked to wait. */
  #rest: Uint8Array | undefined;
  #sink: BodySink | undefined;

  constructor(upstream: URL, exchange: Exchange, inner: BodySource) {
    this.#upstream = upstream;
    this.#exchange = exchange;
    this.#inner = inner;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    this.#inner.start({
      data: (chunk, received) => (this.#pending === undefined ? sink.data(chunk, received) : this.#watch(sink, this.#pending, chunk)),
      end: trailers => {
        this.#flush(sink);
        sink.end(trailers);
      },
      fail: (error: TrafficError) => {
        this.#flush(sink);
        sink.fail(error);
      },
    });
  }

  resume(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest === undefined || this.#sink?.data(rest) !== false) this.#inner.resume();
  }

  abort(): void {
    this.#inner.abort();
  }

  #watch(sink: BodySink, before: Uint8Array, chunk: Uint8Array): boolean {
    const bytes = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
    const found = findEndpoint(bytes);
    switch (found.kind) {
      case 'no':
        this.#pending = undefined;
        return sink.data(bytes);
      case 'maybe':
        this.#pending = bytes.subarray(found.passBytes);
        return found.passBytes === 0 || sink.data(bytes.subarray(0, found.passBytes));
      case 'endpoint':
        this.#pending = undefined;
        return this.#passEndpoint(sink, bytes, found);
    }
  }

  #passEndpoint(sink: BodySink, bytes: Uint8Array, { from, to, uri }: { from: number; to: number; uri: string }): boolean {
    let isReady = from === 0 || sink.data(bytes.subarray(0, from));
    const event = bytes.subarray(from, to);
    const ours = this.#ourUri(uri);
    // A pause asked for now still lets this one event through: it is small, and only the rest can be long.
    if (ours === uri) isReady = sink.data(event) && isReady;
    else
      isReady =
        sink.data(
          Buffer.from(
            Buffer.from(event)
              .toString('latin1')
              .replace(uri, () => ours),
            'latin1',
          ),
          event,
        ) && isReady;
    const rest = bytes.subarray(to);
    if (rest.length === 0) return isReady;
    if (isReady) return sink.data(rest);
    this.#rest = rest;
    return false;
  }

  /** What the client shall see instead of `uri`; tells the listener where its POSTs will come. */
  #ourUri(uri: string): string {
    const { request, events } = this.#exchange;
    // Put behind the origin as text: a path such as `//x` would otherwise be read as another host, or as no URL at all.
    const base = URL.parse(`${this.#upstream.origin}${request.path}`) ?? this.#upstream;
    const target = URL.parse(uri, base.href);
    if (target === null || target.origin !== this.#upstream.origin) return uri;
    events?.endpoint(target.pathname + target.search);
    const authority = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i.exec(uri)?.[0];
    const host = fieldValue(request.rawHeaders, 'host');
    return authority === undefined || host === undefined ? uri : `http://${host}${uri.slice(authority.length)}`;
  }

  #flush(sink: BodySink): void {
    const left = this.#rest ?? this.#pending;
    this.#rest = undefined;
    this.#pending = undefined;
    if (left !== undefined && left.length > 0) sink.data(left);
  }
}
