/** How a request passes through the stages: what a stage gets, what it may decide, and how an answer streams back. */
import type { ErrorCode, TrafficError } from '../../shared/errors/error-table.ts';
import type { Transport } from '../../shared/model/frame.ts';
import type { Departure } from '../support/departure.ts';
import type { Conversation } from '../traffic/conversation.ts';
import type { Guard } from './guard.ts';

/** Bytes that are pushed: a request body or an answer body. Started once; after `data` returned false nothing comes until `resume`. */
export interface BodySource {
  start(sink: BodySink): void;
  resume(): void;
  /** The taker lost interest: the source frees what it holds (for an answer: closes the upstream connection). */
  abort(): void;
}

export interface BodySink {
  /**
   * Takes a chunk; false asks the source to pause until `resume`. The chunk may be kept: sources never reuse its memory.
   * `received` is given when something on the way changed this chunk: what came in its place.
   */
  data(chunk: Uint8Array, received?: Uint8Array): boolean;
  /** Trailers as a flat name/value list, empty for most bodies. */
  end(trailers: readonly string[]): void;
  /** The body will not be complete. Exactly one of `end` and `fail` is called, once. */
  fail(error: TrafficError): void;
}

/** A request body: none, whole in memory (small ones are read whole: one write is cheaper), or streamed. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly source: BodySource; readonly lengthBytes: number | undefined };

/** A request as it came: flat header list in wire order and case, hop-by-hop fields still in it. */
export interface IncomingRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly body: RequestBody;
  /** JSON text of the id of the request in the body, as far as the body was read; for answers of our own. */
  idText(): string | undefined;
}

/** What the listener wants to hear while an exchange goes on, besides its answer. */
export interface ExchangeEvents {
  /** An interim answer (1xx) came from the upstream. */
  interim(status: number, rawHeaders: readonly string[]): void;
  /** An HTTP+SSE stream (2024-11-05) named the path and query to POST to. */
  endpoint(path: string): void;
}

/** Where a request goes: picked by the listener's route, used by the forward stage. */
export interface Route {
  readonly name: string;
  readonly transport: Transport;
  readonly upstream: Upstream;
  /** Path under which the listener serves it (`/` for `proxy`); the HTTP+SSE endpoint rewrite needs it. */
  readonly basePath: string;
}

/** One request on its way through the stages: the request, whose conversation it belongs to, and how it can be called off. */
export interface Exchange {
  /** Unique within its conversation; groups the frames of this HTTP request and its answer (`hopId`). */
  readonly id: string;
  readonly conversation: Conversation;
  readonly route: Route;
  readonly request: IncomingRequest;
  readonly startedAt: number;
  /** Tells when the client leaves. */
  readonly departure: Departure;
  readonly events?: ExchangeEvents;
  /** On guarded routes; there the body is never a stream. Absent on a transparent `proxy`. */
  readonly guard?: Guard;
}

/** The answer of an upstream: head at once, body as it comes. Hop-by-hop fields are still in its headers. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly rawHeaders: readonly string[];
  readonly body: BodySource;
}

/** What the stages decided. A failure is thrown as `TrafficError`; a refusal is expected, hence a value. */
export type Verdict =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'refuse';
      readonly stage: string;
      readonly code: ErrorCode;
      readonly reason: string;
      /** For `error.data`; `retry_after_ms` becomes a Retry-After as well. */
      readonly facts?: Readonly<Record<string, unknown>>;
      /** Fields of the answer, such as WWW-Authenticate; flat. */
      readonly rawHeaders?: readonly string[];
    };

export type Next = (exchange: Exchange) => Promise<Verdict>;

/** One step. It returns its decision, or that of `next`. A guard that throws refuses the exchange: nobody catches on the way. */
export interface Stage {
  readonly name: string;
  handle(exchange: Exchange, next: Next): Promise<Verdict>;
  /** Gives back what the stage keeps for a session. */
  sessionClosed?(sessionId: string): void;
}

/** Our connection to a server. Throws `TrafficError` UPSTREAM_DOWN, UPSTREAM_TIMEOUT or UPSTREAM_BROKE when there is no answer head. */
export interface Upstream {
  readonly name: string;
  send(exchange: Exchange): Promise<Answer>;
  close(): Promise<void>;
}
