/** How a browser proves that a person of this machine sent it: a token that works once becomes a cookie that scripts cannot read. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A person prints a few addresses, not hundreds; the oldest unused token dies first. */
const MAX_TOKENS = 32;
/** One per browser profile that opened the page; the oldest is signed out first. */
const MAX_SESSIONS = 128;

export interface SignIn {
  /** A token for one sign-in. */
  mintToken(): string;
  /** Spends the token. Returns the `Set-Cookie` header, or `undefined` when the token is wrong or spent. */
  redeem(token: string): string | undefined;
  /** Whether a `Cookie` header carries a session of ours. */
  isSignedIn(cookieHeader: string | undefined): boolean;
  /** Whether an `Authorization` header carries the host's secret. */
  isHostSecret(authorization: string | undefined): boolean;
}

/** `port` names the cookie: cookies ignore ports, and two hosts on one machine must not sign each other out. */
export function signIn({ secret, port }: { secret: string; port: number }): SignIn {
  const cookieName = `shadowcat-${port}`;
  const secretDigest = digest(secret);
  const tokens: Buffer[] = [];
  const sessions: Buffer[] = [];
  const mint = (into: Buffer[], cap: number) => {
    const value = randomBytes(32).toString('base64url');
    into.push(digest(value));
    if (into.length > cap) into.shift();
    return value;
  };
  return {
    mintToken: () => mint(tokens, MAX_TOKENS),
    redeem(token) {
      const at = indexOf(tokens, token);
      if (at === -1) return undefined;
      tokens.splice(at, 1);
      return `${cookieName}=${mint(sessions, MAX_SESSIONS)}; HttpOnly; SameSite=Strict; Path=/`;
    },
    isSignedIn: cookieHeader => cookieValues(cookieHeader, cookieName).some(value => indexOf(sessions, value) !== -1),
    isHostSecret(authorization) {
      const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
      return given !== undefined && timingSafeEqual(digest(given), secretDigest);
    },
  };
}

/** Values are compared by digest, all of them: neither length nor a first byte shows in the time it takes. */
function indexOf(digests: readonly Buffer[], value: string): number {
  const wanted = digest(value);
  return digests.reduce((found, known, at) => (timingSafeEqual(known, wanted) ? at : found), -1);
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function cookieValues(header: string | undefined, name: string): string[] {
  const pairs = (header ?? '').split(';').map(pair => pair.trim());
  return pairs.filter(pair => pair.startsWith(`${name}=`)).map(pair => pair.slice(name.length + 1));
}
