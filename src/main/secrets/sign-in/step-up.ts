/** When a server says that a sign-in may not do enough (403 `insufficient_scope`): what to ask for next time, and when asking is of no use. */
import { bearerChallenge } from './parse-challenge.ts';
import type { SignInConfig } from './sign-in-config.ts';
import type { SignedIn } from './signed-in.ts';

export interface Lack {
  /** Scopes that the server wants and the sign-in did not ask for, separated by spaces; empty where it asked for all of them. */
  readonly missing: string;
  /** In words. */
  readonly text: string;
}

/** Beyond this a server asks for nonsense, and what it asks for is left out. */
const MAX_CHARS = 2000;

/** Undefined when the field says nothing about scopes: then the 403 has another reason. */
export function lackOf(challenge: string | undefined, signedIn: SignedIn, config: SignInConfig): Lack | undefined {
  const parameters = bearerChallenge(challenge ?? null);
  if (parameters?.get('error') !== 'insufficient_scope') return undefined;
  const wanted = wordsOf(parameters.get('scope'));
  const had = wordsOf(askedBefore(signedIn));
  const missing = wanted.filter(word => !had.includes(word)).join(' ');
  if (wanted.length === 0) return { missing, text: 'wants more rights than the sign-in has, and does not say which.' };
  if (missing === '')
    return { missing, text: `wants ${wanted.join(' ')}, which the sign-in asked for already; only its issuer can grant that.` };
  const next =
    config.scope === undefined
      ? 'Somebody has to sign in again, and will be asked for that, too.'
      : 'Add that to the scope of its signIn, and sign in again.';
  return { missing, text: `wants ${missing}, which the sign-in did not ask for. ${next}` };
}

/** Every word once, in the order in which they came. */
export function scopesTogether(...scopes: readonly (string | undefined)[]): string | undefined {
  const words = new Set(scopes.flatMap(scope => wordsOf(scope)));
  let together = '';
  for (const word of words) if (together.length + word.length < MAX_CHARS) together += together === '' ? word : ` ${word}`;
  return together === '' ? undefined : together;
}

/** A server may grant something else than what was asked; asking again for both loses nothing. */
export function askedBefore({ requestedScope, scope }: SignedIn): string | undefined {
  return scopesTogether(requestedScope, scope);
}

/** RFC 6749, 3.3: visible ASCII without quotes and backslashes. What is no scope is not shown to a person either. */
function wordsOf(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter(word => /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(word));
}
