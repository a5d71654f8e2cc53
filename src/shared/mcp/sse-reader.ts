/**
 * Reads a `text/event-stream` while its bytes pass, cut at any place: where events end, what fields they have, and which
 * bytes are their data. Keeps no bodies: the taker gets slices and decides what to keep.
 */

/** What an event says besides its data. */
export interface SseEventHead {
  /** The `event` field; empty when it had none, which means `message`. */
  readonly name: string;
  readonly id?: string;
  readonly retry?: string;
  /** At least one `data` field, even an empty one. Without any, the event is a comment or a priming id. */
  readonly hasData: boolean;
  /** The blank line came. An event cut off by the end of the stream is not one, as the standard has it. */
  readonly isComplete: boolean;
}

export interface SseTaker {
  /** Bytes of the current event as they stand on the wire, line ends and comments included. */
  raw(bytes: Uint8Array): void;
  /** Bytes of its data: the values of all `data` fields, with a line feed between them. */
  data(bytes: Uint8Array): void;
  end(head: SseEventHead): void;
}

const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const BOM = [0xef, 0xbb, 0xbf];
/** Longest field name that can be one of ours is `event`/`retry`; longer names are unknown fields and are skipped. */
const MAX_NAME_BYTES = 8;
/** `id`, `event` and `retry` values beyond this are cut in what we show; the bytes themselves pass untouched. */
const MAX_VALUE_BYTES = 1024;
const lineFeed = new Uint8Array([LF]);
const none = new Uint8Array(0);
const kept = new Set(['id', 'event', 'retry']);

type Place = 'name' | 'after-colon' | 'value';

/** WHATWG HTML, section 9.2 (server-sent events): lines end in LF, CR or CRLF; a BOM may lead; one space after a colon is dropped. */
export class SseReader {
  readonly #taker: SseTaker;
  #place: Place = 'name';
  #name = '';
  #isLineEmpty = true;
  #value: number[] = [];
  #endedInCr = false;
  #bomAt = 0;
  #chunk: Uint8Array = none;
  #rawFrom = 0;
  #hasRaw = false;
  #hasLine = false;
  #hasData = false;
  #event = '';
  #id: string | undefined;
  #retry: string | undefined;

  constructor(taker: SseTaker) {
    this.#taker = taker;
  }

  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#rawFrom = 0;
    let at = this.#skipBom(chunk);
    // -2: not searched yet; -1: none in the rest of this chunk.
    let nextCr = -2;
    let nextLf = -2;
    while (at < chunk.length) {
      if (this.#endedInCr) {
        this.#endedInCr = false;
        if (chunk[at] === LF) at += 1;
        this.#lineOver(at);
        continue;
      }
      if (nextLf !== -1 && nextLf < at) nextLf = chunk.indexOf(LF, at);
      if (nextCr !== -1 && nextCr < at) nextCr = chunk.indexOf(CR, at);
      const lineEnd = firstOf(nextLf, nextCr);
      this.#inLine(chunk, at, lineEnd < 0 ? chunk.length : lineEnd);
      if (lineEnd < 0) break;
      at = lineEnd + 1;
      // Whether a LF belongs to this CR is known with the next byte; only then is the line over.
      if (chunk[lineEnd] === CR) this.#endedInCr = true;
      else this.#lineOver(at);
    }
    this.#flush(chunk.length);
  }

  /** The stream is over. */
  finish(): void {
    this.#chunk = none;
    this.#rawFrom = 0;
    if (this.#endedInCr) this.#lineOver(0);
    this.#endedInCr = false;
    if (this.#hasRaw) this.#endEvent(false);
  }

  #lineOver(at: number): void {
    if (!this.#endLine()) return;
    this.#flush(at);
    this.#endEvent(true);
  }

  #flush(to: number): void {
    if (to <= this.#rawFrom) return;
    this.#hasRaw = true;
    this.#taker.raw(this.#chunk.subarray(this.#rawFrom, to));
    this.#rawFrom = to;
  }

  #skipBom(chunk: Uint8Array): number {
    let at = 0;
    while (this.#bomAt >= 0 && this.#bomAt < BOM.length && at < chunk.length) {
      if (chunk[at] !== BOM[this.#bomAt]) {
        this.#bomAt = -1;
        break;
      }
      at += 1;
      this.#bomAt += 1;
    }
    return at;
  }

  #inLine(chunk: Uint8Array, from: number, to: number): void {
    if (from === to) return;
    this.#isLineEmpty = false;
    let at = this.#place === 'name' ? this.#inName(chunk, from, to) : from;
    if (at === to || this.#place === 'name') return;
    if (this.#place === 'after-colon' && chunk[at] === SPACE) at += 1;
    this.#place = 'value';
    if (this.#name === 'data') {
      if (at < to) this.#taker.data(chunk.subarray(at, to));
    } else if (kept.has(this.#name)) for (; at < to && this.#value.length < MAX_VALUE_BYTES; at += 1) this.#value.push(chunk[at] as number);
  }

  /** Reads the field name; returns where its value begins, or `to`. */
  #inName(chunk: Uint8Array, from: number, to: number): number {
    let at = from;
    // Nearly every line is one of data, and here in one piece.
    if (this.#name === '' && to - from > 4 && chunk[from + 4] === COLON && isData(chunk, from)) {
      this.#name = 'data';
      at = from + 4;
    }
    while (at < to && chunk[at] !== COLON) {
      if (this.#name.length < MAX_NAME_BYTES) this.#name += String.fromCharCode(chunk[at] as number);
      at += 1;
    }
    if (at === to) return to;
    this.#place = 'after-colon';
    this.#startValue();
    return at + 1;
  }

  #startValue(): void {
    if (this.#name !== 'data') return;
    if (this.#hasData) this.#taker.data(lineFeed);
    this.#hasData = true;
  }

  /** True when this was the blank line that ends an event. */
  #endLine(): boolean {
    if (this.#isLineEmpty) return this.#hasLine;
    this.#hasLine = true;
    // A line without a colon is a field with an empty value.
    if (this.#place === 'name') this.#startValue();
    const value =
      this.#name === 'data'
        ? ''
        : this.#value.every(isAscii)
          ? String.fromCharCode(...this.#value)
          : new TextDecoder().decode(new Uint8Array(this.#value));
    if (this.#name === 'event') this.#event = value;
    else if (this.#name === 'id' && !value.includes('\0')) this.#id = value;
    else if (this.#name === 'retry') this.#retry = value;
    this.#place = 'name';
    this.#name = '';
    this.#isLineEmpty = true;
    if (this.#value.length > 0) this.#value = [];
    return false;
  }

  #endEvent(isComplete: boolean): void {
    this.#taker.end({
      name: this.#event,
      hasData: this.#hasData,
      isComplete,
      ...(this.#id === undefined ? {} : { id: this.#id }),
      ...(this.#retry === undefined ? {} : { retry: this.#retry }),
    });
    this.#event = '';
    this.#id = undefined;
    this.#retry = undefined;
    this.#hasData = false;
    this.#hasLine = false;
    this.#hasRaw = false;
  }
}

function isData(chunk: Uint8Array, at: number): boolean {
  return chunk[at] === 0x64 && chunk[at + 1] === 0x61 && chunk[at + 2] === 0x74 && chunk[at + 3] === 0x61;
}

function isAscii(byte: number): boolean {
  return byte < 0x80;
}

/** The smaller position of two, where -1 means none. */
function firstOf(one: number, other: number): number {
  if (one < 0) return other;
  return other < 0 ? one : Math.min(one, other);
}
