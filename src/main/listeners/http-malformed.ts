/** Bytes that are no HTTP request, or one that two readers could take differently: answered here, closed, and recorded. */
import type { Socket } from 'node:net';
import { ownAnswer } from '../traffic/own-answer.ts';
import { fieldPairs } from '../support/http-fields.ts';
import type { ServeDeps } from './http-exchange.ts';

/** What the record keeps of them. */
const MAX_KEPT_BYTES = 4096;

/** Node's parser gave up on a connection. It reads strictly: both lengths, folded fields, bare line ends and the like end here. */
export function answerMalformed(deps: ServeDeps, error: Error & { code?: string; rawPacket?: Buffer }, socket: Socket): void {
  // The client went away, or an answer is already under way: there is nobody to tell.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const isTooLong = error.code === 'HPE_HEADER_OVERFLOW';
  const message = isTooLong
    ? 'The request head is too long.'
    : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'The request did not come in time.'
      : 'The request is malformed.';
  const answer = ownAnswer({ code: 'BAD_REQUEST', message, facts: { parser: error.code ?? 'unknown' } }, { idText: undefined });
  const status = isTooLong ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  let head = `HTTP/1.1 ${status} ${answer.statusText}\r\n`;
  for (const [name, value] of fieldPairs(answer.rawHeaders)) head += `${name}: ${value}\r\n`;
  socket.end(Buffer.concat([Buffer.from(`${head}Connection: close\r\n\r\n`, 'latin1'), answer.bytes]));
  noteMalformed(deps, error.rawPacket ?? Buffer.alloc(0), { ...answer, status }, socket);
}

function noteMalformed(
  deps: ServeDeps,
  packet: Buffer,
  answer: { status: number; rawHeaders: readonly string[]; bytes: Uint8Array },
  socket: Socket,
): void {
  const { clock } = deps;
  const { sessions } = deps.served;
  const conversation = sessions.placeRefused({
    socket,
    path: '',
    isStreamRequest: false,
    sessionId: undefined,
    userAgent: undefined,
    body: undefined,
  });
  const hopId = deps.nextHopId();
  const when = () => ({ at: clock.now(), monotonicUs: clock.monotonicUs(), hopId, delivery: 'body' as const });
  const kept = packet.subarray(0, MAX_KEPT_BYTES);
  conversation.note({
    ...when(),
    direction: 'fromClient',
    body: { bytes: kept, sizeBytes: packet.length, isTruncated: kept.length < packet.length },
    http: { method: 'malformed', path: '', headers: [] },
  });
  conversation.note({
    ...when(),
    direction: 'fromServer',
    body: { bytes: answer.bytes, sizeBytes: answer.bytes.length, isTruncated: false },
    http: { status: answer.status, headers: fieldPairs(answer.rawHeaders) },
    flags: ['own-error'],
  });
  conversation.endHop(hopId, 'failed', clock.now(), clock.monotonicUs());
}
