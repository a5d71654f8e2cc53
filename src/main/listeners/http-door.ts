/** A bound HTTP (or HTTPS) server: turns each request into an exchange of whatever serves its path. What it serves can be swapped. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Clock, Ids, Logger } from '../ports.ts';
import { type DoorRules, refusalAtDoor } from './http-admission.ts';
import { type ParserError, refuseMalformed } from './http-malformed.ts';
import { BodyRoom, receiveBody, receiveWholeBody, type ReceivedBody, unread } from './http-request-body.ts';
import { refusalOfBody, refusalOfShape } from './http-unclear-body.ts';
import { serveExchange, type Served, type ServeDeps } from './http-exchange.ts';
import { DoorCertificates, type TlsMaterial } from './tls-material.ts';

/** Same bound as Node's own clients have for answers; a client with a longer head gets 431. */
const MAX_HEAD_BYTES = 64 * 1024;
/** A client that has not sent its head after this is no client. Bodies and answers have no time-out: streams may idle for hours. */
const HEAD_TIMEOUT_MS = 60_000;
/** Longer than the pools of clients keep theirs, so that it is never we who close under a request. */
const KEEP_ALIVE_MS = 65_000;
/** Far above any real use of one port; more are refused by the system instead of exhausting us. */
const MAX_CONNECTIONS = 10_000;
/** Large request bodies of guarded routes that are held at once; sixteen of the largest. One more is told to come back. */
const MAX_LARGE_BODIES_BYTES = 256 * 1024 * 1024;
/** How far a taken port may move. */
const MAX_PORT_STEPS = 100;

/** What a door serves. Each request sees one of these from its beginning to its end. */
export interface Serving {
  readonly door: DoorRules;
  /** Who serves a path (without its query); there is always somebody, if only to refuse. */
  find(path: string, method: string): Served;
  /** Set while the host stops: new requests are refused, those under way go on. */
  readonly isDraining?: () => boolean;
}

export interface HttpDoorOptions {
  readonly host: string;
  readonly port: number;
  readonly isPortFixed: boolean;
  readonly serving: Serving;
  readonly tls?: TlsMaterial;
  /** A request that is not whole after this is answered 408; without it a body may come for as long as it likes. */
  readonly requestTimeoutMs?: number;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

export interface HttpDoor {
  /** `http://127.0.0.1:7380`. */
  readonly origin: string;
  readonly port: number;
  /** Later requests are served by this one. */
  serve(serving: Serving): void;
  /** Later handshakes use these certificates. Only of a door that was opened with TLS. */
  renewTls(tls: TlsMaterial): void;
  /** Takes no new connections; those that are open stay. */
  stopAccepting(): void;
  /** Stops accepting, lets answers finish for `graceMs`, then closes every connection. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Rejects with the error of `listen` (EADDRINUSE …). */
export async function openHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  const { host, tls } = options;
  let { serving } = options;
  const certificates = tls === undefined ? undefined : new DoorCertificates(tls);
  const server = serverFor(options, certificates, () => serving);
  await listenNear(server, options);
  const { port } = server.address() as AddressInfo;
  const closed = new Promise<void>(resolve => server.once('close', resolve));
  return {
    origin: `${certificates === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    serve(next) {
      serving = next;
    },
    renewTls: next => certificates?.renew(server as TlsServer, next),
    stopAccepting() {
      server.close();
      server.closeIdleConnections();
    },
    close: ({ graceMs }) => closeServer(server, closed, graceMs),
  };
}

function serverFor(options: HttpDoorOptions, certificates: DoorCertificates | undefined, serving: () => Serving): Server {
  const { ids, clock, log } = options;
  const prefix = ids.next();
  let hopCount = 0;
  const nextHopId = () => {
    hopCount += 1;
    return `${prefix}.${hopCount}`;
  };
  const depsFor = (served: Served): ServeDeps => ({ served, clock, log, nextHopId });
  const room = new BodyRoom(MAX_LARGE_BODIES_BYTES);
  const newest = new WeakMap<Socket, ServerResponse>();
  const serve = (request: IncomingMessage, response: ServerResponse, isExpecting: boolean) => {
    newest.set(request.socket, response);
    const { door, find, isDraining } = serving();
    const target = request.url ?? '/';
    const served = find(pathOf(target), request.method ?? 'GET');
    const refusal = refusalAtDoor(target, request.rawHeaders, door) ?? (isDraining?.() === true ? draining() : undefined);
    // Whoever keeps the connection open would only be refused again, and where a broken request ends is not for us to guess.
    if (refusal?.code === 'SHUTTING_DOWN' || refusal?.code === 'BAD_REQUEST') response.shouldKeepAlive = false;
    const take = (received: ReceivedBody, tooLarge?: TrafficError) =>
      serveExchange(depsFor(served), { request, response, received, refusal: refusal ?? tooLarge });
    const takeWhole = (received: ReceivedBody, tooLarge?: TrafficError) => {
      const costly = tooLarge ?? refusalOfShape(received.body);
      if (costly === undefined) take(received, refusalOfBody(request, received.body));
      else take(tooLarge === undefined ? unread(received) : received, costly);
    };
    // What is refused at the door is not asked to send its body first, and is never forwarded.
    if (served.guarded === undefined || refusal !== undefined) receiveBody(request, isExpecting, take);
    else {
      if (isExpecting) response.writeContinue();
      receiveWholeBody(request, served.guarded.maxBodyBytes, () => room.holding(response), takeWhole);
    }
  };
  const basics: ServerOptions = {
    maxHeaderSize: MAX_HEAD_BYTES,
    noDelay: true,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs ?? 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Refused at the door: Node would answer by itself, unrecorded and without a word.
    requireHostHeader: false,
  };
  const server: Server = certificates === undefined ? createServer(basics) : createTlsServer({ ...basics, ...certificates.options });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = 0;
  server.on('request', (request, response) => serve(request, response, false));
  server.on('checkContinue', (request, response) => serve(request, response, true));
  server.on('checkExpectation', (request, response) => serve(request, response, false));
  server.on('clientError', (error: ParserError, stream) => {
    const socket = stream as Socket;
    const last = newest.get(socket);
    // The client closed in the middle of a body: whoever reads that body learns it from the close.
    if (error.code === 'HPE_INVALID_EOF_STATE' && last?.req.complete === false) socket.destroy();
    else refuseMalformed(depsFor(serving().find('', 'GET')), error, socket, last);
  });
  return server;
}

function draining(): TrafficError {
  return new TrafficError('SHUTTING_DOWN', 'This gateway is stopping.');
}

/** The path of a request target, without its query. */
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
  const queryAt = path.indexOf('?');
  return queryAt < 0 ? path : path.slice(0, queryAt);
}

async function listenNear(server: Server, { host, port, isPortFixed }: HttpDoorOptions): Promise<void> {
  const last = isPortFixed || port === 0 ? port : Math.min(port + MAX_PORT_STEPS, 65_535);
  for (let at = port; ; at += 1) {
    try {
      await listen(server, host, at);
      return;
    } catch (error) {
      if (at >= last || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function closeServer(server: Server, closed: Promise<void>, graceMs: number): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  server.close();
  server.closeIdleConnections();
  await closed;
  clearTimeout(deadline);
}
