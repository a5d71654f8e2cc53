/** Tokens that were found good, by hash, so that the usual request checks no signature and waits for nobody. */
import type { Clock } from '../../ports.ts';
import type { GoodToken } from './verification.ts';

/** A token that its issuer revoked is believed for so long at most. */
const MAX_AGE_MS = 60_000;
/** The oldest goes first; it costs its owner one more check. */
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly token: GoodToken;
  readonly until: number;
}

export interface TokenCache {
  get(hash: string): GoodToken | undefined;
  put(hash: string, token: GoodToken): void;
  /** Those that `keeps` says yes to, in a cache of their own. */
  copy(keeps: (token: GoodToken) => boolean): TokenCache;
  readonly size: number;
}

export function tokenCache(clock: Clock, entries = new Map<string, Entry>()): TokenCache {
  return {
    get(hash) {
      const entry = entries.get(hash);
      if (entry === undefined) return undefined;
      if (clock.now() < entry.until) return entry.token;
      entries.delete(hash);
      return undefined;
    },
    put(hash, token) {
      const now = clock.now();
      const until = Math.min(now + MAX_AGE_MS, token.expiresAt ?? Infinity);
      entries.delete(hash);
      // Past its expiry, though within the skew that is forgiven: good once, and looked at again next time.
      if (until <= now) return;
      if (entries.size >= MAX_ENTRIES) entries.delete(entries.keys().next().value as string);
      entries.set(hash, { token, until });
    },
    copy: keeps => tokenCache(clock, new Map([...entries].filter(([, entry]) => keeps(entry.token)))),
    get size() {
      return entries.size;
    },
  };
}
