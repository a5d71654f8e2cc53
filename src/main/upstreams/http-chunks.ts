/** Undoes the chunked transfer coding (RFC 9112, section 7.1) while its bytes arrive, cut at any place. */
import { readFields } from './http-head.ts';

/** Longest chunk-size line with its extensions; real ones have a few bytes. */
const MAX_SIZE_LINE_BYTES = 4096;
const MAX_TRAILER_BYTES = 64 * 1024;
const MAX_PLAIN_DIGITS = 8;
/** Chunks below this are joined with those that came along with them: one part for each byte would cost a hundred times the byte. */
const SMALL_CHUNK_BYTES = 1024;
/** The value of a byte as a hexadecimal digit, -1 for any other byte. */
const hexDigits = Int8Array.from({ length: 256 }, (_, byte) =>
  /[0-9a-fA-F]/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : -1,
);

export type ChunkPart =
  | { readonly kind: 'more' }
  | { readonly kind: 'data'; readonly chunk: Buffer }
  | { readonly kind: 'end'; readonly trailers: readonly string[]; readonly rest: Buffer }
  | { readonly kind: 'broken'; readonly reason: string };

type State = 'size' | 'data' | 'data-end' | 'trailers' | 'done';

const more: ChunkPart = { kind: 'more' };
const empty = Buffer.alloc(0);

/** `push` bytes, then take parts with `next` until it says `more`. What stands behind the last chunk comes back as `rest`. */
export class ChunkedReader {
  #pending: Buffer = empty;
  #state: State = 'size';
  #left = 0;
  /** What stands behind chunks that were joined. */
  #following: ChunkPart | undefined;

  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  next(): ChunkPart {
    const part = this.#takeFollowing() ?? this.#nextPart();
    return part.kind === 'data' && part.chunk.length < SMALL_CHUNK_BYTES ? this.#joined(part) : part;
  }

  /** With the small chunks that are here already: nobody waits for more. */
  #joined(first: ChunkPart & { readonly kind: 'data' }): ChunkPart {
    let following = this.#nextPart();
    if (following.kind !== 'data') {
      this.#following = following;
      return first;
    }
    // No more than what has come: of all that, some is framing.
    const all = Buffer.allocUnsafeSlow(first.chunk.length + following.chunk.length + this.#pending.length);
    let length = first.chunk.copy(all);
    while (following.kind === 'data' && following.chunk.length < SMALL_CHUNK_BYTES) {
      length += following.chunk.copy(all, length);
      following = this.#nextPart();
    }
    this.#following = following;
    const chunk = all.subarray(0, length);
    // Whoever keeps the part would keep the room for the framing as well.
    return { kind: 'data', chunk: 2 * length < all.length ? Buffer.from(chunk) : chunk };
  }

  #takeFollowing(): ChunkPart | undefined {
    const following = this.#following;
    this.#following = undefined;
    if (following?.kind === 'more') return undefined;
    // More may have come since.
    return following?.kind === 'end' ? { ...following, rest: this.#pending } : following;
  }

  #nextPart(): ChunkPart {
    for (;;) {
      const part = this.#step();
      if (part !== undefined) return part;
    }
  }

  /** One state's work; undefined when another state goes on at once. */
  #step(): ChunkPart | undefined {
    switch (this.#state) {
      case 'size':
        return this.#readSize();
      case 'data':
        return this.#readData();
      case 'data-end':
        if (this.#pending.length < 2) return more;
        if (this.#pending[0] !== 13 || this.#pending[1] !== 10) return broken('a chunk is longer than its size says');
        this.#drop(2);
        this.#state = 'size';
        return undefined;
      case 'trailers':
        return this.#readTrailers();
      case 'done':
        return more;
    }
  }

  /** The plain form that nearly all servers send: up to eight hex digits and a line end, all of it here. */
  #readPlainSize(): boolean {
    const bytes = this.#pending;
    let size = 0;
    for (let at = 0; at <= MAX_PLAIN_DIGITS && at + 1 < bytes.length; at += 1) {
      const digit = hexDigits[bytes[at] as number] as number;
      if (digit >= 0) size = size * 16 + digit;
      else {
        if (at === 0 || bytes[at] !== 13 || bytes[at + 1] !== 10) return false;
        this.#sized(size, at + 2);
        return true;
      }
    }
    return false;
  }

  #sized(size: number, lineBytes: number): void {
    this.#drop(lineBytes);
    this.#left = size;
    this.#state = size === 0 ? 'trailers' : 'data';
  }

  #readSize(): ChunkPart | undefined {
    if (this.#readPlainSize()) return undefined;
    const end = this.#pending.indexOf('\r\n');
    if (end < 0) return this.#pending.length > MAX_SIZE_LINE_BYTES ? broken('a chunk size line is too long') : more;
    const line = this.#pending.toString('latin1', 0, end);
    // At most 13 hex digits: beyond that the size is no exact number, and no honest server sends it.
    const size = /^([0-9a-fA-F]{1,13})(?:[\t ]*;[^\r\n]*)?$/.exec(line)?.[1];
    if (size === undefined || line.includes('\n')) return broken('a chunk size is no hexadecimal number');
    this.#sized(Number.parseInt(size, 16), end + 2);
    return undefined;
  }

  #readData(): ChunkPart {
    if (this.#pending.length === 0) return more;
    const chunk = this.#pending.subarray(0, Math.min(this.#left, this.#pending.length));
    this.#drop(chunk.length);
    this.#left -= chunk.length;
    if (this.#left === 0) this.#state = 'data-end';
    return { kind: 'data', chunk };
  }

  #readTrailers(): ChunkPart {
    const isEmpty = this.#pending[0] === 13 && this.#pending[1] === 10;
    const end = isEmpty ? 0 : this.#pending.indexOf('\r\n\r\n');
    if (end < 0 || this.#pending.length < 2) return this.#pending.length > MAX_TRAILER_BYTES ? broken('the trailers are too long') : more;
    const trailers = isEmpty ? [] : readFields(this.#pending.toString('latin1', 0, end));
    if (trailers === undefined) return broken('the trailers are malformed');
    this.#drop(isEmpty ? 2 : end + 4);
    this.#state = 'done';
    return { kind: 'end', trailers, rest: this.#pending };
  }

  #drop(count: number): void {
    this.#pending = this.#pending.length === count ? empty : this.#pending.subarray(count);
  }
}

function broken(reason: string): ChunkPart {
  return { kind: 'broken', reason };
}
