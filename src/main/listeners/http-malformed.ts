/**
 * Bytes that are no HTTP request, or one that two readers could take differently. They pass the stages like everything that is
 * refused at the door, so that they are recorded, counted and audited, and cost their address what a request costs; the answer goes
 * onto the bare connection, which is then closed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Exchange } from '../pipeline/stage.ts';
import { Departure } from '../support/departure.ts';
import { fieldPairs } from '../support/http-fields.ts';
import { ownAnswer, ownReason, type OwnReason } from '../traffic/own-answer.ts';
import { closedDoor, pipelineFor, reasonOfRefusal, type ServeDeps } from './http-exchange.ts';
import { maskedHead, pathOfHead } from './masked-head.ts';

/** What Node's parser says when it gives up. */
export type ParserError = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/** How long the client has to read why, before the connection goes. */
const LINGER_MS = 2000;

/** What still comes over a connection that was given up gives it up again. */
const givenUp = new WeakSet<Socket>();

/**
 * Node's parser gave up on a connection. It reads strictly: both lengths, folded fields, bare line ends and the like end here.
 * `newest` is the answer to the last request that it could read.
 */
export function refuseMalformed(deps: ServeDeps, error: ParserError, socket: Socket, newest: ServerResponse | undefined): void {
  if (givenUp.has(socket)) return;
  const refusal = refusalOf(error);
  // The connection itself failed, TLS did, or nobody ever said a word: there is no request to speak of.
  if (refusal === undefined || socket.bytesRead === 0) {
    socket.destroy();
    return;
  }
  givenUp.add(socket);
  const exchange = malformedExchange(deps, error.rawPacket ?? Buffer.alloc(0), refusal, socket);
  const run = pipelineFor(deps.served, refusal);
  run(exchange)
    // Whatever else a stage decides, a connection that cannot be read is of no further use.
    .then(verdict => (verdict.kind === 'refuse' ? reasonOfRefusal(verdict) : ownReason(refusal)), ownReason)
    .then(reason => {
      deps.served.sessions.turnedAway(exchange.conversation);
      if (isAnswerable(socket, newest)) answer(socket, exchange, reason);
      else socket.destroy();
    })
    .catch((failure: unknown) => {
      deps.log.error('Malformed bytes could not be answered', { error: String(failure) });
      socket.destroy();
    });
}

function refusalOf({ code = '' }: ParserError): TrafficError | undefined {
  const facts = { parser: code };
  if (code === 'HPE_HEADER_OVERFLOW') return new TrafficError('BAD_REQUEST', 'The request head is too long.', { facts, httpStatus: 431 });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new TrafficError('BAD_REQUEST', 'The request did not come in time.', { facts, httpStatus: 408 });
  return code.startsWith('HPE_') ? new TrafficError('BAD_REQUEST', 'The request is malformed.', { facts }) : undefined;
}

function malformedExchange({ served, clock, nextHopId }: ServeDeps, packet: Buffer, refusal: TrafficError, socket: Socket): Exchange {
  const path = pathOfHead(packet);
  const unknown = { isStreamRequest: false, sessionId: undefined, userAgent: undefined, body: undefined };
  const conversation = served.sessions.placeRefused({ socket, path, ...unknown });
  const request: Pick<IncomingMessage, 'socket' | 'rawHeaders'> = { socket, rawHeaders: [] };
  const bytes = maskedHead(packet, socket.bytesRead === packet.length);
  const departure = new Departure();
  socket.once('close', () => departure.happen());
  return {
    id: nextHopId(),
    conversation,
    route: { ...served.route, upstream: closedDoor(refusal) },
    request: {
      method: 'malformed',
      path,
      rawHeaders: [],
      body: bytes.length === 0 ? { kind: 'none' } : { kind: 'whole', bytes },
      idText: () => undefined,
    },
    startedAt: clock.now(),
    departure,
    ...(served.guarded === undefined ? {} : { guard: served.guarded.guardFor({ request, conversation, body: undefined }) }),
  };
}

/** Whoever waits for the answer to an earlier request must not take ours for it; a request that is broken in its body may. */
function isAnswerable(socket: Socket, newest: ServerResponse | undefined): boolean {
  if (!socket.writable) return false;
  return newest === undefined || newest.writableFinished || (!newest.req.complete && !newest.headersSent);
}

function answer(socket: Socket, { guard }: Exchange, reason: OwnReason): void {
  const { status, statusText, rawHeaders, bytes } = ownAnswer(reason, { idText: undefined, guard });
  let head = `HTTP/1.1 ${status} ${statusText}\r\n`;
  for (const [name, value] of fieldPairs(rawHeaders)) head += `${name}: ${value}\r\n`;
  socket.end(Buffer.concat([Buffer.from(`${head}Connection: close\r\n\r\n`, 'latin1'), bytes]));
  // Closed at once, what is still coming would reset the connection, and the answer with it.
  const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(linger));
}
