/** What one listener believes: its issuers and API keys, compiled. Prepared apart and put into force by swapping one reference. */
import { hash } from 'node:crypto';
import type { IssuerConfig, ListenerConfig } from '../../../shared/config/schema.ts';
import type { Principal } from '../../pipeline/guard.ts';
import type { Clock, Logger } from '../../ports.ts';
import { outboundFetch, type OutboundFetch } from '../../support/outbound-fetch.ts';
import { apiKeys } from './api-keys.ts';
import { introspect, type Introspection } from './introspect.ts';
import { issuerKeys, type IssuerHealth, type IssuerKeys } from './issuer-keys.ts';
import { metadataAddress, resourceOf } from './protected-resource.ts';
import { tokenCache, type TokenCache } from './token-cache.ts';
import { bad, type GoodToken, type Verification } from './verification.ts';
import { unverifiedIssuer, verifyJwt } from './verify-jwt.ts';

/** Checks that go on at once. More is a flood of made-up tokens; those who come late are asked to come again. */
const MAX_CHECKS = 1000;

export interface ListenerAuth {
  readonly mode: 'strict' | 'optional';
  /** In lower case. */
  readonly apiKeyHeader: string;
  /** At once for what was seen lately, and for API keys. */
  verifyBearer(token: string): Verification | Promise<Verification>;
  findApiKey(key: string): Principal | undefined;
  /** Whether a token for these audiences may be used at the route: one that was given out for another route may not. */
  isMeantFor(token: GoodToken, routePath: string): boolean;
  /** For the challenge; undefined where clients have no issuer to go to. */
  metadataFor(routePath: string): string | undefined;
  /** How the issuers are reached, for the health report. Those that were never needed yet count as reachable. */
  health(): readonly IssuerHealth[];
}

export interface AuthDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Resolves a reference such as `${env:NAME}`. */
  readonly secret: (text: string) => Promise<string>;
  /** For documents of issuers; by default any address, as an operator wrote it. */
  readonly fetch?: OutboundFetch;
  /** What was in force for the listener of this name: keys and verified tokens of unchanged issuers are taken over. */
  readonly previous?: ListenerAuth | undefined;
}

/** Why a listener's `auth` cannot be used, as sentences. */
export class AuthProblems extends Error {
  override readonly name = 'AuthProblems';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join(' '));
    this.problems = problems;
  }
}

interface Carried {
  readonly issuers: ReadonlyMap<string, { readonly text: string; readonly keys: IssuerKeys }>;
  readonly cache: TokenCache;
}

/** What a later `prepareAuth` may take over from an earlier one. */
const carriedOf = new WeakMap<ListenerAuth, Carried>();

/** Undefined for a listener without `auth`. Throws `AuthProblems`; asks nobody anything. */
export function prepareAuth(listener: ListenerConfig, deps: AuthDeps): ListenerAuth | undefined {
  const { auth, publicUrl } = listener;
  if (auth === undefined) return undefined;
  const problems = problemsOf(listener);
  if (problems.length > 0 || publicUrl === undefined) throw new AuthProblems(problems);

  const { clock, log, secret, fetch = outboundFetch({ reach: 'anywhere' }) } = deps;
  const before = deps.previous === undefined ? undefined : carriedOf.get(deps.previous);
  const issuers = new Map(
    auth.issuers.map(config => {
      const { issuer, jwksUri } = config;
      const text = JSON.stringify(config);
      const known = before?.issuers.get(issuer);
      const keys = known !== undefined && known.text === text ? known.keys : issuerKeys({ issuer, jwksUri, clock, log, fetch });
      return [issuer, { config, text, keys }];
    }),
  );
  const cache = before?.cache.copy(({ by }) => issuers.get(by)?.keys === before.issuers.get(by)?.keys) ?? tokenCache(clock);
  const introspecting = auth.issuers.filter(isIntrospecting);
  const keys = apiKeys(auth.apiKeys);
  const resources = new Map(listener.routes.map(({ path }) => [resourceOf(publicUrl, path), path]));

  const verifyNew = async (token: string): Promise<Verification> => {
    const claimed = unverifiedIssuer(token);
    if (claimed !== undefined) {
      const issuer = issuers.get(claimed);
      return issuer === undefined ? bad('unknown_issuer') : verifyJwt({ token, config: issuer.config, keys: issuer.keys, clock });
    }
    return introspectInOrder(token, introspecting, { clock, log, fetch, secret });
  };
  const checks = new Map<string, Promise<Verification>>();
  const verifyOnce = (token: string, digest: string): Promise<Verification> => {
    const running = checks.get(digest);
    if (running !== undefined) return running;
    if (checks.size >= MAX_CHECKS) return Promise.resolve({ kind: 'unchecked', reason: 'too_many_checks', retryAfterMs: 1000 });
    const check = verifyNew(token)
      .then(verification => {
        if (verification.kind === 'good') cache.put(digest, verification);
        return verification;
      })
      .finally(() => checks.delete(digest));
    checks.set(digest, check);
    return check;
  };

  const prepared: ListenerAuth = {
    mode: auth.mode,
    apiKeyHeader: auth.apiKeyHeader.toLowerCase(),
    verifyBearer(token) {
      const digest = hash('sha256', token, 'base64');
      const cached = cache.get(digest);
      if (cached !== undefined) return cached;
      const principal = auth.apiKeys.length === 0 ? undefined : keys.find(Buffer.from(digest, 'base64'));
      if (principal !== undefined) return { kind: 'good', principal, by: principal.id, audiences: [] };
      if (issuers.size === 0) return bad('unknown_token');
      return verifyOnce(token, digest);
    },
    findApiKey: key => keys.find(hash('sha256', key, 'buffer')),
    isMeantFor(token, routePath) {
      if (token.principal.kind !== 'token') return true;
      // An audience that is no route of ours (a name that the operator chose) is good for all of them.
      return token.audiences.some(audience => (resources.get(audience) ?? routePath) === routePath);
    },
    metadataFor: routePath => (issuers.size === 0 ? undefined : metadataAddress(publicUrl, routePath)),
    health: () => [...issuers.values()].map(issuer => issuer.keys.health()),
  };
  carriedOf.set(prepared, { issuers, cache });
  return prepared;
}

type IntrospectingIssuer = Introspection['config'];

const isIntrospecting = (config: IssuerConfig): config is IntrospectingIssuer => config.introspection !== undefined;

/** The first issuer that knows the token vouches for it. A no of some is none while another could not be asked. */
async function introspectInOrder(
  token: string,
  issuers: readonly IntrospectingIssuer[],
  deps: Omit<Introspection, 'token' | 'config'>,
): Promise<Verification> {
  let result: Verification = bad('unknown_token');
  for (const config of issuers) {
    const verification = await introspect({ ...deps, token, config });
    if (verification.kind === 'good') return verification;
    if (result.kind !== 'unchecked') result = verification;
  }
  return result;
}

function problemsOf({ name, auth, publicUrl, tls }: ListenerConfig): string[] {
  if (auth === undefined) return [];
  const at = `listener ${name}:`;
  const issuers = auth.issuers.map(({ issuer }) => issuer);
  const keyIds = auth.apiKeys.map(({ id }) => id);
  const takesOthers = auth.mode === 'optional' || (tls?.clientCertificates ?? 'none') !== 'none';
  return [
    ...(publicUrl === undefined ? [`${at} auth needs publicUrl, because tokens are bound to the address that clients dial.`] : []),
    ...(issuers.length + keyIds.length === 0 && !takesOthers
      ? [`${at} auth names neither issuers nor apiKeys, so nobody could get in.`]
      : []),
    ...repeated(issuers).map(issuer => `${at} the issuer ${issuer} is there twice; list all its audiences in one entry.`),
    ...repeated(keyIds).map(id => `${at} the API key ${id} is there twice.`),
    ...(auth.apiKeyHeader.toLowerCase() === 'authorization' ? [`${at} apiKeyHeader is another header than Authorization.`] : []),
  ];
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))];
}
