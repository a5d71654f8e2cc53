/** An instance that speaks Streamable HTTP: connections to one URL, with the pool, the time-out and the certificates of its upstream. */
import type { UpstreamConfig } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../ports.ts';
import type { UpstreamTls } from './http-pool.ts';
import { httpUpstream } from './http-upstream.ts';
import type { InstanceConnection } from './instance-connection.ts';

export interface HttpInstanceOptions {
  readonly url: string;
  readonly config: Pick<UpstreamConfig, 'pool' | 'timeouts'>;
  /** PEM texts, resolved: a configuration holds references. */
  readonly tls?: UpstreamTls;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Throws BAD_REQUEST for a URL that cannot be an upstream (other schemes, a user name in it). Opens nothing before the first `send`. */
export function httpInstance({ url, config, tls = {}, clock, log }: HttpInstanceOptions): InstanceConnection {
  const { pool, timeouts } = config;
  const upstream = httpUpstream({
    url: new URL(url),
    clock,
    log,
    connectTimeoutMs: timeouts.connect,
    limits: { maxOpen: pool.maxOpen, maxIdle: pool.maxIdle, idleMs: pool.idle, lifetimeMs: pool.lifetime },
    isExact: true,
    ...tls,
  });
  return {
    send(exchange) {
      const { open, idle } = upstream.connections();
      if (open >= pool.maxOpen && idle === 0) return Promise.reject(full(pool.maxOpen));
      return upstream.send(exchange);
    },
    close: () => upstream.close(),
    connections: () => upstream.connections(),
    childCount: () => 0,
  };
}

/** Our own bound, no failure of the server. */
function full(maxOpen: number): TrafficError {
  return new TrafficError('UNAVAILABLE', `All ${maxOpen} connections to the server are in use.`, {
    facts: { state: 'pool-full', retry_after_ms: 1000, may_have_executed: false },
  });
}
