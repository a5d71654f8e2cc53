/** How one instance of an upstream is reached, whatever it speaks. Balancing, breakers and time-outs stand around it and know no transport. */
import type { InstanceConfig, UpstreamConfig } from '../../shared/config/schema.ts';
import type { Answer, Exchange } from '../pipeline/stage.ts';

export interface InstanceConnection {
  /**
   * Sends what `guardedRequest` made of a client's request: what is in it may leave, and nothing needs to be added or removed.
   * `exchange.guard` is always there; `guard.session.upstreamSessionId` names the session. `exchange.departure` happens when the
   * client leaves and when a time-out calls the request off; before the answer's head `send` then rejects with CANCELLED, after
   * it the taker aborts the body. The connection tells its server of either in its own way: HTTP closes, stdio sends
   * `notifications/cancelled`.
   *
   * Rejects with UPSTREAM_DOWN or UPSTREAM_TIMEOUT (phase `connect`) where nothing was sent, with UPSTREAM_BROKE where the server
   * may have read it, with SESSION_LOST where the session's process is gone. `facts.may_have_executed` says which it was.
   */
  send(exchange: Exchange): Promise<Answer>;
  /** Ends everything at once, busy or not; resolves when sockets are closed and processes are reaped. */
  close(): Promise<void>;
  connections(): { readonly open: number; readonly idle: number };
  /** Processes that run now; 0 for HTTP. */
  childCount(): number;
  /** Called with the reason whenever a process ended that we did not stop. It counts as a failure of the instance. */
  onExit?(listener: (reason: string) => void): void;
}

/** Makes the connection of an instance. `config` is the upstream that it belongs to: its pool, time-outs and stdio settings. */
export type ConnectInstance = (instance: InstanceConfig, config: UpstreamConfig) => InstanceConnection;
