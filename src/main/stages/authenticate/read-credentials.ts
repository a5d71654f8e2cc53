/** Finds the credentials of a request: one bearer token or API key, or what is wrong with them. */

export type ReadCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly token: string }
  /** From the API-key header; no token can stand there. */
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'malformed'; readonly reason: MalformedReason };

export type MalformedReason = 'several_credentials' | 'not_bearer' | 'token_in_query' | 'malformed_credentials';

/** Visible ASCII: a token (RFC 6750, 2.1) or an API key; a comma would be two joined fields. */
const bearer = /^bearer +([\x21-\x2b\x2d-\x7e]+) *$/i;
const MAX_CHARS = 16 * 1024;

/** `apiKeyHeader` in lower case. */
export function readCredentials(path: string, rawHeaders: readonly string[], apiKeyHeader: string): ReadCredentials {
  let found: ReadCredentials = { kind: 'none' };
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const isAuthorization = isNamed(name, 'authorization');
    if (!isAuthorization && !isNamed(name, apiKeyHeader)) continue;
    if (found.kind !== 'none') return malformed('several_credentials');
    const value = rawHeaders[at + 1] as string;
    found = isAuthorization ? readBearer(value) : readApiKey(value.trim());
  }
  // RFC 6750, 2.3, is forbidden by MCP: addresses end up in logs.
  return path.includes('?') && hasQueryToken(path) ? malformed('token_in_query') : found;
}

/** Most fields are passed by their length alone. */
const isNamed = (name: string, lowerName: string) => name.length === lowerName.length && name.toLowerCase() === lowerName;

function readBearer(value: string): ReadCredentials {
  if (value.length > MAX_CHARS) return malformed('malformed_credentials');
  const token = bearer.exec(value)?.[1];
  if (token !== undefined) return { kind: 'bearer', token };
  return malformed(/^bearer\b/i.test(value) ? 'malformed_credentials' : 'not_bearer');
}

function readApiKey(key: string): ReadCredentials {
  return key === '' || key.length > MAX_CHARS ? malformed('malformed_credentials') : { kind: 'api-key', key };
}

function hasQueryToken(path: string): boolean {
  return new URLSearchParams(path.slice(path.indexOf('?') + 1)).has('access_token');
}

const malformed = (reason: MalformedReason): ReadCredentials => ({ kind: 'malformed', reason });
