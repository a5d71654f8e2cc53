/** An exchange: a request with all that belongs to it, until its outcome. Thin rows (notifications, stderr …) are exchanges of one frame. */
import { z } from 'zod';
import { Direction, Flag, Transport } from './frame.ts';

export const RowKind = z.enum(['request', 'notification', 'response', 'http', 'invalid', 'stdout', 'stderr', 'lifecycle']);
/** `response` is an answer whose request was never seen. */
export type RowKind = z.infer<typeof RowKind>;

/** The one word of the status column. `ok` on a thin row means: nothing to say. */
export const StatusWord = z.enum(['ok', 'error', 'tool-error', 'pending', 'cancelled', 'late', 'failed', 'refused', 'no-answer', 'open']);
/** `open` is a long-lived stream (GET stream, `subscriptions/listen`): it waits for nothing and is no hung request. */
export type StatusWord = z.infer<typeof StatusWord>;

export const ExchangeSummary = z.object({
  /** Number of the row in the whole store, in order of arrival; stable for ever. */
  id: z.number().int(),
  /** `sessionId/seq` of its first frame. */
  exchangeId: z.string(),
  sessionId: z.string(),
  clientName: z.string(),
  serverName: z.string(),
  transport: Transport,
  era: z.enum(['legacy', 'modern']),
  /** Who began it. */
  direction: Direction,
  kind: RowKind,
  idText: z.string().optional(),
  method: z.string(),
  target: z.string().optional(),
  status: StatusWord,
  /** JSON-RPC error code, or the HTTP status of a failed hop. */
  errorCode: z.number().optional(),
  errorMessage: z.string().optional(),
  httpStatus: z.number().int().optional(),
  cancelledBy: z.enum(['client', 'server']).optional(),
  cancelReason: z.string().optional(),
  startedAt: z.number(),
  /** From request to answer; absent while pending and on thin rows. */
  durationMs: z.number().optional(),
  /** From request to the first byte or event of the answer. */
  firstByteMs: z.number().optional(),
  requestBytes: z.number().int(),
  responseBytes: z.number().int(),
  frameCount: z.number().int(),
  progressCount: z.number().int(),
  requestSeq: z.number().int(),
  responseSeq: z.number().int().optional(),
  /** The exchange this one continues (multi-round-trip retry). */
  linkedExchangeId: z.string().optional(),
  flags: z.array(Flag),
  /** First characters of the body for thin rows, of the params for requests; secrets masked. */
  preview: z.string(),
});
export type ExchangeSummary = z.infer<typeof ExchangeSummary>;
