/** Writes an answer to an HTTP client: head at once, every chunk at once, and never a clean end for a body that was cut. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer, BodySink } from '../pipeline/stage.ts';
import { fieldValue, forwardedFields } from '../support/http-fields.ts';

/** Up to this size a whole answer is written at once; copying more costs more than a second write. */
const ONE_WRITE_BYTES = 32 * 1024;
const CR = 13;
const LF = 10;

export interface AnswerWriting {
  readonly response: ServerResponse;
  readonly answer: Answer;
  /**
   * An answer whose length is not among its fields, and that is there at once, goes with its length instead of in chunks: where
   * answers may be changed on the way, their length is taken off. A transparent proxy leaves the framing as it is.
   */
  readonly saysLength: boolean;
  /** Called once the answer has been handed to the connection, whole or not. */
  readonly over: () => void;
}

/** Starts writing. Throws for a head that cannot be written. */
export function writeAnswer(writing: AnswerWriting): void {
  // Node would add a Date of its own; the server's, if any, is among the fields.
  writing.response.sendDate = false;
  const sink = new AnswerSink(writing);
  writing.answer.body.start(sink);
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
  readonly #answer: Answer;
  readonly #saysLength: boolean;
  readonly #over: () => void;
  /** The first chunk, while it may still turn out to be the whole body: head and body are then one write. */
  #held: Uint8Array | undefined;
  /** Why the head could not be written. */
  #problem: Error | undefined;
  #isStarting = true;
  #isWaiting = false;
  #hasHead = false;
  /** Node has nothing more to put before a chunk of ours. */
  #isHeadOut = false;
  #isOver = false;

  constructor({ response, answer, saysLength, over }: AnswerWriting) {
    this.#response = response;
    this.#answer = answer;
    this.#saysLength = saysLength;
    this.#over = over;
  }

  /** All that had already come is in; whatever was held back goes out now. */
  started(): void {
    this.#isStarting = false;
    if (!this.#isOver && !this.#writeHeld() && !this.#isHeadOut) this.#flushHead();
    if (this.#problem !== undefined) throw this.#problem;
  }

  data(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    if (this.#isStarting && !this.#hasHead && this.#held === undefined) {
      this.#held = chunk;
      return true;
    }
    this.#writeHeld();
    return this.#write(chunk);
  }

  end(trailers: readonly string[]): void {
    if (this.#isOver) return;
    if (!this.#writeHead(trailers.length === 0 ? (this.#held?.length ?? 0) : undefined)) return;
    this.#isOver = true;
    if (trailers.length > 0) this.#response.addTrailers(pairs(trailers));
    this.#endWith(this.#held);
    this.#over();
  }

  /** `wholeBytes` is the length of the body, where all of it is there. False when it cannot be written; then nothing more is. */
  #writeHead(wholeBytes?: number): boolean {
    if (this.#hasHead) return true;
    this.#hasHead = true;
    const { status, statusText, rawHeaders } = this.#answer;
    const fields = forwardedFields(rawHeaders);
    if (wholeBytes !== undefined && this.#saysLength && !this.#hasLength && mayHaveBody(status, this.#response.req.method))
      fields.push('Content-Length', String(wholeBytes));
    try {
      this.#response.writeHead(status, statusText, fields);
      return true;
    } catch (error) {
      // Whoever pushes the body must not be hit by it: `started` throws it.
      this.#problem = error instanceof Error ? error : new Error(String(error));
      this.#isOver = true;
      return false;
    }
  }

  get #hasLength(): boolean {
    return fieldValue(this.#answer.rawHeaders, 'content-length') !== undefined;
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
    if (!this.#writeHead()) return;
    this.#isOver = true;
    this.#response.flushHeaders();
    const { socket } = this.#response;
    // Without a length and without chunks (a client of HTTP/1.0) a plain close would look like the proper end.
    const isDelimited = this.#response.chunkedEncoding || this.#hasLength;
    if (socket === null || socket.destroyed) this.#over();
    else tearDown(socket, isDelimited, () => this.#over());
  }

  #flushHead(): void {
    if (!this.#writeHead()) return;
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
    if (!this.#writeHead()) return true;
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
      this.#answer.body.resume();
    });
  }
}

/** RFC 9110, sections 8.6 and 9.3.2: answers that never have a body say no length, or not that of one. */
function mayHaveBody(status: number, method: string | undefined): boolean {
  return status >= 200 && status !== 204 && status !== 304 && method !== 'HEAD';
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
