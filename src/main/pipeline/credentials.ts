/** Our own credentials towards one upstream. The client's never leave; see `docs/configuration.md`, credentials. */
import type { TrafficError } from '../../shared/errors/error-table.ts';
import type { Principal } from './guard.ts';

export interface UpstreamCredentials {
  /**
   * Fields to send, flat. At once where they are at hand, so that the usual request waits for nothing.
   * Throws (or rejects with) a TrafficError UPSTREAM_AUTH when there are none to be had; nothing was sent then.
   */
  headers(principal: Principal): readonly string[] | Promise<readonly string[]>;
  /** The upstream answered 401 to them: they are forgotten. True when a second attempt with fresh ones is worth it. */
  rejected(principal: Principal): boolean;
  /**
   * The upstream answered 403 with this `WWW-Authenticate`: what to tell the client where it wants more than the credentials
   * may do, by a person's hand; undefined for any other 403, which goes on as it is.
   */
  lacking?(principal: Principal, challenge: string | undefined): TrafficError | undefined;
}
