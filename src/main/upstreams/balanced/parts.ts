/** What all calls of an upstream share. */
import type { UpstreamCredentials } from '../../pipeline/credentials.ts';
import type { Exchange } from '../../pipeline/stage.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { Balancer } from './balancer.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { LimitsFor } from './call-traits.ts';
import type { ClientWaits } from './client-waits.ts';
import type { Deadlines } from './deadlines.ts';
import type { KeepAlives } from './keep-alive.ts';
import type { OwnRequests } from './own-requests.ts';

export interface Parts {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly balancer: Balancer;
  readonly bulkhead: Bulkhead;
  readonly deadlines: Deadlines;
  readonly waits: ClientWaits;
  readonly keepAlives: KeepAlives;
  readonly own: OwnRequests;
  /** These change with the configuration. */
  readonly now: Changing;
}

export interface Changing {
  limitsFor: LimitsFor;
  credentials: UpstreamCredentials | undefined;
  affinityKey: (exchange: Exchange) => string | undefined;
  /** Headers that carry an API key at some listener, in lower case. */
  keyHeaders: ReadonlySet<string>;
  retryCount: number;
  isClosed: boolean;
}
