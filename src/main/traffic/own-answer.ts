/** The HTTP answer that Shadowcat gives by itself: a failure or refusal as a JSON-RPC error with the request's own id. */
import { STATUS_CODES } from 'node:http';
import { adviceFor, errorTable, rpcErrorBody, TrafficError, type ErrorCode } from '../../shared/errors/error-table.ts';
import type { Era } from '../../shared/mcp/facts.ts';
import type { ReadMessage } from './sighting.ts';

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
  /** Of a `TrafficError` that names one of its own. */
  readonly httpStatus?: number | undefined;
  /** Further fields of the answer, such as WWW-Authenticate; flat. */
  readonly rawHeaders?: readonly string[];
}

/** What of a guarded request decides how an answer of ours looks. */
export interface AskedOf {
  readonly correlationId: string;
  /** `upstream` is empty where no route is. */
  readonly route: { readonly refusal: 'http' | 'in-band' | 'tool-result'; readonly upstream: string };
  readonly items: readonly ReadMessage[];
  readonly isBatch: boolean;
  readonly era: Era;
  readonly answerHeaders: readonly string[];
}

/** To whom an answer of ours goes. `guard` is absent on a transparent proxy. */
export interface Asker {
  readonly idText: string | undefined;
  readonly guard?: AskedOf | undefined;
}

/**
 * Refusals and failures that a route may tell in-band (200, because some SDKs end the session on any other status).
 * Authentication is not among them: clients start their OAuth flow on a real 401 and 403 only. Neither is what breaks the
 * protocol itself.
 */
const inBandCodes = new Set<ErrorCode>([
  'DENIED',
  'BLOCKED',
  'LIMITED',
  'UNAVAILABLE',
  'SHUTTING_DOWN',
  'UPSTREAM_DOWN',
  'UPSTREAM_BROKE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_AUTH',
  'INTERNAL',
]);

/** What a thrown error means for the client. Anything that was not thrown on purpose is our defect, and its text stays ours. */
export function ownReason(error: unknown): OwnReason {
  if (error instanceof TrafficError) {
    const { code, message, facts, httpStatus } = error;
    return { code, message, facts, httpStatus };
  }
  return { code: 'INTERNAL', message: 'Shadowcat failed.', facts: {} };
}

/** The listener delivers it, the record stage notes it: both make it here, so that they are the same bytes. */
export function ownAnswer(given: OwnReason, { idText, guard }: Asker): OwnAnswer {
  const reason = withReturn(given);
  if (guard === undefined)
    return answerWith(reason.httpStatus ?? errorTable[reason.code].httpStatus, ownFields(reason, []), errorText(reason, idText));
  const ids = requestIds(guard);
  const isInBand = guard.route.refusal !== 'http' && inBandCodes.has(reason.code);
  const fields = ownFields(reason, guard.answerHeaders);
  // A notification (or a client's answer) gets a status and nothing to read: there is no id to answer to.
  if (guard.items.length > 0 && ids.length === 0) return answerWith(isInBand ? 202 : statusOf(reason, false), fields, undefined);
  return answerWith(isInBand ? 200 : statusOf(reason, ids.length > 0), fields, guardedText(reason, guard, ids, idText));
}

/** These name the upstream that the call was for, also where they are found before anybody turned to it. */
const ofUpstreams = new Set<number>([
  errorTable.UNAVAILABLE.rpcCode,
  errorTable.UPSTREAM_BROKE.rpcCode,
  errorTable.UPSTREAM_TIMEOUT.rpcCode,
]);

/** Whoever drains knows no better than this when somebody will be there again, and 50300 always says when to come. */
const draining = { state: 'draining', retry_after_ms: 5000 };

function withReturn(reason: OwnReason): OwnReason {
  return reason.code === 'SHUTTING_DOWN' ? { ...reason, facts: { ...draining, ...reason.facts } } : reason;
}

function answerWith(status: number, fields: readonly string[], text: string | undefined): OwnAnswer {
  const bytes = Buffer.from(text ?? '');
  const type = text === undefined ? [] : ['Content-Type', 'application/json'];
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    rawHeaders: [...type, 'Content-Length', String(bytes.length), ...fields],
    bytes,
  };
}

function ownFields({ rawHeaders = [], facts }: OwnReason, answerHeaders: readonly string[]): string[] {
  const retryAfterMs = facts['retry_after_ms'];
  const retryAfter = typeof retryAfterMs === 'number' ? ['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))] : [];
  return [...rawHeaders, ...answerHeaders, ...retryAfter];
}

/** The text that answers a refused request line over stdio, where everything is in-band; undefined where nothing is to be answered. */
export function ownLine(reason: OwnReason, guard: AskedOf): string | undefined {
  const ids = requestIds(guard);
  return ids.length === 0 ? undefined : guardedText(withReturn(reason), guard, ids, undefined);
}

/** 40300 is told in-band with 200 wherever there is a request to answer: a model that asked is to read it. */
function statusOf({ code, httpStatus }: OwnReason, hasRequest: boolean): number {
  if (httpStatus !== undefined) return httpStatus;
  return code === 'DENIED' && !hasRequest ? 403 : errorTable[code].httpStatus;
}

function requestIds({ items }: AskedOf): string[] {
  return items.flatMap(({ message }) => (message.kind === 'request' ? [message.idText] : []));
}

function guardedText(reason: OwnReason, guard: AskedOf, ids: readonly string[], idText: string | undefined): string {
  const { upstream } = guard.route;
  const named = upstream !== '' && ofUpstreams.has(errorTable[reason.code].rpcCode) ? { upstream } : {};
  const told: OwnReason = { ...reason, facts: { ...named, ...reason.facts, correlation_id: guard.correlationId } };
  if (ids.length === 0) return errorText(told, idText);
  const isAsResult = guard.route.refusal === 'tool-result' && inBandCodes.has(reason.code);
  const texts = guard.items.flatMap(({ message }) => {
    if (message.kind !== 'request') return [];
    const isResult = isAsResult && message.method === 'tools/call';
    return [isResult ? toolResult(told, guard.era, message.idText) : errorText(told, message.idText)];
  });
  return guard.isBatch ? `[${texts.join(',')}]` : (texts[0] ?? '');
}

function errorText({ code, message, facts }: OwnReason, idText: string | undefined): string {
  return rpcErrorBody(code, message, idText, facts);
}

/** A result that says the tool failed: that is what the model itself reads. */
function toolResult({ code, message, facts }: OwnReason, era: Era, idText: string): string {
  const result = {
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text: `${message} ${adviceFor(code, facts)}` }],
    isError: true,
    _meta: { 'shadowcat/refusal': { code: errorTable[code].rpcCode, reason: code, ...facts } },
  };
  return `{"jsonrpc":"2.0","id":${idText},"result":${JSON.stringify(result)}}`;
}
