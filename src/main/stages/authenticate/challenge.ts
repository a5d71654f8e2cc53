/** `WWW-Authenticate` (RFC 6750, 3; RFC 9728, 5.1): says where to get a token, and which. */

export interface Challenge {
  /** None where the request had no credentials at all (RFC 6750, 3.1). */
  readonly error?: 'invalid_token' | 'invalid_request' | 'insufficient_scope';
  readonly description?: string;
  readonly scopes: readonly string[];
  /** Address of the protected resource metadata; none where there is no issuer to go to. */
  readonly metadata: string | undefined;
}

export function challengeField({ error, description, scopes, metadata }: Challenge): string {
  const parameters = [
    ...(error === undefined ? [] : [['error', error]]),
    ...(description === undefined ? [] : [['error_description', description]]),
    ...(scopes.length === 0 ? [] : [['scope', scopes.join(' ')]]),
    ...(metadata === undefined ? [] : [['resource_metadata', metadata]]),
  ] as [string, string][];
  return ['Bearer', parameters.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')].join(' ').trim();
}

/** Scopes and texts come from the configuration; whatever a quoted string cannot hold is left out. */
function quoted(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
