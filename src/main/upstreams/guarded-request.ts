/**
 * What of a client's request goes upstream on a guarded route, and what of the answer goes back. Credentials stop here in both
 * directions: the client's never leave, the upstream's challenges and cookies never arrive.
 */
import { isSecretName } from '../../shared/redaction/mask-text.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { IncomingRequest } from '../pipeline/stage.ts';
import { forwardedFields } from '../support/http-fields.ts';

/** Where a request goes. */
export interface Target {
  /** For `Host`; absent where the instance has no URL. */
  readonly host?: string;
  /** Path and query of the upstream's own URL. */
  readonly path: string;
}

export interface Sent {
  readonly target: Target;
  /** Our own credentials, flat. */
  readonly credentials: readonly string[];
  /** Headers that carry an API key at some listener, in lower case. */
  readonly keyHeaders: ReadonlySet<string>;
}

/**
 * Who the client is and how it reached us: nothing of it is the upstream's business. `Accept-Encoding` goes because answers are
 * read on the way; `Expect` because the body is sent at once; `Content-Length` is written anew, as the body may have come in chunks.
 */
const keptHere = new Set([
  'accept-encoding',
  'authorization',
  'cf-connecting-ip',
  'content-length',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'mcp-session-id',
  'origin',
  'proxy-authorization',
  'referer',
  'true-client-ip',
  'x-api-key',
  'x-client-ip',
  'x-correlation-id',
  'x-real-ip',
  // Some servers take these for the method and the path, and then do another thing than was decided on.
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

interface FieldName {
  /** In lower case. CGI and its kind read `X_Api_Key` as `X-Api-Key`. */
  readonly lower: string;
  /** Whatever listener and upstream. A name that announces a secret is one. */
  readonly stays: boolean;
}

/** By names as they came, at most 1,000, then begun anew, because a peer may invent names. */
const fieldNames = new Map<string, FieldName>();

function fieldName(name: string): FieldName {
  const known = fieldNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase().replaceAll('_', '-');
  const stays = keptHere.has(lower) || lower.startsWith('x-forwarded-') || (isSecretName(lower) && !lower.startsWith('mcp-'));
  if (fieldNames.size >= 1_000) fieldNames.clear();
  const found = { lower, stays };
  fieldNames.set(name, found);
  return found;
}

/** The request as an instance gets it: body bytes as received, the path of the upstream's URL, fields in their order and case. */
export function guardedRequest(request: IncomingRequest, guard: Guard, { target, credentials, keyHeaders }: Sent): IncomingRequest {
  const fields = forwardedFields(request.rawHeaders);
  const rawHeaders: string[] = target.host === undefined ? [] : ['Host', target.host];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string;
    const { lower, stays } = fieldName(name);
    if (stays || keyHeaders.has(lower) || isNamed(credentials, lower)) continue;
    rawHeaders.push(name, fields[at + 1] as string);
  }
  const sessionId = guard.era === 'legacy' ? (guard.session?.upstreamSessionId ?? '') : '';
  if (sessionId !== '') rawHeaders.push('Mcp-Session-Id', sessionId);
  rawHeaders.push('X-Correlation-Id', guard.correlationId, ...credentials);
  const { body } = request;
  if (body.kind === 'whole') rawHeaders.push('Content-Length', String(body.bytes.length));
  return { method: request.method, path: target.path, rawHeaders, body, idText: () => request.idText() };
}

/** A field of the client must not stand beside a credential of ours with the same name. */
function isNamed(credentials: readonly string[], lowerName: string): boolean {
  for (let at = 0; at < credentials.length; at += 2) if (credentials[at]?.toLowerCase() === lowerName) return true;
  return false;
}

/** Besides credentials, what speaks for a whole origin: that is ours, and one server among many must not decide about it. */
const neverOn = new Set([
  'alt-svc',
  'clear-site-data',
  'nel',
  'proxy-authenticate',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'www-authenticate',
  'x-correlation-id',
]);

/** The fields of an answer that may go on. Revision 2026-07-28 knows no sessions, so an id that comes all the same ends here. */
export function guardedAnswerFields(rawHeaders: readonly string[], guard: Guard): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const lower = name.toLowerCase();
    if (neverOn.has(lower) || lower.startsWith('access-control-') || (guard.era === 'modern' && lower === 'mcp-session-id')) continue;
    kept.push(name, rawHeaders[at + 1] as string);
  }
  return kept;
}
