/** Our own credentials towards one upstream. The client's never leave; see `docs/configuration.md`, credentials. */
import type { Principal } from './guard.ts';

export interface UpstreamCredentials {
  /**
   * Fields to send, flat. At once where they are at hand, so that the usual request waits for nothing.
   * Throws (or rejects with) a TrafficError UPSTREAM_AUTH when there are none to be had; nothing was sent then.
   */
  headers(principal: Principal): readonly string[] | Promise<readonly string[]>;
  /** The upstream answered 401 to them: they are forgotten. True when a second attempt with fresh ones is worth it. */
  rejected(principal: Principal): boolean;
}
