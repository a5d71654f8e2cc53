/**
 * Connections to one upstream. Never a queue: a request that finds no idle connection opens one, so that open streams
 * can never make a call wait. How many are open at once is thus bounded by the requests that clients have open.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Clock } from '../ports.ts';
import { fieldValue } from '../support/http-fields.ts';
import { HttpConnection } from './http-connection.ts';

/** Idle connections that are kept; one more closes the one that was idle longest. */
const MAX_IDLE = 256;
/** Node's servers close idle connections after 5 s; reusing one at that moment loses the request. */
const IDLE_TRUST_US = 4_000_000;
const SWEEP_MS = 1000;

export interface HttpPoolOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Extra certificate authorities (PEM) for this upstream. */
  readonly ca?: string;
}

export class HttpPool {
  readonly #options: HttpPoolOptions;
  readonly #idle: HttpConnection[] = [];
  readonly #open = new Set<Socket>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: HttpPoolOptions) {
    this.#options = options;
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

  /** Opens a connection. Rejects with UPSTREAM_DOWN, UPSTREAM_TIMEOUT, or CANCELLED when the signal fired. */
  open(signal: AbortSignal): Promise<HttpConnection> {
    const { url, connectTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = this.#dial();
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      const settle = () => {
        clearTimeout(deadline);
        signal.removeEventListener('abort', left);
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
      const left = () => fail(new TrafficError('CANCELLED', 'The client left.'));
      const refused = (cause: Error) => fail(down(url, cause));
      const closed = () => fail(down(url, undefined));
      const deadline = setTimeout(
        () => fail(new TrafficError('UPSTREAM_TIMEOUT', `${url.host} did not accept a connection within ${connectTimeoutMs} ms.`, { facts: { phase: 'connect' } })),
        connectTimeoutMs,
      );
      signal.addEventListener('abort', left, { once: true });
      socket.once('error', refused);
      socket.once('close', closed);
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        settle();
        resolve(new HttpConnection(socket, url.host, (connection) => this.#keep(connection)));
      });
    });
  }

  /** Ends every connection, busy ones too. */
  close(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    this.#idle.length = 0;
    for (const socket of this.#open) socket.destroy();
  }

  #dial(): Socket {
    const { url, ca } = this.#options;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    if (url.protocol !== 'https:') return connectTcp({ host, port, noDelay: true });
    // SNI may not carry an address (RFC 6066, section 3).
    const socket = connectTls({ host, port, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) });
    socket.setNoDelay(true);
    return socket;
  }

  #keep(connection: HttpConnection): void {
    connection.idleUntilUs = this.#options.clock.monotonicUs() + trustUs(connection.lastHeaders);
    this.#idle.push(connection);
    if (this.#idle.length > MAX_IDLE) this.#idle.shift()?.destroy();
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

/** A server that names its own time-out is believed, with a second to spare. */
function trustUs(rawHeaders: readonly string[]): number {
  const seconds = /timeout=(\d{1,6})/.exec(fieldValue(rawHeaders, 'keep-alive') ?? '')?.[1];
  return seconds === undefined ? IDLE_TRUST_US : Math.min(IDLE_TRUST_US, (Number(seconds) - 1) * 1_000_000);
}

function down(url: URL, cause: Error | undefined): TrafficError {
  const code = cause !== undefined && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
  return new TrafficError('UPSTREAM_DOWN', `${url.host} cannot be reached${code}.`, {
    ...(cause === undefined ? {} : { cause }),
    facts: { phase: 'connect', may_have_executed: false },
  });
}
