/** Reads the answers on one connection to an upstream while their bytes arrive. Knows no socket, so that it can be fuzzed. */
import { ChunkedReader } from './http-chunks.ts';
import { readHead, type ResponseHead } from './http-head.ts';

/** Same bound as our listener has for request heads. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Interim answers (1xx) before the real one; more than a few is a server gone mad. */
const MAX_INTERIM = 32;

export type ResponsePart =
  | { readonly kind: 'more' }
  | { readonly kind: 'interim'; readonly head: ResponseHead }
  | { readonly kind: 'head'; readonly head: ResponseHead }
  | { readonly kind: 'data'; readonly chunk: Buffer }
  /** `isReusable`: nothing stands behind the answer and the server keeps the connection. */
  | { readonly kind: 'end'; readonly trailers: readonly string[]; readonly isReusable: boolean }
  | { readonly kind: 'broken'; readonly reason: string };

const more: ResponsePart = { kind: 'more' };
const empty = Buffer.alloc(0);
const noTrailers: readonly string[] = [];

/** `begin` an answer, `push` bytes, take parts with `next` until it says `more`; `finish` when the server closed. */
export class ResponseReader {
  #method = 'GET';
  #pending: Buffer = empty;
  #head: ResponseHead | undefined;
  #left = 0;
  #chunks: ChunkedReader | undefined;
  #interimCount = 0;
  #isOver = true;
  #isFinished = false;

  /** Expects the answer to a request of this method. */
  begin(method: string): void {
    this.#method = method;
    this.#head = undefined;
    this.#chunks = undefined;
    this.#interimCount = 0;
    this.#isOver = false;
  }

  push(bytes: Buffer): void {
    if (this.#chunks !== undefined) this.#chunks.push(bytes);
    else this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  /** The server will send nothing more. */
  finish(): void {
    this.#isFinished = true;
  }

  /** Whether any byte of the answer has come. */
  get hasBegun(): boolean {
    return this.#head !== undefined || this.#interimCount > 0 || this.#pending.length > 0;
  }

  next(): ResponsePart {
    if (this.#isOver) return more;
    if (this.#head === undefined) return this.#readHead();
    const { framing } = this.#head;
    switch (framing.kind) {
      case 'none':
        return this.#end(noTrailers);
      case 'length':
        return this.#readLength();
      case 'chunked':
        return this.#readChunked();
      case 'until-close':
        if (this.#pending.length > 0) return this.#take(this.#pending.length);
        return this.#isFinished ? this.#end(noTrailers) : more;
    }
  }

  #readHead(): ResponsePart {
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#pending.length > MAX_HEAD_BYTES) return broken('its head is too long');
      return this.#isFinished ? broken('it closed before it answered') : more;
    }
    if (end > MAX_HEAD_BYTES) return broken('its head is too long');
    const head = readHead(this.#pending.toString('latin1', 0, end), this.#method);
    if (typeof head === 'string') return broken(head);
    this.#drop(end + 4);
    if (head.status < 200) {
      this.#interimCount += 1;
      // We never ask for an upgrade, so a 101 would leave us without a protocol.
      if (head.status === 101 || this.#interimCount > MAX_INTERIM) return broken('it sent an interim answer that nobody asked for');
      return { kind: 'interim', head };
    }
    this.#head = head;
    if (head.framing.kind === 'length') this.#left = head.framing.bytes;
    if (head.framing.kind === 'chunked') {
      this.#chunks = new ChunkedReader();
      this.#chunks.push(this.#pending);
      this.#pending = empty;
    }
    return { kind: 'head', head };
  }

  #readLength(): ResponsePart {
    if (this.#left === 0) return this.#end(noTrailers);
    if (this.#pending.length === 0) return this.#isFinished ? broken('it closed before the end of its answer') : more;
    const part = this.#take(Math.min(this.#left, this.#pending.length));
    this.#left -= part.chunk.length;
    return part;
  }

  #readChunked(): ResponsePart {
    const part = (this.#chunks as ChunkedReader).next();
    switch (part.kind) {
      case 'more':
        return this.#isFinished ? broken('it closed before the end of its answer') : more;
      case 'end':
        this.#chunks = undefined;
        this.#pending = part.rest;
        return this.#end(part.trailers);
      case 'data':
      case 'broken':
        return part;
    }
  }

  #end(trailers: readonly string[]): ResponsePart {
    this.#isOver = true;
    // Bytes behind the answer belong to no request of ours; nobody may ever read them as one.
    const isReusable = this.#head?.keepsAlive === true && this.#pending.length === 0 && !this.#isFinished;
    return { kind: 'end', trailers, isReusable };
  }

  #take(count: number): { readonly kind: 'data'; readonly chunk: Buffer } {
    const chunk = this.#pending.subarray(0, count);
    this.#drop(count);
    return { kind: 'data', chunk };
  }

  #drop(count: number): void {
    this.#pending = this.#pending.length === count ? empty : this.#pending.subarray(count);
  }
}

function broken(reason: string): ResponsePart {
  return { kind: 'broken', reason };
}
