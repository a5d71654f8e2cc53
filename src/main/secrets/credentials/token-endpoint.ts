/** Asks a token endpoint, and turns its answers into tokens or into an UPSTREAM_AUTH that quotes neither secret nor token. */
import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { basicAuthentication } from './basic-authentication.ts';
import type { ObtainedToken } from './held-token.ts';

export interface TokenEndpoint {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
  readonly resource?: string | undefined;
  readonly audience?: string | undefined;
}

export interface TokenEndpointDeps {
  readonly upstream: string;
  /** Resolves a reference such as `${env:NAME}`. */
  readonly secret: (text: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: OutboundFetch;
}

export type AskTokenEndpoint = (grantType: string, parameters?: Readonly<Record<string, string>>) => Promise<ObtainedToken>;

/** A client authenticates by Basic, which every server has to know; one that insists on the body gets it there from then on. */
export function askTokenEndpoint(endpoint: TokenEndpoint, deps: TokenEndpointDeps): AskTokenEndpoint {
  let authentication: typeof basicAuthentication | typeof ClientSecretPost = basicAuthentication;
  return async (grantType, parameters = {}) => {
    const request = async (as: typeof authentication) => answerOf(endpoint, deps, { grantType, parameters, authentication: as });
    try {
      const answer = await request(authentication).catch(async (error: unknown) => {
        if (authentication === ClientSecretPost || oauthErrorOf(error) !== 'invalid_client') throw error;
        const second = await request(ClientSecretPost);
        authentication = ClientSecretPost;
        return second;
      });
      return obtained(answer, deps.clock);
    } catch (error) {
      throw credentialsError(deps, error);
    }
  };
}

interface Grant {
  readonly grantType: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly authentication: typeof basicAuthentication | typeof ClientSecretPost;
}

async function answerOf(endpoint: TokenEndpoint, deps: TokenEndpointDeps, grant: Grant): Promise<TokenEndpointResponse> {
  const { tokenUrl, clientId, clientSecret, scope, resource, audience } = endpoint;
  const url = new URL(tokenUrl);
  // The operator named the endpoint itself, so its issuer is of no interest; the library wants one.
  const server = { issuer: url.origin, token_endpoint: tokenUrl };
  const client = { client_id: clientId };
  const form = new URLSearchParams(grant.parameters);
  for (const [name, value] of Object.entries({ scope, resource, audience })) if (value !== undefined) form.set(name, value);
  const response = await genericTokenEndpointRequest(
    server,
    client,
    grant.authentication(await deps.secret(clientSecret)),
    grant.grantType,
    form,
    {
      [customFetch]: deps.fetch,
      [allowInsecureRequests]: url.protocol === 'http:',
    },
  );
  return processGenericTokenEndpointResponse(server, client, response);
}

/** Only bearer tokens: any other kind needs a proof that we do not give. */
export function obtained(answer: TokenEndpointResponse, clock: Clock): ObtainedToken {
  if (answer.token_type !== 'bearer') throw new Error(`The server gave a token of the type ${answer.token_type.slice(0, 40)}.`);
  return {
    accessToken: answer.access_token,
    ...(answer.expires_in === undefined ? {} : { expiresAt: clock.now() + answer.expires_in * 1000 }),
  };
}

/** The `error` of an OAuth answer, such as `invalid_client`, where it is a word that may be shown. */
export function oauthErrorOf(error: unknown): string | undefined {
  // RFC 6749, 5.2: a client that did not authenticate is answered 401 with a challenge; the library looks no further then.
  if (error instanceof WWWAuthenticateChallengeError) return 'invalid_client';
  if (!(error instanceof ResponseBodyError)) return undefined;
  return /^[a-z_.]{1,64}$/.test(error.error) ? error.error : 'an error that is no word';
}

/** In words. Causes are left behind: they quote requests and answers, and with them secrets and tokens. */
export function credentialsError({ upstream, log }: { readonly upstream: string; readonly log: Logger }, error: unknown): TrafficError {
  if (error instanceof TrafficError) return error;
  const word = oauthErrorOf(error);
  const problem = word === undefined ? (error instanceof Error ? error.message : 'it failed') : `the server answered ${word}`;
  log.warn('Credentials for an upstream could not be had', { upstream, problem });
  return new TrafficError('UPSTREAM_AUTH', `There are no credentials for ${upstream} to be had (${problem.replace(/\.$/, '')}).`, {
    facts: { upstream, may_have_executed: false },
  });
}
