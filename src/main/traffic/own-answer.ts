/** The HTTP answer that Shadowcat gives by itself: a failure or refusal as a JSON-RPC error with the request's own id. */
import { STATUS_CODES } from 'node:http';
import { errorTable, rpcErrorBody, TrafficError, type ErrorCode } from '../../shared/errors/error-table.ts';

export interface OwnAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly rawHeaders: readonly string[];
  readonly bytes: Uint8Array;
}

/** Why we answer by ourselves. */
export interface OwnReason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What a thrown error means for the client. Anything that was not thrown on purpose is our defect, and its text stays ours. */
export function ownReason(error: unknown): OwnReason {
  if (error instanceof TrafficError) return { code: error.code, message: error.message, facts: error.facts };
  return { code: 'INTERNAL', message: 'Shadowcat failed.', facts: {} };
}

/** The listener delivers it, the record stage notes it: both make it here, so that they are the same bytes. */
export function ownAnswer({ code, message, facts }: OwnReason, idText: string | undefined): OwnAnswer {
  const status = errorTable[code].httpStatus;
  const bytes = Buffer.from(rpcErrorBody(code, message, idText, facts));
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    rawHeaders: ['Content-Type', 'application/json', 'Content-Length', String(bytes.length)],
    bytes,
  };
}
