/** What a listener asks its clients for. */
import type { ListenerConfig } from './schema.ts';

export const authWords = ['required', 'optional', 'none'] as const;
export type AuthWord = (typeof authWords)[number];

type Asking = Pick<ListenerConfig, 'auth' | 'tls'>;

/** `optional`: who sends credentials is known by them, everybody else is anonymous. `none` also where nobody could be known. */
export function authWord(listener: Asking): AuthWord {
  const { auth } = listener;
  if (auth === undefined) return 'none';
  if (auth.mode === 'strict') return 'required';
  return knowsSomebody(listener) ? 'optional' : 'none';
}

/** Somebody could send credentials. */
export function knowsSomebody({ auth, tls }: Asking): boolean {
  if ((tls?.clientCertificates ?? 'none') !== 'none') return true;
  return auth !== undefined && auth.issuers.length + auth.apiKeys.length > 0;
}
