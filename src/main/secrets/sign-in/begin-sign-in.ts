/** One sign-in: finds the issuer, sends the browser there with PKCE, and turns the code that comes back into tokens. */
import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  AuthorizationResponseError,
  calculatePKCECodeChallenge,
  customFetch,
  generateRandomCodeVerifier,
  generateRandomState,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import type { Clock } from '../../ports.ts';
import type { OutboundFetch, Reach } from '../../support/outbound-fetch.ts';
import { oauthErrorOf } from '../credentials/token-endpoint.ts';
import type { VaultRecords } from '../token-vault.ts';
import { callbackListener, type Callback, type CallbackListener } from './callback-listener.ts';
import { authenticationOf, type SignInClient } from './client-authentication.ts';
import { clientFor } from './client-registration.ts';
import { findResource, type FoundResource } from './find-resource.ts';
import { serverMetadata, type SignInServer } from './server-metadata.ts';
import { reachOf, SignInError, type SignInTarget } from './sign-in-config.ts';
import { withTokens, type SignedIn } from './signed-in.ts';
import { askedBefore, scopesTogether } from './step-up.ts';

export interface BeginDeps {
  readonly clock: Clock;
  readonly secret: (text: string) => Promise<string>;
  readonly fetchWithin: (reach: Reach) => OutboundFetch;
  readonly registrations: VaultRecords;
  /** For how long an answer is waited for. */
  readonly lifetimeMs: number;
  /** Who is signed in now, and what the server wanted of them beyond that. */
  readonly stepUp?: { readonly from: SignedIn; readonly missing: string };
}

export interface Begun {
  readonly authorizationUrl: string;
  /** Rejects with `SignInError`. */
  readonly done: Promise<SignedIn>;
  cancel(): void;
}

interface Underway {
  readonly target: SignInTarget;
  readonly found: FoundResource;
  readonly server: SignInServer;
  readonly client: SignInClient;
  readonly listener: CallbackListener;
  readonly state: string;
  readonly verifier: string;
  readonly scope: string | undefined;
  readonly mayStay: boolean;
}

export async function beginSignIn(target: SignInTarget, deps: BeginDeps): Promise<Begun> {
  const reach = reachOf(target);
  const fetch = deps.fetchWithin(reach);
  const found = await findResource(target, { probe: deps.fetchWithin('anywhere'), fetch });
  const server = await serverMetadata(found.issuer, fetch, reach);
  const [state, verifier] = [generateRandomState(), generateRandomCodeVerifier()];
  const listener = await openListener(server, state, deps);
  try {
    const client = await clientFor(server, target.config, {
      fetch,
      clock: deps.clock,
      registrations: deps.registrations,
      redirectUri: listener.redirectUri,
    });
    const wanted = wantedScope(widened(found, target, deps), server);
    const underway: Underway = { target, found, server, client, listener, state, verifier, ...wanted };
    const authorizationUrl = await authorizationAddress(underway);
    const done = listener.answered.then(callback => finish(underway, callback, deps)).finally(() => listener.close());
    // Whoever shows the sign-in waits for it; nobody has to. A server that forgot our registration shows the person a page
    // and tells us nothing, so the next try does not build on it.
    done.catch(() => deps.registrations.delete(server.issuer));
    return { authorizationUrl, done, cancel: () => listener.close() };
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** On the port of the registration at this server, if it is free: then the client that is known there will do. */
async function openListener(server: SignInServer, state: string, { registrations, lifetimeMs }: BeginDeps): Promise<CallbackListener> {
  const kept = registrations.get(server.issuer) as { readonly redirectUri?: string } | undefined;
  const port = kept?.redirectUri === undefined ? 0 : Number(new URL(kept.redirectUri).port);
  return callbackListener({ state, lifetimeMs, port }).catch(() => callbackListener({ state, lifetimeMs, port: 0 }));
}

async function authorizationAddress(underway: Underway): Promise<string> {
  const { found, server, client, listener, state, verifier, scope, mayStay } = underway;
  const url = new URL(server.authorization_endpoint);
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: listener.redirectUri,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    resource: found.resource,
    scope,
    // OpenID Connect Core, 11: a token for when the person is away needs their consent each time.
    prompt: mayStay ? 'consent' : undefined,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/** MCP 2026-07-28, scope challenges: what was asked for before stays, or signing in again would take it away. The operator's word is final. */
function widened(found: FoundResource, { config }: SignInTarget, { stepUp }: BeginDeps): string | undefined {
  if (stepUp === undefined || config.scope !== undefined || stepUp.from.issuer !== found.issuer) return found.scope;
  return scopesTogether(found.scope, askedBefore(stepUp.from), stepUp.missing);
}

/** `offline_access` where the server knows it: without a refresh token a person would sign in every few minutes. */
function wantedScope(scope: string | undefined, server: SignInServer): { readonly scope: string | undefined; readonly mayStay: boolean } {
  const words = (scope ?? '').split(' ').filter(word => word !== '');
  const mayStay = server.scopes_supported?.includes('offline_access') === true;
  if (mayStay && !words.includes('offline_access')) words.push('offline_access');
  return { scope: words.length === 0 ? undefined : words.join(' '), mayStay };
}

async function finish(underway: Underway, callback: Callback, deps: BeginDeps): Promise<SignedIn> {
  try {
    const signedIn = await exchangeCode(underway, callback.parameters, deps);
    callback.finish('You are signed in. You can close this page.');
    return signedIn;
  } catch (error) {
    callback.finish('The sign-in did not succeed. Shadowcat says why.');
    throw error;
  }
}

async function exchangeCode(
  { target, found, server, client, listener, state, verifier, scope }: Underway,
  parameters: URLSearchParams,
  deps: BeginDeps,
): Promise<SignedIn> {
  const { clock, secret, fetchWithin } = deps;
  const asked = { client_id: client.clientId };
  try {
    // RFC 9207: whose answer it is comes before everything else. The code of one server must never reach another.
    const checked = validateAuthResponse(server, asked, parameters, state);
    const response = await authorizationCodeGrantRequest(
      server,
      asked,
      await authenticationOf(client, secret),
      checked,
      listener.redirectUri,
      verifier,
      {
        additionalParameters: { resource: found.resource },
        [customFetch]: fetchWithin(reachOf(target)),
        // What may be asked over plain http is decided by the fetch.
        [allowInsecureRequests]: true,
      },
    );
    const answer = await processAuthorizationCodeResponse(server, asked, response);
    const base = {
      issuer: server.issuer,
      url: target.url,
      resource: found.resource,
      tokenEndpoint: server.token_endpoint,
      client,
      signedInAt: clock.now(),
      ...(scope === undefined ? {} : { requestedScope: scope }),
    };
    return withTokens(base, answer, clock);
  } catch (error) {
    throw new SignInError(`The sign-in at ${new URL(server.issuer).host} failed: ${problemOf(error)}`);
  }
}

/** Causes are left behind: they hold the code, or the answer with the tokens. */
function problemOf(error: unknown): string {
  if (error instanceof AuthorizationResponseError)
    return /^[a-z_]{1,64}$/.test(error.error) ? `it answered ${error.error}.` : 'it answered with an error.';
  const word = oauthErrorOf(error);
  if (word !== undefined) return `its token endpoint answered ${word}.`;
  return error instanceof Error ? `${error.message}.`.replace(/\.\.$/, '.') : 'it failed.';
}
