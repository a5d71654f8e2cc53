/** The HTTP door: a loopback server that turns each request into an exchange and writes back what the stages decided. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Next, Route, Upstream } from '../pipeline/stage.ts';
import type { Clock, Ids, Logger } from '../ports.ts';
import type { Conversations } from '../traffic/conversations.ts';
import { refusalAtDoor } from './http-admission.ts';
import { answerMalformed } from './http-malformed.ts';
import { receiveBody } from './http-request-body.ts';
import { serveExchange, type ServeDeps } from './http-exchange.ts';
import { HttpSessions } from './http-sessions.ts';

/** Same bound as Node's own clients have for answers; a client with a longer head gets 431. */
const MAX_HEAD_BYTES = 64 * 1024;
/** A client that has not sent its head after this is no client. Bodies and answers have no time-out: streams may idle for hours. */
const HEAD_TIMEOUT_MS = 60_000;
/** Longer than the pools of clients keep theirs, so that it is never we who close under a request. */
const KEEP_ALIVE_MS = 65_000;
/** Far above any real use of a loopback port; more are refused by the system instead of exhausting us. */
const MAX_CONNECTIONS = 10_000;
/** How far a taken port may move. */
const MAX_PORT_STEPS = 100;

export interface HttpListenerOptions {
  /** `127.0.0.1` unless a person asked for something else. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** False lets a taken port move to the next free one. */
  readonly isPortFixed?: boolean;
  /** The name a person gave the server; empty for none. */
  readonly name?: string;
  readonly upstream: Upstream;
  /** URL of the upstream: its path is served under the same path, its address is shown (without credentials and query). */
  readonly upstreamUrl: URL;
  readonly pipeline: Next;
  readonly conversations: Conversations;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

export interface HttpListener {
  /** What a client dials, path included. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, lets answers finish for `graceMs`, then closes every connection and ends the sessions. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Rejects with the error of `listen` (EADDRINUSE …). */
export async function openHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const { host, upstreamUrl, conversations, clock } = options;
  const sessions = new HttpSessions({
    conversations,
    clock,
    serverName: options.name ?? '',
    serverNameUntilKnown: upstreamUrl.host,
    upstream: `${upstreamUrl.origin}${upstreamUrl.pathname}`,
  });
  const server = serverFor(options, sessions);
  await listenNear(server, options);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}${upstreamUrl.pathname}`,
    port: bound,
    async close({ graceMs }) {
      await closeServer(server, graceMs);
      sessions.close('listener closed');
    },
  };
}

function serverFor(options: HttpListenerOptions, sessions: HttpSessions): Server {
  const { name = '', upstream, upstreamUrl, ids, pipeline, clock, log } = options;
  const route: Route = { name: name === '' ? upstreamUrl.host : name, transport: 'streamable-http', upstream, basePath: '/' };
  const prefix = ids.next();
  let hopCount = 0;
  const nextHopId = () => {
    hopCount += 1;
    return `${prefix}.${hopCount}`;
  };
  const deps: ServeDeps = { route, pipeline, clock, log, sessions, nextHopId };
  const newest = new WeakMap<Socket, IncomingMessage>();
  const serve = (request: IncomingMessage, response: ServerResponse, isExpecting: boolean) => {
    newest.set(request.socket, request);
    const refusal = refusalAtDoor(request.url ?? '/', request.rawHeaders, options.host);
    // What is refused at the door is not asked to send its body first, and is never forwarded.
    receiveBody(request, isExpecting, received => serveExchange(deps, { request, response, received, refusal }));
  };
  const server = createServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    noDelay: true,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = 0;
  server.on('request', (request, response) => serve(request, response, false));
  server.on('checkContinue', (request, response) => serve(request, response, true));
  server.on('checkExpectation', (request, response) => serve(request, response, false));
  server.on('clientError', (error: Error & { code?: string; rawPacket?: Buffer }, stream) => {
    const socket = stream as Socket;
    // The client closed in the middle of a body: whoever reads that body learns it from the close.
    if (error.code === 'HPE_INVALID_EOF_STATE' && newest.get(socket)?.complete === false) socket.destroy();
    else answerMalformed(deps, error, socket);
  });
  return server;
}

async function listenNear(server: Server, { host, port, isPortFixed = true }: HttpListenerOptions): Promise<void> {
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

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise(resolve => {
    const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
