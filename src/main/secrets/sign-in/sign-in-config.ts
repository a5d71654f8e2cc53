/** What a sign-in is about: an upstream as the configuration describes it, and how far it may send us. */
import type { CredentialsConfig } from '../../../shared/config/schema.ts';
import { isLoopbackHost } from '../../support/address-ranges.ts';
import type { Reach } from '../../support/outbound-fetch.ts';

export type SignInConfig = Extract<CredentialsConfig, { signIn: unknown }>['signIn'];

export interface SignInTarget {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Address of the server; of several instances, the first. */
  readonly url: string;
  readonly config: SignInConfig;
}

/** A server names where its metadata is, so it could make us ask our own network. One on this machine may name others on it. */
export function reachOf({ url, config }: SignInTarget): Reach {
  if (config.allowPrivate) return 'anywhere';
  return isLoopbackHost(new URL(url).hostname) ? 'public-or-loopback' : 'public';
}

/** A sign-in that cannot go on: says why in words that may be shown, without codes, tokens or secrets. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
}
