/** As which client we sign in at a server: the operator's, one described by a document, or one that is registered on the spot. */
import {
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  allowInsecureRequests,
  dynamicClientRegistrationRequest,
  None,
  processDynamicClientRegistrationResponse,
  type Client,
  type ClientAuth,
} from 'oauth4webapi';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { oauthErrorOf } from '../credentials/token-endpoint.ts';
import type { VaultRecords } from '../token-vault.ts';
import type { SignInServer } from './server-metadata.ts';
import { SignInError, type SignInConfig } from './sign-in-config.ts';

export interface SignInClient {
  readonly clientId: string;
  /** Of the operator: a reference that is resolved when it is used. Of a registration: itself. */
  readonly secret?: { readonly text: string; readonly isReference: boolean };
  readonly authMethod: 'none' | 'client_secret_basic' | 'client_secret_post';
}

export interface RegistrationDeps {
  readonly fetch: OutboundFetch;
  /** By issuer: a client of one server is nobody at another. */
  readonly registrations: VaultRecords;
  readonly redirectUri: string;
}

/** MCP 2026-07-28: registered beforehand, then a Client ID Metadata Document, and dynamic registration last. */
export async function clientFor(server: SignInServer, config: SignInConfig, deps: RegistrationDeps): Promise<SignInClient> {
  if (config.clientId !== undefined) return configured(server, config.clientId, config.clientSecret);
  if (config.clientIdDocument !== undefined && server.client_id_metadata_document_supported === true)
    return { clientId: config.clientIdDocument, authMethod: 'none' };
  if (server.registration_endpoint === undefined)
    throw new SignInError(`${new URL(server.issuer).host} registers no clients by itself; register one there and configure its clientId.`);
  const kept = readRegistration(deps.registrations.get(server.issuer), deps.redirectUri);
  if (kept !== undefined) return kept;
  return register(server, deps);
}

function configured(server: SignInServer, clientId: string, clientSecret: string | undefined): SignInClient {
  if (clientSecret === undefined) return { clientId, authMethod: 'none' };
  const methods = server.token_endpoint_auth_methods_supported;
  const onlyPost = methods !== undefined && !methods.includes('client_secret_basic') && methods.includes('client_secret_post');
  return {
    clientId,
    secret: { text: clientSecret, isReference: true },
    authMethod: onlyPost ? 'client_secret_post' : 'client_secret_basic',
  };
}

/** Redirect addresses are compared without their port for native clients (RFC 8252, 7.3), but not by every server: a new port, a new client. */
async function register(server: SignInServer, { fetch, registrations, redirectUri }: RegistrationDeps): Promise<SignInClient> {
  const wanted = {
    client_name: 'Shadowcat',
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  let client: Client;
  try {
    const response = await dynamicClientRegistrationRequest(server, wanted, {
      [customFetch]: fetch,
      [allowInsecureRequests]: true,
    });
    client = (await processDynamicClientRegistrationResponse(response)) as Client;
  } catch (error) {
    throw new SignInError(`${new URL(server.issuer).host} did not register a client (${oauthErrorOf(error) ?? 'no usable answer'}).`);
  }
  const secret = typeof client.client_secret === 'string' ? client.client_secret : undefined;
  const registered: SignInClient = {
    clientId: client.client_id,
    ...(secret === undefined ? {} : { secret: { text: secret, isReference: false } }),
    authMethod:
      secret === undefined
        ? 'none'
        : client.token_endpoint_auth_method === 'client_secret_post'
          ? 'client_secret_post'
          : 'client_secret_basic',
  };
  registrations.set(server.issuer, { ...registered, redirectUri });
  return registered;
}

function readRegistration(value: unknown, redirectUri: string): SignInClient | undefined {
  const kept = value as (SignInClient & { readonly redirectUri: string }) | undefined;
  if (kept === undefined || kept.redirectUri !== redirectUri) return undefined;
  const { clientId, secret, authMethod } = kept;
  return { clientId, ...(secret === undefined ? {} : { secret }), authMethod };
}

/** How the client proves itself at the token endpoint. */
export async function authenticationOf(client: SignInClient, resolve: (text: string) => Promise<string>): Promise<ClientAuth> {
  const { secret, authMethod } = client;
  if (secret === undefined || authMethod === 'none') return None();
  const text = secret.isReference ? await resolve(secret.text) : secret.text;
  return authMethod === 'client_secret_post' ? ClientSecretPost(text) : ClientSecretBasic(text);
}
