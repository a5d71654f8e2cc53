/** Checks a token that is a JWT: signature, algorithm, issuer, audience, times, kind. */
import { errors, jwtVerify, type JWTPayload, type LocalJWKSet, type ProtectedHeaderParameters } from 'jose';
import type { IssuerConfig } from '../../../shared/config/schema.ts';
import type { Clock } from '../../ports.ts';
import { IssuerUnreachable, type IssuerKeys } from './issuer-keys.ts';
import { principalOfClaims } from './principal-of-claims.ts';
import { bad, type BadTokenReason, type Verification } from './verification.ts';

/** Clocks of two machines differ by so much at most. */
export const SKEW_S = 5;

/** RFC 9068 names access tokens `at+jwt`; older issuers say `JWT` or nothing. Others (`logout+jwt`, `dpop+jwt` …) prove something else. */
const accessTokenTypes = new Set(['at+jwt', 'application/at+jwt', 'jwt', 'application/jwt']);

/** What stands in a token before anybody vouched for it; undefined for what is no signed JWT. */
export function unverifiedIssuer(token: string): string | undefined {
  const [header, payload, signature, more] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) return undefined;
  const alg = memberOf(header, 'alg');
  return typeof alg === 'string' ? textOf(memberOf(payload, 'iss')) : undefined;
}

export interface JwtCheck {
  readonly token: string;
  readonly config: IssuerConfig;
  readonly keys: IssuerKeys;
  readonly clock: Clock;
}

export async function verifyJwt({ token, config, keys, clock }: JwtCheck): Promise<Verification> {
  const { issuer } = config;
  // Before any key is asked for: `none` and the HS family are no reason to bother the issuer.
  const { algorithms, audiences } = config;
  const header = headerOf(token);
  if (!(algorithms as readonly string[]).includes(textOf(header?.alg) ?? '')) return bad('algorithm_not_allowed', issuer);
  if (header?.typ !== undefined && !accessTokenTypes.has(String(header.typ).toLowerCase())) return bad('wrong_type', issuer);
  const check = (set: LocalJWKSet) =>
    verifyWith(set, token, {
      algorithms,
      issuer,
      audience: audiences,
      clockTolerance: SKEW_S,
      requiredClaims: ['exp'],
      currentDate: new Date(clock.now()),
    });
  try {
    return verified(config, token, await check(await keys.current()));
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) return judged(error, issuer);
  }
  try {
    const newer = await keys.newer();
    return newer === undefined ? bad('unknown_key', issuer) : verified(config, token, await check(newer));
  } catch (error) {
    return judged(error, issuer);
  }
}

/** A token without a key id may fit several keys: each is tried. */
async function verifyWith(set: LocalJWKSet, token: string, options: Parameters<typeof jwtVerify>[2]): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, set, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (attempt) {
        if (!(attempt instanceof errors.JWSSignatureVerificationFailed)) throw attempt;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function verified(config: IssuerConfig, token: string, claims: JWTPayload): Verification {
  const { issuer, audiences, rolesClaim } = config;
  const principal = principalOfClaims({ issuer, claims, rolesClaim, token });
  if (principal === undefined) return bad('no_subject', issuer);
  const bound = boundCertificate(claims);
  if (bound === null) return bad('bound_token', issuer);
  return {
    kind: 'good',
    principal,
    by: issuer,
    audiences: [claims.aud ?? []].flat().filter(audience => audiences.includes(audience)),
    expiresAt: (claims.exp as number) * 1000,
    ...(bound === undefined ? {} : { certificate: bound }),
  };
}

/** RFC 7800: a token with `cnf` is worth nothing without the proof. Certificates (RFC 8705) can be compared; null stands for all else, such as DPoP. */
export function boundCertificate(claims: Readonly<Record<string, unknown>>): string | null | undefined {
  const { cnf } = claims;
  if (cnf === undefined) return undefined;
  const thumbprint = typeof cnf === 'object' && cnf !== null ? (cnf as Record<string, unknown>)['x5t#S256'] : undefined;
  return typeof thumbprint === 'string' && Object.keys(cnf as object).length === 1 ? thumbprint : null;
}

function judged(error: unknown, issuer: string): Verification {
  if (error instanceof IssuerUnreachable)
    return { kind: 'unchecked', reason: 'issuer_unreachable', retryAfterMs: error.retryAfterMs, by: issuer };
  // Whatever else is no answer about the token is a defect, and refused as one.
  if (!(error instanceof errors.JOSEError)) throw error;
  return bad(reasonOf(error), issuer);
}

const reasonByCode: Readonly<Record<string, BadTokenReason>> = {
  ERR_JWKS_NO_MATCHING_KEY: 'unknown_key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'bad_signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm_not_allowed',
  ERR_JOSE_NOT_SUPPORTED: 'algorithm_not_allowed',
  ERR_JWT_EXPIRED: 'expired',
};

const reasonByClaim: Readonly<Record<string, BadTokenReason>> = {
  aud: 'wrong_audience',
  iss: 'unknown_issuer',
  exp: 'no_expiry',
  nbf: 'not_yet_valid',
};

function reasonOf(error: errors.JOSEError): BadTokenReason {
  if (error instanceof errors.JWTClaimValidationFailed) return reasonByClaim[error.claim] ?? 'malformed_token';
  return reasonByCode[error.code] ?? 'malformed_token';
}

function headerOf(token: string): ProtectedHeaderParameters | undefined {
  return objectOf(token.slice(0, token.indexOf('.'))) as ProtectedHeaderParameters | undefined;
}

function memberOf(part: string, name: string): unknown {
  const object = objectOf(part);
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

function objectOf(part: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
