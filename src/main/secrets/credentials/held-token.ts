/**
 * One access token that is got when it is needed, kept until shortly before it expires, and renewed in the background.
 * Everybody who waits, waits for the same request.
 */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';

export interface ObtainedToken {
  readonly accessToken: string;
  /** Epoch ms; absent where the server did not say. */
  readonly expiresAt?: number;
}

export interface HeldToken {
  /** `Authorization` and its value, flat. At once while a token is good. Rejects with UPSTREAM_AUTH when none is to be had. */
  fields(): readonly string[] | Promise<readonly string[]>;
  /** The upstream refused it. True when asking again with another one is worth it. */
  rejected(): boolean;
  /** A token that came another way. */
  put(token: ObtainedToken): void;
  clear(): void;
}

export interface HeldTokenDeps {
  /** Whose credentials these are, for errors. */
  readonly upstream: string;
  readonly obtain: () => Promise<ObtainedToken>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** RFC 6749 leaves the lifetime open; a token that lives shorter is replaced when the upstream refuses it. */
const ASSUMED_LIFE_MS = 5 * 60_000;
/** Renewed in the background from then on, and not used any more in the last moments: it has a way to go. */
const RENEW_BEFORE_MS = 60_000;
const UNUSED_BEFORE_MS = 5000;
/** After a failure: those who come meanwhile get the same answer. */
const FAILED_MS = 1000;
const RENEWAL_FAILED_MS = 10_000;
/** A token that is refused so soon will be refused again when it is fetched again. */
const YOUNG_MS = 5000;

interface Current {
  readonly fields: readonly string[];
  readonly obtainedAt: number;
  readonly renewAt: number;
  readonly unusedAt: number;
  /** It came in the place of one that the upstream had refused. */
  readonly isReplacement: boolean;
}

export function heldToken({ upstream, obtain, clock, log }: HeldTokenDeps): HeldToken {
  let current: Current | undefined;
  let obtaining: Promise<readonly string[]> | undefined;
  let failure: { readonly error: unknown; readonly until: number } | undefined;
  let renewalPausedUntil = 0;
  let wasRefused = false;

  const take = ({ accessToken, expiresAt }: ObtainedToken): Current => {
    const obtainedAt = clock.now();
    const lifeMs = Math.max(0, (expiresAt ?? obtainedAt + ASSUMED_LIFE_MS) - obtainedAt);
    const endsAt = obtainedAt + lifeMs;
    const taken: Current = {
      fields: ['Authorization', bearerOf(accessToken, upstream)],
      obtainedAt,
      renewAt: endsAt - Math.min(RENEW_BEFORE_MS, lifeMs / 5),
      unusedAt: endsAt - Math.min(UNUSED_BEFORE_MS, lifeMs / 10),
      isReplacement: wasRefused,
    };
    wasRefused = false;
    return taken;
  };
  const fetchNew = (): Promise<readonly string[]> => {
    if (obtaining !== undefined) return obtaining;
    const mine = obtain()
      .then(token => {
        const taken = take(token);
        if (obtaining === mine) current = taken;
        failure = undefined;
        return taken.fields;
      })
      .catch((error: unknown) => {
        failure = { error, until: clock.now() + FAILED_MS };
        throw error;
      })
      .finally(() => {
        if (obtaining === mine) obtaining = undefined;
      });
    obtaining = mine;
    return mine;
  };
  /** Whatever was under way is of no interest any more: what it brings must not replace what stands now. */
  const begin = () => {
    obtaining = undefined;
    failure = undefined;
  };
  const renew = () => {
    if (obtaining !== undefined || clock.now() < renewalPausedUntil) return;
    fetchNew().catch((error: unknown) => {
      renewalPausedUntil = clock.now() + RENEWAL_FAILED_MS;
      log.warn('A token could not be renewed; the one at hand is used until it expires', { upstream, problem: problemOf(error) });
    });
  };

  return {
    fields() {
      const now = clock.now();
      if (current !== undefined && now < current.unusedAt) {
        if (now >= current.renewAt) renew();
        return current.fields;
      }
      if (obtaining === undefined && failure !== undefined && now < failure.until) return Promise.reject(failure.error);
      return fetchNew();
    },
    rejected() {
      if (current === undefined) return obtaining !== undefined;
      if (clock.now() - current.obtainedAt < YOUNG_MS) return current.isReplacement;
      current = undefined;
      wasRefused = true;
      return true;
    },
    put(token) {
      begin();
      current = take(token);
    },
    clear() {
      begin();
      current = undefined;
    },
  };
}

/** A token is visible ASCII (RFC 6750, 2.1); anything else could end the field and begin another. */
export function bearerOf(token: string, upstream: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new TrafficError('UPSTREAM_AUTH', `The token for ${upstream} holds characters that no token has.`);
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : 'It failed.');
