/** What a look at a token came to, whatever kind of token it is. */
import type { Principal } from '../../pipeline/guard.ts';

/** Why a token is refused: words for data, metrics and the audit. */
export type BadTokenReason =
  | 'unknown_token'
  | 'unknown_issuer'
  | 'unknown_key'
  | 'bad_signature'
  | 'algorithm_not_allowed'
  | 'wrong_type'
  | 'wrong_audience'
  | 'no_expiry'
  | 'expired'
  | 'not_yet_valid'
  | 'no_subject'
  | 'bound_token'
  | 'inactive'
  | 'malformed_token';

export interface GoodToken {
  readonly kind: 'good';
  readonly principal: Principal;
  /** Issuer or key that vouches; for the decision. */
  readonly by: string;
  /** Those of the token's audiences that the issuer's entry lists. */
  readonly audiences: readonly string[];
  /** Epoch ms after which it is good no longer; absent where the issuer said nothing. */
  readonly expiresAt?: number;
  /** SHA-256 thumbprint (base64url) of the client certificate it is bound to (RFC 8705). */
  readonly certificate?: string;
}

export type Verification =
  | GoodToken
  | { readonly kind: 'bad'; readonly reason: BadTokenReason; readonly by?: string }
  /** It may well be good, but nobody could say so now. */
  | {
      readonly kind: 'unchecked';
      readonly reason: 'issuer_unreachable' | 'too_many_checks';
      readonly retryAfterMs: number;
      readonly by?: string;
    };

export const bad = (reason: BadTokenReason, by?: string): Verification => ({ kind: 'bad', reason, ...(by === undefined ? {} : { by }) });

const sentences: Record<BadTokenReason, string> = {
  unknown_token: 'The token or key is not known here.',
  unknown_issuer: 'The token is from an issuer that is not trusted here.',
  unknown_key: 'The token is signed with a key that its issuer does not publish.',
  bad_signature: 'The signature of the token is wrong.',
  algorithm_not_allowed: 'The token is signed with an algorithm that is not allowed here.',
  wrong_type: 'The token is no access token.',
  wrong_audience: 'The token is meant for another server.',
  no_expiry: 'The token does not say when it expires.',
  expired: 'The token has expired.',
  not_yet_valid: 'The token is not valid yet.',
  no_subject: 'The token names nobody.',
  bound_token: 'The token is bound to a key that this request does not prove.',
  inactive: 'The issuer does not know the token, or has revoked it.',
  malformed_token: 'The token is damaged.',
};

/** For the client and its model; says nothing that is not in the client's own token. */
export const badTokenSentence = (reason: BadTokenReason): string => sentences[reason];
