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

type Place = 'name' | 'after-colon' | 'value';

/** WHATWG HTML, section 9.2 (server-sent events): lines end in LF, CR or CRLF; a BOM may lead; one space after a colon is dropped. */
export class SseReader {
  readonly #taker: SseTaker;
  #place: Place = 'name';
  #name = '';
  #isLineEmpty = true;
  #value: number[] = [];
  #endedInCr = false;
  #bomAt: number = 0;
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
    let rawFrom = 0;
    let at = this.#skipBom(chunk);
    // -2: not searched yet; -1: none in the rest of this chunk.
    let nextCr = -2;
    let nextLf = -2;
    const flush = (to: number) => {
      if (to <= rawFrom) return;
      this.#hasRaw = true;
      this.#taker.raw(rawFrom === 0 && to === chunk.length ? chunk : chunk.subarray(rawFrom, to));
      rawFrom = to;
    };
    while (at < chunk.length) {
      if (this.#endedInCr) {
        this.#endedInCr = false;
        if (chunk[at] === LF) at += 1;
        if (this.#endLine()) {
          flush(at);
          this.#endEvent(true);
        }
        continue;
      }
      if (nextLf !== -1 && nextLf < at) nextLf = chunk.indexOf(LF, at);
      if (nextCr !== -1 && nextCr < at) nextCr = chunk.indexOf(CR, at);
      const lineEnd = nextLf < 0 ? nextCr : nextCr < 0 ? nextLf : Math.min(nextLf, nextCr);
      const end = lineEnd < 0 ? chunk.length : lineEnd;
      if (end > at) this.#inLine(chunk, at, end);
      at = end;
      if (lineEnd < 0) break;
      at += 1;
      // Whether a LF belongs to this CR is known with the next byte; only then is the line over.
      if (chunk[lineEnd] === CR) this.#endedInCr = true;
      else if (this.#endLine()) {
        flush(at);
        this.#endEvent(true);
      }
    }
    flush(chunk.length);
  }

  /** The stream is over. */
  finish(): void {
    if (this.#endedInCr) {
      this.#endedInCr = false;
      if (this.#endLine()) this.#endEvent(true);
    }
    if (this.#hasRaw) this.#endEvent(false);
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
    this.#isLineEmpty = false;
    let at = from;
    if (this.#place === 'name') {
      while (at < to && chunk[at] !== COLON) {
        if (this.#name.length < MAX_NAME_BYTES) this.#name += String.fromCharCode(chunk[at] as number);
        at += 1;
      }
      if (at === to) return;
      at += 1;
      this.#place = 'after-colon';
      this.#startValue();
    }
    if (this.#place === 'after-colon') {
      if (at === to) return;
      if (chunk[at] === SPACE) at += 1;
      this.#place = 'value';
    }
    if (at === to) return;
    if (this.#name === 'data') this.#taker.data(chunk.subarray(at, to));
    else if (this.#name === 'id' || this.#name === 'event' || this.#name === 'retry')
      for (; at < to && this.#value.length < MAX_VALUE_BYTES; at += 1) this.#value.push(chunk[at] as number);
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
    const value = this.#name === 'data' ? '' : new TextDecoder().decode(new Uint8Array(this.#value));
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
