/**
 * The public keys of one issuer, kept ten minutes. A key that is not among them is asked for again at most every 30 s, so
 * that made-up key ids do not become requests to the issuer; known keys go on working while the issuer is down.
 */
import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import type { Clock, Logger } from '../../ports.ts';
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { discoverJwksUri } from './issuer-metadata.ts';
import { jsonObject, wordsOf } from './json-document.ts';

const FRESH_MS = 10 * 60_000;
/** From this age on they are asked for again without anybody waiting, so that a busy gateway never waits. */
const AGING_MS = 8 * 60_000;
const UNKNOWN_KEY_MS = 30_000;
/** After a failure: often enough to recover soon, seldom enough not to hammer a server that is coming up. */
const FAILED_MS = 5000;

export interface IssuerKeys {
  /** The keys, at once or after asking. Rejects with `IssuerUnreachable` when none are known and none can be had. */
  current(): LocalJWKSet | Promise<LocalJWKSet>;
  /** After a token named a key that is not there: newer ones, or undefined when asking again would be too soon. */
  newer(): Promise<LocalJWKSet | undefined>;
  health(): IssuerHealth;
}

export interface IssuerHealth {
  readonly issuer: string;
  readonly isReachable: boolean;
  readonly keyCount: number;
  /** Epoch ms of the last successful answer. */
  readonly fetchedAt?: number;
  readonly problem?: string;
}

export class IssuerUnreachable extends Error {
  override readonly name = 'IssuerUnreachable';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface IssuerKeysDeps {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: OutboundFetch;
}

export function issuerKeys(deps: IssuerKeysDeps): IssuerKeys {
  const { issuer, clock, log } = deps;
  let known: { readonly keys: LocalJWKSet; readonly count: number; readonly fetchedAt: number } | undefined;
  let failed: { readonly at: number; readonly problem: string } | undefined;
  let asking: Promise<LocalJWKSet> | undefined;
  let unknownKeyAt = -Infinity;

  const ask = (): Promise<LocalJWKSet> => {
    asking ??= fetchKeys(deps)
      .then(
        ({ keys, count }) => {
          known = { keys, count, fetchedAt: clock.now() };
          failed = undefined;
          return keys;
        },
        (error: unknown) => {
          failed = { at: clock.now(), problem: wordsOf(error) };
          log.warn('The keys of an issuer could not be had', { issuer, problem: failed.problem, hasOlderKeys: known !== undefined });
          throw new IssuerUnreachable(failed.problem, FAILED_MS, { cause: error });
        },
      )
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  /** How long until asking again is allowed after a failure. */
  const pauseMs = () => (failed === undefined ? 0 : Math.max(0, failed.at + FAILED_MS - clock.now()));

  return {
    current() {
      if (known === undefined) {
        if (failed !== undefined && asking === undefined && pauseMs() > 0)
          return Promise.reject(new IssuerUnreachable(failed.problem, pauseMs()));
        return ask();
      }
      const { keys, fetchedAt } = known;
      const ageMs = clock.now() - fetchedAt;
      if (ageMs < AGING_MS) return keys;
      // Known keys serve on when the issuer does not answer: its being down must not end everybody's work.
      const fresh = pauseMs() > 0 && asking === undefined ? keys : ask().catch(() => keys);
      return ageMs < FRESH_MS ? keys : fresh;
    },
    async newer() {
      if (asking !== undefined) return asking;
      if (clock.now() - unknownKeyAt < UNKNOWN_KEY_MS) {
        if (failed !== undefined) throw new IssuerUnreachable(failed.problem, unknownKeyAt + UNKNOWN_KEY_MS - clock.now());
        return undefined;
      }
      unknownKeyAt = clock.now();
      return ask();
    },
    health: () => ({
      issuer,
      isReachable: failed === undefined,
      keyCount: known?.count ?? 0,
      ...(known === undefined ? {} : { fetchedAt: known.fetchedAt }),
      ...(failed === undefined ? {} : { problem: failed.problem }),
    }),
  };
}

async function fetchKeys({ issuer, jwksUri, fetch }: IssuerKeysDeps): Promise<{ keys: LocalJWKSet; count: number }> {
  const uri = jwksUri ?? (await discoverJwksUri(issuer, fetch));
  const document = await jsonObject(await fetch(uri, { headers: { accept: 'application/json, application/jwk-set+json' } }), 'key set');
  const list = Array.isArray(document.keys) ? document.keys : undefined;
  if (list === undefined) throw new Error('The key set holds no keys.');
  // A shared secret in a public document is no key for anything.
  const keys = list.filter(key => typeof key === 'object' && key !== null && (key as { kty?: unknown }).kty !== 'oct');
  return { keys: createLocalJWKSet({ keys } as JSONWebKeySet), count: keys.length };
}
