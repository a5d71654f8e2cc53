import { expect, test } from 'vitest';
import { principalOfClaims } from './principal-of-claims.ts';
import { tokenCache } from './token-cache.ts';
import type { GoodToken } from './verification.ts';

const of = (claims: Record<string, unknown>, rolesClaim = 'roles') =>
  principalOfClaims({ issuer: 'https://idp.example', claims, rolesClaim, token: 't' });

test('scopes and roles are read as issuers write them: text or list, by name or by path', () => {
  expect(of({ sub: 'a', scope: 'x y', scp: ['y', 'z'] })?.scopes).toEqual(['x', 'y', 'z']);
  expect(of({ sub: 'a', roles: 'admin' })?.roles).toEqual(['admin']);
  expect(of({ sub: 'a', realm_access: { roles: ['admin', 7] } }, 'realm_access.roles')?.roles).toEqual(['admin']);
  expect(of({ sub: 'a', 'https://idp.example/roles': ['ops'] }, 'https://idp.example/roles')?.roles).toEqual(['ops']);
  for (const path of ['missing', 'sub.length', 'constructor.name', '__proto__.x']) expect(of({ sub: 'a' }, path)?.roles).toEqual([]);
});

test('the id tells issuers, and people from programs, apart, and does not show the name', () => {
  const ids = [
    of({ sub: 'ada' })?.id,
    of({ client_id: 'ada' })?.id,
    principalOfClaims({ issuer: 'https://other.example', claims: { sub: 'ada' }, rolesClaim: 'roles', token: 't' })?.id,
  ];
  expect(new Set(ids).size).toBe(3);
  expect(of({ sub: 'ada' })?.id).toBe(ids[0]);
  expect(ids.join()).not.toContain('ada');
  expect(of({})).toBeUndefined();
});

test('the cache keeps ten thousand tokens and drops the oldest, and holds nothing beyond its expiry', () => {
  let nowAt = 1000;
  const cache = tokenCache({ now: () => nowAt, monotonicUs: () => 0 });
  const token = (expiresAt?: number): GoodToken => ({
    kind: 'good',
    principal: of({ sub: 'a' }) as GoodToken['principal'],
    by: 'i',
    audiences: [],
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  for (let at = 0; at < 10_001; at += 1) cache.put(`t${at}`, token());
  expect([cache.size, cache.get('t0'), cache.get('t1')?.kind]).toEqual([10_000, undefined, 'good']);
  cache.put('brief', token(1500));
  cache.put('past', token(1000));
  expect([cache.get('brief')?.kind, cache.get('past')]).toEqual(['good', undefined]);
  nowAt = 1500;
  expect(cache.get('brief')).toBeUndefined();
  nowAt = 60_999;
  expect(cache.get('t5')?.kind).toBe('good');
  nowAt = 61_000;
  expect(cache.get('t5')).toBeUndefined();
});
