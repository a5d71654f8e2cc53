/** Writes an answer to an HTTP client: head at once, every chunk at once, and never a clean end for a body that was cut. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer, BodySink, BodySource } from '../pipeline/stage.ts';
import { fieldValue, forwardedFields } from '../support/http-fields.ts';

/** Up to this size a whole answer is written at once; copying more costs more than a second write. */
const ONE_WRITE_BYTES = 32 * 1024;
const CR = 13;
const LF = 10;

/** Starts writing. `over` is called once the answer has been handed to the connection, whole or not. */
export function writeAnswer(response: ServerResponse, answer: Answer, over: () => void): void {
  // Node would add a Date of its own; the server's, if any, is among the fields.
  response.sendDate = false;
  response.writeHead(answer.status, answer.statusText, forwardedFields(answer.rawHeaders));
  // Without a length and without chunks (a client of HTTP/1.0) a plain close would look like the proper end.
  const isDelimited = response.chunkedEncoding || fieldValue(answer.rawHeaders, 'content-length') !== undefined;
  const sink = new AnswerSink(response, answer.body, isDelimited, over);
  answer.body.start(sink);
  sink.started();
}

/** Passes an interim answer (1xx) on. RFC 9110, section 15.2: a proxy must, unless the client speaks HTTP/1.0. */
export function writeInterim(response: ServerResponse, status: number, rawHeaders: readonly string[]): void {
  const { socket, req } = response;
  // No socket: an answer to an earlier request of the connection is still going out.
  if (socket === null || response.headersSent || req.httpVersionMinor === 0) return;
  if (status === 100) {
    // Node's own, because it closes the connection of a client that waits for a 100 it did not see itself send.
    response.writeContinue();
    return;
  }
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  const fields = forwardedFields(rawHeaders);
  for (let at = 0; at + 1 < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  socket.write(`${head}\r\n`, 'latin1');
}

class AnswerSink implements BodySink {
  readonly #response: ServerResponse;
  readonly #source: BodySource;
  readonly #isDelimited: boolean;
  readonly #over: () => void;
  /** The first chunk, while it may still turn out to be the whole body: head and body are then one write. */
  #held: Uint8Array | undefined;
  #isStarting = true;
  #isWaiting = false;
  #hasWritten = false;
  /** Node has nothing more to put before a chunk of ours. */
  #isHeadOut = false;
  #isOver = false;

  constructor(response: ServerResponse, source: BodySource, isDelimited: boolean, over: () => void) {
    this.#response = response;
    this.#source = source;
    this.#isDelimited = isDelimited;
    this.#over = over;
  }

  /** All that had already come is in; whatever was held back goes out now. */
  started(): void {
    this.#isStarting = false;
    if (this.#isOver) return;
    if (!this.#writeHeld() && !this.#isHeadOut) this.#flushHead();
  }

  data(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (this.#isStarting && !this.#hasWritten && this.#held === undefined) {
      this.#held = chunk;
      return true;
    }
    this.#writeHeld();
    return this.#write(chunk);
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (trailers.length > 0) this.#response.addTrailers(pairs(trailers));
    this.#endWith(this.#held);
    this.#over();
  }

  #endWith(last: Uint8Array | undefined): void {
    if (last === undefined) this.#response.end();
    // Node puts the head and a string into one buffer, but writes a Buffer beside it; latin1 is byte for byte the same.
    else if (last.length <= ONE_WRITE_BYTES)
      this.#response.end(Buffer.from(last.buffer, last.byteOffset, last.byteLength).toString('latin1'), 'latin1');
    else this.#response.end(last);
  }

  /** What came before the break still reaches the client; then the connection is torn down instead of ended. */
  fail(): void {
    if (this.#isOver) return;
    this.#writeHeld();
    this.#isOver = true;
    if (!this.#hasWritten) this.#response.flushHeaders();
    const { socket } = this.#response;
    if (socket === null || socket.destroyed) this.#over();
    else tearDown(socket, this.#isDelimited, () => this.#over());
  }

  #flushHead(): void {
    this.#response.flushHeaders();
    this.#isHeadOut = this.#response.socket !== null;
  }

  #writeHeld(): boolean {
    const held = this.#held;
    if (held === undefined) return false;
    this.#held = undefined;
    this.#write(held);
    return true;
  }

  #write(chunk: Uint8Array): boolean {
    const response = this.#response;
    const { socket } = response;
    // Node writes a chunk as four pieces; for events, which are small and many, that costs as much as all the rest.
    const isFramedHere =
      this.#isHeadOut && socket !== null && response.chunkedEncoding && chunk.length > 0 && chunk.length <= ONE_WRITE_BYTES;
    const isReady = isFramedHere ? socket.write(framed(chunk)) : response.write(chunk);
    this.#isHeadOut = socket !== null;
    if (!isReady && !this.#isWaiting) this.#waitForDrain(isFramedHere ? socket : response);
    return isReady;
  }

  #waitForDrain(on: Socket | ServerResponse): void {
    this.#isWaiting = true;
    on.once('drain', () => {
      this.#isWaiting = false;
      this.#source.resume();
    });
  }
}

/** A chunk of the chunked transfer coding, as one piece. */
function framed(chunk: Uint8Array): Buffer {
  const size = chunk.length.toString(16);
  const all = Buffer.allocUnsafe(size.length + chunk.length + 4);
  all.write(size, 0, 'latin1');
  all[size.length] = CR;
  all[size.length + 1] = LF;
  all.set(chunk, size.length + 2);
  all[all.length - 2] = CR;
  all[all.length - 1] = LF;
  return all;
}

function tearDown(socket: Socket, isDelimited: boolean, over: () => void): void {
  // Node hands a chunk to the socket on the next tick; only then is it known whether it has to wait.
  setImmediate(() => {
    const destroy = () => {
      if (isDelimited) socket.destroy();
      else socket.resetAndDestroy();
      over();
    };
    if (socket.writableLength === 0 || socket.destroyed) destroy();
    else socket.once('drain', destroy).once('close', destroy);
  });
}

function pairs(flat: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) all.push([flat[at] as string, flat[at + 1] as string]);
  return all;
}
