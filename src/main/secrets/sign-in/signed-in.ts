/** What is kept of a sign-in, and how its tokens are renewed. */
import {
  allowInsecureRequests,
  customFetch,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import type { Clock } from '../../ports.ts';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { obtained } from '../credentials/token-endpoint.ts';
import { authenticationOf, type SignInClient } from './client-authentication.ts';
import type { SignInTarget } from './sign-in-config.ts';

/** Bound to the issuer that gave the tokens and to the address they are for: at any other they are worth nothing and are never sent. */
export interface SignedIn {
  readonly issuer: string;
  readonly url: string;
  readonly resource: string;
  readonly tokenEndpoint: string;
  readonly client: SignInClient;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Epoch ms; absent where the server did not say. */
  readonly expiresAt?: number;
  /** As granted, where the server said. */
  readonly scope?: string;
  /** As asked for when the person signed in. */
  readonly requestedScope?: string;
  readonly signedInAt: number;
}

/** Whether these tokens are still for what the configuration says. */
export function isFor(signedIn: SignedIn, { url, config }: SignInTarget): boolean {
  return (
    signedIn.url === url &&
    (config.issuer === undefined || config.issuer === signedIn.issuer) &&
    (config.clientId === undefined || config.clientId === signedIn.client.clientId) &&
    (config.resource === undefined || config.resource === signedIn.resource)
  );
}

export type SignInBase = Omit<SignedIn, 'accessToken' | 'refreshToken' | 'expiresAt' | 'scope'>;

/** A server that rotates sends a new refresh token; one that does not goes on believing the old one. */
export function withTokens(base: SignInBase, answer: TokenEndpointResponse, clock: Clock, before?: SignedIn): SignedIn {
  const refreshToken = answer.refresh_token ?? before?.refreshToken;
  const scope = answer.scope ?? before?.scope;
  const { issuer, url, resource, tokenEndpoint, client, signedInAt, requestedScope } = base;
  return {
    issuer,
    url,
    resource,
    tokenEndpoint,
    client,
    signedInAt,
    ...obtained(answer, clock),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(scope === undefined ? {} : { scope }),
    ...(requestedScope === undefined ? {} : { requestedScope }),
  };
}

export interface RefreshDeps {
  readonly clock: Clock;
  readonly fetch: OutboundFetch;
  readonly secret: (text: string) => Promise<string>;
}

export async function refreshed(
  signedIn: SignedIn & { readonly refreshToken: string },
  { clock, fetch, secret }: RefreshDeps,
): Promise<SignedIn> {
  const { issuer, tokenEndpoint, client, resource, refreshToken } = signedIn;
  const server = { issuer, token_endpoint: tokenEndpoint };
  const asked = { client_id: client.clientId };
  const response = await refreshTokenGrantRequest(server, asked, await authenticationOf(client, secret), refreshToken, {
    additionalParameters: { resource },
    [customFetch]: fetch,
    // What may be asked over plain http is decided by `fetch`.
    [allowInsecureRequests]: true,
  });
  return withTokens(signedIn, await processRefreshTokenResponse(server, asked, response), clock, signedIn);
}
