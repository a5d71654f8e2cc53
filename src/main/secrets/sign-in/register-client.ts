/** Dynamic client registration (RFC 7591): asks for what the server offers, and makes do with the answers that servers give. */
import { allowInsecureRequests, customFetch, dynamicClientRegistrationRequest } from 'oauth4webapi';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { type AuthMethod, secretMethodOf, type SignInClient } from './client-authentication.ts';
import { objectIn, textIn, textsIn } from './fetch-document.ts';
import type { SignInServer } from './server-metadata.ts';
import { SignInError } from './sign-in-config.ts';

export interface RegisteredClient {
  readonly client: SignInClient;
  /** Epoch ms; absent where it never does. */
  readonly secretExpiresAt?: number;
}

/** Rejects with `SignInError` when the server registers nobody, or only clients that we cannot be. */
export async function registerClient(
  server: SignInServer,
  { fetch, redirectUri }: { readonly fetch: OutboundFetch; readonly redirectUri: string },
): Promise<RegisteredClient> {
  const answer = await asked(server, fetch, {
    client_name: 'Shadowcat',
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: wantedMethodOf(server),
  });
  const clientId = textIn(answer, 'client_id');
  if (clientId === undefined) throw notRegistered(server, 'its answer names no client');
  const secret = textIn(answer, 'client_secret');
  const authMethod = methodOf(server, secret, textIn(answer, 'token_endpoint_auth_method'));
  if (authMethod === undefined) throw notRegistered(server, 'it wants a proof at its token endpoint that Shadowcat does not give');
  if (secret === undefined || authMethod === 'none') return { client: { clientId, authMethod: 'none' } };
  // RFC 7591, 3.2.1 demands it beside a secret, and 0 for never; servers leave it out all the same.
  const expiresAtSeconds = Number(answer['client_secret_expires_at'] ?? 0);
  return {
    client: { clientId, secret: { text: secret, isReference: false }, authMethod },
    ...(expiresAtSeconds > 0 ? { secretExpiresAt: expiresAtSeconds * 1000 } : {}),
  };
}

/** A program on somebody's machine keeps no secret (RFC 8252, 8.4), so none is asked for where the server can do without. */
function wantedMethodOf(server: SignInServer): AuthMethod {
  const offered = offeredBy(server);
  return offered.length === 0 || offered.includes('none') ? 'none' : secretMethodOf(server);
}

/** What the answer says; where it says nothing, what the server offers to a client that has, or has not, a secret. */
function methodOf(server: SignInServer, secret: string | undefined, said: string | undefined): AuthMethod | undefined {
  if (said === 'none') return 'none';
  if (said === 'client_secret_basic' || said === 'client_secret_post') return secret === undefined ? undefined : said;
  if (said !== undefined) return undefined;
  const offered = offeredBy(server);
  return secret === undefined || (offered.length > 0 && offered.every(method => method === 'none')) ? 'none' : secretMethodOf(server);
}

const offeredBy = (server: SignInServer) => textsIn({ ...server }, 'token_endpoint_auth_methods_supported');

async function asked(server: SignInServer, fetch: OutboundFetch, wanted: Record<string, unknown>): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await dynamicClientRegistrationRequest(server, wanted as never, { [customFetch]: fetch, [allowInsecureRequests]: true });
  } catch {
    throw notRegistered(server, 'no usable answer');
  }
  const answer = (await objectIn(response)) ?? {};
  // 201 by the book, and 200 from servers that did not read it.
  if (response.status === 201 || response.status === 200) return answer;
  const word = textIn(answer, 'error');
  throw notRegistered(server, word !== undefined && /^[a-z_.]{1,64}$/.test(word) ? word : 'no usable answer');
}

function notRegistered(server: SignInServer, problem: string): SignInError {
  return new SignInError(`${new URL(server.issuer).host} did not register a client (${problem}).`);
}
