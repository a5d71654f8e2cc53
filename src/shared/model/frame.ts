/** A frame: one message in one direction, as it was received and, where a rule changed it, as it was delivered. */
import { z } from 'zod';
import { Decision } from './gateway-event.ts';

export const Direction = z.enum(['fromClient', 'fromServer']);
export type Direction = z.infer<typeof Direction>;

/** How client and server speak. `http-sse` is the transport of revision 2024-11-05. */
export const Transport = z.enum(['stdio', 'streamable-http', 'http-sse']);
export type Transport = z.infer<typeof Transport>;

/** In what a frame came: a stdio line, an HTTP body, one SSE event, the head of an HTTP answer, a text on stderr, a fact of the session itself. */
export const Delivery = z.enum(['line', 'body', 'event', 'head', 'stderr', 'lifecycle']);
export type Delivery = z.infer<typeof Delivery>;

/**
 * What a frame is. `http` is HTTP traffic without a JSON-RPC message (202, DELETE, OPTIONS, discovery documents),
 * `stdout` a line on a server's stdout that is no JSON-RPC, `invalid` the same in any other place,
 * `lifecycle` a fact of the session (child started, exit code, connection lost).
 */
export const FrameKind = z.enum([
  'request',
  'notification',
  'result',
  'error',
  'batch',
  'http',
  'invalid',
  'stdout',
  'stderr',
  'lifecycle',
]);
export type FrameKind = z.infer<typeof FrameKind>;

/** The HTTP head that came with a frame. Header order, case and repeats as on the wire; secrets masked. */
export const HttpHead = z.object({
  /** Request line, on frames from the client. */
  method: z.string().optional(),
  path: z.string().optional(),
  /** Status line, on frames from the server. */
  status: z.number().int().optional(),
  headers: z.array(z.tuple([z.string(), z.string()])),
});
export type HttpHead = z.infer<typeof HttpHead>;

/** Marks on a frame or exchange, each a fact that the window shows as a flag. */
export const Flag = z.enum([
  'body-truncated', // the recorded copy is shorter than what was delivered
  'body-dropped', // the recording queue was full: size and hash only
  'stream-cut', // the upstream died before the end of its answer
  'client-left', // the client closed before the answer was complete
  'late', // the answer came after the cancellation
  'unknown-id', // an answer to an id that was never asked
  'duplicate-id', // a request with an id that is still pending
  'no-answer', // the session ended before an answer came
  'refused', // a guard refused it: policy, limit, authentication
  'own-error', // the answer was made by Shadowcat, not by the server
  'header-mismatch', // Mcp-Method/Mcp-Name differ from the body (2026-07-28, standard headers)
  'retry-leg', // a multi-round-trip retry, linked to its first leg
]);
export type Flag = z.infer<typeof Flag>;

/** A frame without its bodies, for lists and details. */
export const FrameSummary = z.object({
  sessionId: z.string(),
  /** Position in the session, from 1, without gaps. */
  seq: z.number().int(),
  /** Wall clock, epoch ms (with fraction). */
  at: z.number(),
  /** Monotonic clock of the recording process, µs. */
  monotonicUs: z.number(),
  direction: Direction,
  transport: Transport,
  delivery: Delivery,
  kind: FrameKind,
  idText: z.string().optional(),
  method: z.string().optional(),
  target: z.string().optional(),
  /** The SSE event id, where the event had one. */
  eventId: z.string().optional(),
  /** Groups the frames of one HTTP request and its answer. */
  hopId: z.string().optional(),
  exchangeId: z.string().optional(),
  http: HttpHead.optional(),
  /** Bytes as received, whole, also where the recorded copy is shorter. */
  sizeBytes: z.number().int(),
  /** Bytes of the recorded copy; 0 when there is none. */
  storedBytes: z.number().int(),
  /** Bytes as delivered, only where they differ from the received ones. */
  deliveredBytes: z.number().int().optional(),
  /** From the request to this frame, ms; only on frames that belong to a request. */
  latencyMs: z.number().optional(),
  contentHash: z.string().optional(),
  contentEncoding: z.string().optional(),
  flags: z.array(Flag),
  /** What stages decided about it, outermost first; empty when all passed. */
  verdicts: z.array(Decision),
  /** First characters of the body, whitespace folded, secrets masked. */
  preview: z.string(),
});
export type FrameSummary = z.infer<typeof FrameSummary>;
