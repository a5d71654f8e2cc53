/** Our own credentials towards one upstream, whatever kind the configuration names. */
import type { CredentialsConfig } from '../../../shared/config/schema.ts';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';
import { outboundFetch, type OutboundFetch } from '../../support/outbound-fetch.ts';
import { heldToken } from './held-token.ts';
import { staticCredentials } from './static-credentials.ts';
import { askTokenEndpoint } from './token-endpoint.ts';
import { tokenExchange, type CredentialsPrincipal } from './token-exchange.ts';

export interface UpstreamCredentialsDeps {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Resolves a reference such as `${env:NAME}`. */
  readonly secret: (text: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
  /** For token endpoints; by default any address, as an operator wrote it. */
  readonly fetch?: OutboundFetch;
  /** The tokens of who signed in; absent where nobody can. */
  readonly signIn?: (upstream: string) => HeldCredentials;
}

/** Fits the pipeline's `UpstreamCredentials`. */
export interface HeldCredentials {
  headers(principal: CredentialsPrincipal): readonly string[] | Promise<readonly string[]>;
  rejected(principal: CredentialsPrincipal): boolean;
}

/** Asks nobody anything until the first request needs them. */
export function upstreamCredentials(config: CredentialsConfig, deps: UpstreamCredentialsDeps): HeldCredentials {
  const { upstream, clock, log } = deps;
  const endpointDeps = { ...deps, fetch: deps.fetch ?? outboundFetch({ reach: 'anywhere', timeoutMs: 10_000 }) };
  if ('bearer' in config) return staticCredentials({ name: 'Authorization', text: config.bearer, isBearer: true }, deps);
  if ('header' in config) return staticCredentials({ name: config.header.name, text: config.header.value, isBearer: false }, deps);
  if ('tokenExchange' in config) return tokenExchange(config.tokenExchange, endpointDeps);
  if ('clientCredentials' in config) {
    const ask = askTokenEndpoint(config.clientCredentials, endpointDeps);
    const held = heldToken({ upstream, clock, log, obtain: () => ask('client_credentials') });
    return { headers: () => held.fields(), rejected: () => held.rejected() };
  }
  return deps.signIn?.(upstream) ?? noSignIn(upstream);
}

function noSignIn(upstream: string): HeldCredentials {
  return {
    headers() {
      throw new TrafficError('UPSTREAM_AUTH', `${upstream} needs somebody to sign in, which this host offers nobody.`);
    },
    rejected: () => false,
  };
}
