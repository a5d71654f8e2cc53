/**
 * What of a client's request goes upstream on a guarded route, and what of the answer goes back. Credentials stop here in both
 * directions: the client's never leave, the upstream's challenges and cookies never arrive.
 */
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
  'content-length',
  'cookie',
  'cookie2',
  'expect',
  'forwarded',
  'host',
  'mcp-session-id',
  'origin',
  'proxy-authorization',
  'x-api-key',
  'x-correlation-id',
]);

/** The request as an instance gets it: body bytes as received, the path of the upstream's URL, fields in their order and case. */
export function guardedRequest(request: IncomingRequest, guard: Guard, { target, credentials, keyHeaders }: Sent): IncomingRequest {
  const fields = forwardedFields(request.rawHeaders);
  const rawHeaders: string[] = target.host === undefined ? [] : ['Host', target.host];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string;
    const lower = name.toLowerCase();
    if (keptHere.has(lower) || keyHeaders.has(lower) || lower.startsWith('x-forwarded-') || isNamed(credentials, lower)) continue;
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

const neverOn = new Set(['set-cookie', 'set-cookie2', 'www-authenticate', 'proxy-authenticate', 'x-correlation-id']);

/** The fields of an answer that may go on. Revision 2026-07-28 knows no sessions, so an id that comes all the same ends here. */
export function guardedAnswerFields(rawHeaders: readonly string[], guard: Guard): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const lower = name.toLowerCase();
    if (neverOn.has(lower) || (guard.era === 'modern' && lower === 'mcp-session-id')) continue;
    kept.push(name, rawHeaders[at + 1] as string);
  }
  return kept;
}
