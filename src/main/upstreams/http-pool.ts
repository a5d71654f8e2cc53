/**
 * Connections to one upstream. Never a queue: a request that finds no idle connection opens one, so that open streams
 * can never make a call wait. How many are open at once is thus bounded by the requests that clients have open, and by a cap.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Clock } from '../ports.ts';
import type { Departure } from '../support/departure.ts';
import { fieldValue } from '../support/http-fields.ts';
import { HttpConnection } from './http-connection.ts';

const SWEEP_MS = 1000;

/** How many connections there may be, and for how long. */
export interface PoolLimits {
  /** Streams and calls open at once towards one server. More is a loop or a leak; refusing keeps file descriptors for everything else. */
  readonly maxOpen: number;
  /** Idle connections that are kept; one more closes the one that was idle longest. */
  readonly maxIdle: number;
  /** Node's servers close idle connections after 5 s; reusing one at that moment loses the request. */
  readonly idleMs: number;
  /** Age at which a connection is not used again, so that a changed address is noticed. */
  readonly lifetimeMs: number;
}

export const proxyLimits: PoolLimits = { maxOpen: 4096, maxIdle: 256, idleMs: 4000, lifetimeMs: Infinity };

/** Certificates towards the server, PEM. */
export interface UpstreamTls {
  /** Certificate authorities that are believed instead of the well-known ones. */
  readonly ca?: string;
  /** Our own certificate, for servers that ask for one. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * All plain connections read into this: what was read is taken before anything else is. A buffer of this size for each read,
 * as streams have it, costs more than copying the kilobyte that most answers have.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

export interface HttpPoolOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly limits: PoolLimits;
  readonly tls: UpstreamTls;
}

export class HttpPool {
  readonly #options: HttpPoolOptions;
  readonly #idle: HttpConnection[] = [];
  readonly #open = new Set<Socket>();
  #sweep: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HttpPoolOptions) {
    this.#options = options;
  }

  /** Connections as they are now, idle ones included in `open`. */
  get counts(): { readonly open: number; readonly idle: number } {
    return { open: this.#open.size, idle: this.#idle.length };
  }

  /** An idle connection that the server most likely still keeps open. */
  takeIdle(): HttpConnection | undefined {
    const nowUs = this.#options.clock.monotonicUs();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.isUsable && connection.idleUntilUs > nowUs) return connection;
      connection.destroy();
    }
  }

  /** Opens a connection. Rejects with UPSTREAM_DOWN, UPSTREAM_TIMEOUT, or CANCELLED when the client left. */
  open(departure: Departure): Promise<HttpConnection> {
    const { url, clock, connectTimeoutMs, limits } = this.#options;
    if (this.#open.size >= limits.maxOpen) {
      const error = new TrafficError(
        'UPSTREAM_DOWN',
        `${limits.maxOpen} connections to ${url.host} are open already; is the proxy its own upstream?`,
        { facts: { may_have_executed: false } },
      );
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      let connection: HttpConnection | undefined;
      const socket = this.#dial(bytes => connection?.received(bytes));
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      const settle = () => {
        clearTimeout(deadline);
        departure.listener = undefined;
        socket.off('error', refused);
        socket.off('close', closed);
      };
      const fail = (error: TrafficError) => {
        settle();
        // Late errors of a socket that nobody waits for any more.
        socket.on('error', () => undefined);
        socket.destroy();
        reject(error);
      };
      const refused = (cause: Error) => fail(down(url, cause));
      const closed = () => fail(down(url, undefined));
      const deadline = setTimeout(
        () =>
          fail(
            new TrafficError('UPSTREAM_TIMEOUT', `${url.host} did not accept a connection within ${connectTimeoutMs} ms.`, {
              facts: { phase: 'connect' },
            }),
          ),
        connectTimeoutMs,
      );
      departure.listener = () => fail(new TrafficError('CANCELLED', 'The client left.'));
      socket.once('error', refused);
      socket.once('close', closed);
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        settle();
        connection = new HttpConnection(socket, url.host, idle => this.#keep(idle));
        connection.usableUntilUs = clock.monotonicUs() + limits.lifetimeMs * 1000;
        resolve(connection);
      });
    });
  }

  /** Ends every connection, busy ones too. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    this.#idle.length = 0;
    for (const socket of this.#open) socket.destroy();
  }

  /** `received` gets bytes that are its own. */
  #dial(received: (bytes: Buffer) => void): Socket {
    const { url, tls } = this.#options;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    if (url.protocol !== 'https:')
      return connectTcp({ host, port, noDelay: true, onread: { buffer: readBuffer, callback: count => passOn(received, count) } });
    // SNI may not carry an address (RFC 6066, section 3).
    const socket = connectTls({
      host,
      port,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...tls,
    });
    socket.setNoDelay(true);
    socket.on('data', received);
    return socket;
  }

  #keep(connection: HttpConnection): void {
    const { clock, limits } = this.#options;
    const nowUs = clock.monotonicUs();
    connection.idleUntilUs = Math.min(nowUs + trustUs(connection.lastHeaders, limits.idleMs * 1000), connection.usableUntilUs);
    // An answer that ended after `close` brings back a connection that nobody would ever take or end.
    if (this.#isClosed || connection.usableUntilUs <= nowUs) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    if (this.#idle.length > limits.maxIdle) this.#idle.shift()?.destroy();
    this.#sweep ??= setInterval(() => this.#closeStale(), SWEEP_MS).unref();
  }

  #closeStale(): void {
    const nowUs = this.#options.clock.monotonicUs();
    while (this.#idle.length > 0 && (this.#idle[0] as HttpConnection).idleUntilUs <= nowUs) this.#idle.shift()?.destroy();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}

/** Hands over a copy of what was just read: the bytes of an answer may be kept, and the buffer is everybody's. */
function passOn(received: (bytes: Buffer) => void, count: number): boolean {
  const bytes = Buffer.allocUnsafe(count);
  readBuffer.copy(bytes, 0, 0, count);
  received(bytes);
  return true;
}

/** A server that names its own time-out is believed, with a second to spare. */
function trustUs(rawHeaders: readonly string[], idleUs: number): number {
  const seconds = /timeout=(\d{1,6})/.exec(fieldValue(rawHeaders, 'keep-alive') ?? '')?.[1];
  return seconds === undefined ? idleUs : Math.min(idleUs, (Number(seconds) - 1) * 1_000_000);
}

function down(url: URL, cause: Error | undefined): TrafficError {
  const code = cause !== undefined && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
  const message = isMistrust(cause)
    ? `${url.host} shows a certificate that nothing here trusts${code}; name who signed it in \`tls.ca\` of the upstream.`
    : `${url.host} cannot be reached${code}.`;
  return new TrafficError('UPSTREAM_DOWN', message, {
    ...(cause === undefined ? {} : { cause }),
    facts: { phase: 'connect', may_have_executed: false },
  });
}

/** What Node calls a chain that does not end at an authority it knows. */
const mistrusts = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
]);

function isMistrust(cause: Error | undefined): boolean {
  return cause !== undefined && 'code' in cause && mistrusts.has(String(cause.code));
}
