/** Turns the claims of a token, which somebody vouched for, into the principal that the other stages see. */
import { createHash } from 'node:crypto';
import type { Principal } from '../../pipeline/guard.ts';

export interface ClaimsOf {
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly rolesClaim: string;
  readonly token: string;
}

/** Undefined when the token names nobody: then there is nobody to count, allow or blame. */
export function principalOfClaims({ issuer, claims, rolesClaim, token }: ClaimsOf): Principal | undefined {
  const sub = text(claims.sub);
  const client = text(claims.client_id) ?? text(claims.azp);
  // RFC 9068 asks for `sub`; tokens that a program got for itself lack it at some issuers. The kinds never mix.
  const who = sub === undefined ? (client === undefined ? undefined : `client\n${client}`) : `sub\n${sub}`;
  if (who === undefined) return undefined;
  return {
    kind: 'token',
    id: hashOf(`${issuer}\n${who}`),
    sub: sub ?? (client as string),
    iss: issuer,
    scopes: scopesOf(claims),
    roles: words(claimAt(claims, rolesClaim)),
    claims,
    token,
  };
}

/** 128 bits of SHA-256 in hexadecimal: stable, short enough for a log line, and it does not show the name. */
export function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 32);
}

/** `scope` (RFC 8693, 4.2) and the `scp` of some issuers, as text or list. */
function scopesOf(claims: Readonly<Record<string, unknown>>): readonly string[] {
  return [...new Set([...words(claims.scope), ...words(claims.scp)])];
}

/** A claim with that very name (names may have dots: `https://idp.example/roles`), else the path (`realm_access.roles`). */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function words(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter(word => word !== '');
  return Array.isArray(value) ? value.filter(word => typeof word === 'string') : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
