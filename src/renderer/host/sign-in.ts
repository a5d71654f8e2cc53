/** Trades the one-time token of the address bar for a session cookie; the token never stays in the address. */

const TOKEN_PREFIX = '#token=';

/** Takes the token out of the fragment, if there is one, and cleans the address bar before anything else can read it. */
export function takeToken(location: Location, history: History): string | undefined {
  if (!location.hash.startsWith(TOKEN_PREFIX)) return undefined;
  const token = decodeURIComponent(location.hash.slice(TOKEN_PREFIX.length));
  history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

export type SignIn = 'signed-in' | 'refused' | 'unreachable';

/** Sends the token to the host, which answers with an HttpOnly cookie. */
export async function signIn(token: string): Promise<SignIn> {
  try {
    const response = await fetch('/auth', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
      credentials: 'same-origin',
    });
    if (response.ok) return 'signed-in';
    return response.status === 401 || response.status === 403 ? 'refused' : 'unreachable';
  } catch {
    return 'unreachable';
  }
}

/** Asks whether the cookie of an earlier visit still holds; a WebSocket refused at its handshake does not tell why. */
export async function isSignedIn(): Promise<SignIn> {
  try {
    const response = await fetch('/auth', { credentials: 'same-origin' });
    return response.status === 401 || response.status === 403 ? 'refused' : 'signed-in';
  } catch {
    return 'unreachable';
  }
}
