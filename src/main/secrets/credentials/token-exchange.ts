/** Exchanges the client's token for one of the upstream's (RFC 8693), per principal. The client's goes to the token endpoint and nowhere else. */
import { hash } from 'node:crypto';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import { heldToken, type HeldToken } from './held-token.ts';
import { askTokenEndpoint, type TokenEndpoint, type TokenEndpointDeps } from './token-endpoint.ts';

/** The one that was not used for longest goes first; its owner's next call exchanges again. */
const MAX_PRINCIPALS = 10_000;

/** Who asks, as far as an exchange is concerned. */
export interface CredentialsPrincipal {
  readonly id: string;
  readonly token?: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export function tokenExchange(endpoint: TokenEndpoint, deps: TokenEndpointDeps) {
  const ask = askTokenEndpoint(endpoint, deps);
  const held = new Map<string, HeldToken>();
  const keyOf = ({ id, token }: CredentialsPrincipal) => (token === undefined ? undefined : `${id}\n${hash('sha256', token, 'base64')}`);

  const hold = (key: string, { token = '', claims }: CredentialsPrincipal): HeldToken => {
    const known = held.get(key);
    held.delete(key);
    const kept =
      known ??
      heldToken({
        ...deps,
        obtain: async () => {
          const got = await ask('urn:ietf:params:oauth:grant-type:token-exchange', {
            subject_token: token,
            subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          });
          // What was made from a token ends with it.
          const endsAt = typeof claims.exp === 'number' ? claims.exp * 1000 : Infinity;
          const expiresAt = Math.min(got.expiresAt ?? Infinity, endsAt);
          return Number.isFinite(expiresAt) ? { ...got, expiresAt } : got;
        },
      });
    if (held.size >= MAX_PRINCIPALS) held.delete(held.keys().next().value as string);
    held.set(key, kept);
    return kept;
  };
  return {
    headers(principal: CredentialsPrincipal): readonly string[] | Promise<readonly string[]> {
      const key = keyOf(principal);
      if (key === undefined) {
        const message = `${deps.upstream} is called with a token made from the client's, and this client has none.`;
        throw new TrafficError('UPSTREAM_AUTH', message, { facts: { upstream: deps.upstream, may_have_executed: false } });
      }
      return hold(key, principal).fields();
    },
    rejected(principal: CredentialsPrincipal): boolean {
      const key = keyOf(principal);
      return key !== undefined && held.get(key)?.rejected() === true;
    },
  };
}
