/** Asks an issuer about an opaque token (RFC 7662). */
import type { IssuerConfig } from '../../../shared/config/schema.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { jsonObject, wordsOf } from './json-document.ts';
import { principalOfClaims } from './principal-of-claims.ts';
import { bad, type Verification } from './verification.ts';
import { boundCertificate, SKEW_S } from './verify-jwt.ts';

/** An issuer that did not answer is worth another try after so long. */
const RETRY_MS = 5000;

export interface Introspection {
  readonly token: string;
  readonly config: IssuerConfig & { readonly introspection: NonNullable<IssuerConfig['introspection']> };
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: OutboundFetch;
  readonly secret: (text: string) => Promise<string>;
}

export async function introspect(asked: Introspection): Promise<Verification> {
  const { issuer } = asked.config;
  let claims: Record<string, unknown>;
  try {
    claims = await ask(asked);
  } catch (error) {
    asked.log.warn('An issuer could not be asked about a token', { issuer, problem: wordsOf(error) });
    return { kind: 'unchecked', reason: 'issuer_unreachable', retryAfterMs: RETRY_MS, by: issuer };
  }
  if (claims.active !== true) return bad('inactive', issuer);
  return judged(asked, claims);
}

async function ask({ token, config, fetch, secret }: Introspection): Promise<Record<string, unknown>> {
  const { endpoint, clientId, clientSecret } = config.introspection;
  const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(await secret(clientSecret))}`).toString('base64');
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
  });
  return jsonObject(response, 'question about a token');
}

/** The issuer vouches for the token; that it is meant for us, and still good, is for us to see. */
function judged({ token, config, clock }: Introspection, claims: Record<string, unknown>): Verification {
  const { issuer, audiences, rolesClaim } = config;
  const nowS = clock.now() / 1000;
  if (claims.iss !== undefined && claims.iss !== issuer) return bad('unknown_issuer', issuer);
  const accepted = [claims.aud ?? []].flat().filter((audience): audience is string => audiences.includes(audience as string));
  // RFC 7662 leaves `aud` open; without it a token for anybody else would do as well.
  if (accepted.length === 0) return bad('wrong_audience', issuer);
  if (claims.exp !== undefined && !(typeof claims.exp === 'number' && claims.exp > nowS - SKEW_S)) return bad('expired', issuer);
  if (claims.nbf !== undefined && !(typeof claims.nbf === 'number' && claims.nbf <= nowS + SKEW_S)) return bad('not_yet_valid', issuer);
  const bound = boundCertificate(claims);
  if (bound === null) return bad('bound_token', issuer);
  const principal = principalOfClaims({ issuer, claims, rolesClaim, token });
  if (principal === undefined) return bad('no_subject', issuer);
  return {
    kind: 'good',
    principal,
    by: issuer,
    audiences: accepted,
    ...(typeof claims.exp === 'number' ? { expiresAt: claims.exp * 1000 } : {}),
    ...(bound === undefined ? {} : { certificate: bound }),
  };
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function formEncoded(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice(2);
}
