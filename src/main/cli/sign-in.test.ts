/** What is said of a sign-in, and which one counts. */
import { expect, test } from 'vitest';
import type { SignInStatus } from '../../shared/model/gateway-desk.ts';
import { newSignIn, stateText } from './sign-in.ts';

const at = new Date(2026, 10, 22, 8, 0, 0).getTime();
const signedIn: SignInStatus = {
  kind: 'signed-in',
  issuer: 'https://idp.example',
  signedInAt: at,
  expiresAt: at + 1000,
  isRenewable: false,
};
const signedOut: SignInStatus = { kind: 'signed-out' };

test.each<[string, SignInStatus]>([
  ['Nobody is signed in to web.', signedOut],
  ['Nobody is signed in to web. The sign-in has expired.', { ...signedOut, problem: 'The sign-in has expired.' }],
  ['Somebody is signing in to web, at https://idp.example/a', { kind: 'signing-in', authorizationUrl: 'https://idp.example/a' }],
  ['Signed in to web at https://idp.example, since 2026-11-22 08:00:00, until 2026-11-22 08:00:01.', signedIn],
  ['Signed in to web at https://idp.example, since 2026-11-22 08:00:00.', { ...signedIn, isRenewable: true }],
])('%s', (text, state) => {
  expect(stateText('web', state)).toBe(text);
});

test('only a new sign-in counts as one', () => {
  const again = { ...signedIn, signedInAt: at + 5 };
  expect(newSignIn(signedOut, signedIn)).toBe(signedIn);
  expect(newSignIn(signedIn, again)).toBe(again);
  expect(() => newSignIn(signedIn, signedIn)).toThrow('the sign-in of before goes on');
  expect(() => newSignIn(signedOut, { ...signedOut, problem: 'The person said no.' })).toThrow('The person said no.');
  expect(() => newSignIn(signedOut, signedOut)).toThrow('Nobody signed in.');
});
