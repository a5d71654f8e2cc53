/** What the client is told where HTTP failed: the server's own JSON-RPC error, or one of ours for the status. */
import { STATUS_CODES } from 'node:http';
import { readBody } from '../../../shared/mcp/json-rpc.ts';
import type { ErrorCode } from '../../../shared/errors/error-table.ts';
import { HttpFailure, wholeBody, type HttpReply } from './http-client.ts';
import type { Failure } from './line-output.ts';
import type { Waiting, WaitingRequest } from './waiting.ts';

/** An error page beyond this says nothing more. */
const MAX_ERROR_BYTES = 1024 * 1024;

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'UNAUTHORIZED',
  404: 'SESSION_LOST',
  413: 'BODY_TOO_LARGE',
  429: 'LIMITED',
  503: 'UNAVAILABLE',
  504: 'UPSTREAM_TIMEOUT',
};

/** The connection failed. */
export function connectionFailure(url: URL, error: unknown): Failure {
  const isUnsent = error instanceof HttpFailure && error.isUnsent;
  const why = error instanceof Error ? error.message : String(error);
  return isUnsent
    ? { code: 'UPSTREAM_DOWN', message: `${url.host} cannot be reached (${why}).`, facts: { may_have_executed: false } }
    : {
        code: 'UPSTREAM_BROKE',
        message: `${url.host} was reached, but the connection broke (${why}).`,
        facts: { may_have_executed: true },
      };
}

/** The stream or body ended without the answer. */
export function withoutAnswer(url: URL, how: string): Failure {
  return { code: 'UPSTREAM_BROKE', message: `${url.host} ${how} before it answered.`, facts: { may_have_executed: true } };
}

/** Tells the client what a status of 300 or more means for its requests. */
export async function tellRefusal(
  reply: HttpReply,
  requests: readonly WaitingRequest[],
  to: { waiting: Waiting; url: URL; hasSession: boolean },
): Promise<void> {
  const text = (await wholeBody(reply, MAX_ERROR_BYTES).catch(() => undefined))?.toString('utf8') ?? '';
  const read = readBody(text);
  const message = read.kind === 'message' ? read.message : undefined;
  if (message !== undefined && (message.kind === 'error' || message.kind === 'result')) {
    const named = requests.find(({ idText }) => idText === message.idText);
    if (named !== undefined) to.waiting.received(Buffer.from(text));
    // JSON-RPC 2.0, section 5.1: a null id. The client needs its own to know what failed.
    else if (message.kind === 'error' && requests.length > 0) {
      const error = JSON.stringify(message.error);
      for (const request of requests)
        if (to.waiting.isWaiting(request)) to.waiting.received(Buffer.from(`{"jsonrpc":"2.0","id":${request.idText},"error":${error}}`));
    }
  }
  to.waiting.fail(requests, statusFailure(reply, text, to));
}

function statusFailure(reply: HttpReply, text: string, { url, hasSession }: { url: URL; hasSession: boolean }): Failure {
  const { status } = reply;
  const known = status === 404 && !hasSession ? 'NO_ROUTE' : codeByStatus[status];
  const phrase = STATUS_CODES[status] ?? '';
  const said = text
    .replaceAll(/<[^>]*>|\s+/g, ' ')
    .trim()
    .slice(0, 200);
  const retryAfter = reply.header('retry-after');
  const location = status < 400 ? reply.header('location') : undefined;
  return {
    code: known ?? 'UPSTREAM_BROKE',
    message: `${url.host} answered ${`${status} ${phrase}`.trim()}${location === undefined ? '' : ` and points to ${location}, which is not followed`}${said === '' ? '.' : `: ${said}`}`,
    facts: {
      status,
      may_have_executed: status >= 500 && status !== 503,
      ...(retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? { retry_after_ms: Number(retryAfter) * 1000 } : {}),
    },
  };
}
