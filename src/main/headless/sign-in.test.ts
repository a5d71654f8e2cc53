/** Tokens and cookies, and their bounds. */
import { expect, test } from 'vitest';
import { signIn } from './sign-in.ts';

const fresh = () => signIn({ secret: 'secret', port: 7390 });
const cookieOf = (setCookie: string | undefined) => setCookie?.split(';')[0] ?? '';

test('a token is good for one session, which holds while the host lives', () => {
  const door = fresh();
  const token = door.mintToken();
  const cookie = cookieOf(door.redeem(token));
  expect(door.redeem(token)).toBeUndefined();
  expect(door.isSignedIn(`a=b; ${cookie}; c=d`)).toBe(true);
  expect(door.isSignedIn(cookie.replace('7390', '7391'))).toBe(false);
  expect(door.isSignedIn(undefined)).toBe(false);
  expect(fresh().isSignedIn(cookie)).toBe(false);
});

test('of many unused tokens the oldest die, of many sessions the oldest end', () => {
  const door = fresh();
  const tokens = Array.from({ length: 40 }, () => door.mintToken());
  expect(door.redeem(tokens[0] ?? '')).toBeUndefined();
  expect(door.redeem(tokens[39] ?? '')).toBeDefined();
  const cookies = Array.from({ length: 130 }, () => cookieOf(door.redeem(door.mintToken())));
  expect(door.isSignedIn(cookies[0])).toBe(false);
  expect(door.isSignedIn(cookies[129])).toBe(true);
});

test('only the very secret is the secret', () => {
  const door = fresh();
  expect(door.isHostSecret('Bearer secret')).toBe(true);
  for (const wrong of ['secret', 'Bearer secre', 'Bearer secret2', 'Basic secret', 'Bearer ', '', undefined])
    expect(door.isHostSecret(wrong)).toBe(false);
});
