import { describe, expect, test } from 'vitest';
import type { SignInConfig } from './sign-in-config.ts';
import type { SignedIn } from './signed-in.ts';
import { askedBefore, lackOf, scopesTogether } from './step-up.ts';

const signedIn = { requestedScope: 'read offline_access', scope: 'read' } as SignedIn;
const config: SignInConfig = { allowPrivate: false };
const challenge = (scope: string) => `Bearer error="insufficient_scope", scope="${scope}"`;
const lack = (field: string | undefined, more: Partial<SignInConfig> = {}) => lackOf(field, signedIn, { ...config, ...more });

describe('what is missing', () => {
  test('is what the server wants and the sign-in did not ask for', () => {
    expect(lack(challenge('read write admin'))).toEqual({ missing: 'write admin', text: expect.stringContaining('sign in again') });
    expect(lack(challenge('write'), { scope: 'read' })?.text).toContain('Add that to the scope');
  });

  test('is nothing where the sign-in asked for all of it: the next one would end the same way', () => {
    expect(lack(challenge('read'))).toEqual({ missing: '', text: expect.stringContaining('only its issuer can grant') });
    expect(lack('Bearer error="insufficient_scope"')).toEqual({ missing: '', text: expect.stringContaining('does not say which') });
  });

  test('is no matter of scopes in any other 403', () => {
    for (const field of [undefined, 'Bearer', 'Bearer error="invalid_token", scope="write"', 'Basic realm="x"'])
      expect(lack(field)).toBe(undefined);
  });

  test('is only what can be a scope', () => {
    expect(lack('Bearer error=insufficient_scope, scope="wri\\"te \u0007 ok"')?.missing).toBe('ok');
    expect(lack(challenge('x'.repeat(201)))?.missing).toBe('');
  });
});

test('scopes come together once each, in their order, up to a bound', () => {
  expect(scopesTogether('a b', undefined, 'b c')).toBe('a b c');
  expect(scopesTogether('', undefined)).toBe(undefined);
  expect(askedBefore(signedIn)).toBe('read offline_access');
  const many = Array.from({ length: 1000 }, (_, at) => `scope${at}`).join(' ');
  expect(scopesTogether(many)?.length).toBeLessThan(2010);
});
