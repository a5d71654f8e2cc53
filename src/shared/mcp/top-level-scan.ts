/**
 * Finds the top-level members of a JSON object while its bytes stream past, without keeping them.
 * For bodies too large to parse whole: `id` may stand behind 50 MB of `result`, as it does in answers of SDK v1.
 */
import { idTextOf, type IdText } from './json-rpc.ts';

export interface TopLevelFacts {
  readonly idText?: IdText;
  readonly method?: string;
  readonly hasResult: boolean;
  readonly hasError: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Longest id or method that is kept; real ones are far shorter. */
const MAX_VALUE_BYTES = 512;
/** Room for the usual ones. V8 keeps arrays of up to 64 bytes among its objects; for longer ones it asks the allocator, for each answer. */
const USUAL_VALUE_BYTES = 64;
/** Longest key that can be of interest (`method`), with its quotes. */
const MAX_KEY_BYTES = 8;

const memberNames = ['id', 'method', 'result', 'error'] as const;
type Member = (typeof memberNames)[number];
const members = memberNames.map(name => ({ name, bytes: Array.from(`"${name}"`, char => char.charCodeAt(0)) }));

/**
 * Feed all chunks in order, then read `facts`. Understands any well-formed UTF-8 JSON object; anything else yields no
 * facts. Memory does not grow with the body: only the values of `id` and `method` are kept, capped.
 */
export class TopLevelScan {
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** Set between a key's colon and the end of its value, at the top level. */
  #isValue = false;
  #member: Member | undefined;
  /** The key or the value that is being read. */
  #kept = new Uint8Array(USUAL_VALUE_BYTES);
  #keptBytes = 0;
  /** 0 while what is read does not matter. */
  #keptLimit = 0;
  #id = '';
  #method = '';
  #hasResult = false;
  #hasError = false;
  #isBroken = false;
  /** The next backslash of the chunk: -2 while nobody has looked, -1 when there is none. */
  #backslash = -2;

  push(chunk: Uint8Array): void {
    this.#backslash = -2;
    let at = 0;
    while (at < chunk.length && !this.#isBroken) {
      if (this.#inString) at = this.#keptLimit === 0 ? this.#skipString(chunk, at) : this.#keepString(chunk, at);
      else {
        const byte = chunk[at] as number;
        if (byte === QUOTE) this.#openString();
        else if (byte > 0x20) this.#structure(byte);
        at += 1;
      }
    }
  }

  #openString(): void {
    this.#inString = true;
    if (this.#depth !== 1) return;
    if (!this.#isValue) this.#keep(MAX_KEY_BYTES);
    this.#keepByte(QUOTE);
  }

  /**
   * Nothing of this string matters: native searches jump from quote to backslash. Where the next backslash stands is found once
   * for all strings before it, or a chunk of many strings would be searched to its end for each. Returns where to go on.
   */
  #skipString(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at += 1;
    }
    while (at < chunk.length) {
      const quote = chunk.indexOf(QUOTE, at);
      const end = quote === -1 ? chunk.length : quote;
      if (this.#backslash < at && this.#backslash !== -1) this.#backslash = chunk.indexOf(BACKSLASH, at);
      if (this.#backslash === -1 || this.#backslash > end) {
        if (quote === -1) return chunk.length;
        this.#inString = false;
        return quote + 1;
      }
      at = this.#backslash + 2;
    }
    // The backslash was the last byte of the chunk, so that the first of the next one is escaped.
    this.#isEscaped = at > chunk.length;
    return chunk.length;
  }

  #keepString(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      this.#keepByte(byte);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        if (!this.#isValue) this.#endKey();
        return at + 1;
      }
      if (this.#keptLimit === 0) return at + 1;
    }
    return chunk.length;
  }

  #structure(byte: number): void {
    const isOpening = byte === 0x7b || byte === 0x5b; // { [
    if (isOpening) {
      if (this.#depth === 0 && byte === 0x5b) this.#isBroken = true;
      if (this.#depth === 1) this.#noteValue('{');
      this.#depth += 1;
      this.#keptLimit = 0;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (this.#depth === 1) this.#endValue();
      this.#depth -= 1;
    } else if (this.#depth !== 1) return;
    else if (byte === 0x3a) {
      this.#isValue = true;
      if (this.#member !== undefined) this.#keep(MAX_VALUE_BYTES);
    } else if (byte === 0x2c) this.#endValue();
    else this.#keepByte(byte);
  }

  #endKey(): void {
    const length = this.#keptBytes;
    const isKept = this.#keptLimit > 0;
    this.#keptLimit = 0;
    this.#member = undefined;
    // Hostile bodies have millions of keys: one comparison turns nearly all of them away.
    if (!isKept || !members.some(({ bytes }) => bytes[1] === this.#kept[1])) return;
    this.#member = members.find(({ bytes }) => bytes.length === length && bytes.every((byte, at) => byte === this.#kept[at]))?.name;
  }

  #endValue(): void {
    if (this.#isValue && this.#keptLimit > 0) this.#noteValue(utf8(this.#kept, this.#keptBytes));
    this.#keptLimit = 0;
    this.#isValue = false;
    this.#member = undefined;
  }

  /** Duplicate keys: the last one wins, as it does in JSON.parse. */
  #noteValue(text: string): void {
    if (text === '') return;
    switch (this.#member) {
      case 'id':
        this.#id = text;
        return;
      case 'method':
        this.#method = text;
        return;
      case 'result':
        this.#hasResult = true;
        return;
      case 'error':
        this.#hasError = true;
        return;
      case undefined:
    }
  }

  #keep(limit: number): void {
    this.#keptBytes = 0;
    this.#keptLimit = limit;
  }

  /** What is too long to be of interest is forgotten at once; that a result or an error is there is enough. */
  #keepByte(byte: number): void {
    if (this.#keptBytes < this.#keptLimit) {
      if (this.#keptBytes === this.#kept.length) this.#makeRoom();
      this.#kept[this.#keptBytes] = byte;
      this.#keptBytes += 1;
    } else if (this.#keptLimit > 0) {
      this.#keptLimit = 0;
      if (this.#isValue && (this.#member === 'result' || this.#member === 'error')) this.#noteValue('"');
    }
  }

  #makeRoom(): void {
    const roomy = new Uint8Array(MAX_VALUE_BYTES);
    roomy.set(this.#kept);
    this.#kept = roomy;
  }

  /** Every bracket and string that was opened is closed. */
  get isClosed(): boolean {
    return this.#depth === 0 && !this.#inString;
  }

  /** It has a result or an error: `facts` for who needs no more of them. */
  get isAnswer(): boolean {
    return this.#hasResult || this.#hasError;
  }

  get facts(): TopLevelFacts {
    const idText = this.#id === '' ? undefined : idTextOf(parsed(this.#id), `{"id":${this.#id}}`);
    const method = this.#method === '' ? undefined : parsed(this.#method);
    return {
      ...(idText === undefined ? {} : { idText }),
      ...(typeof method === 'string' ? { method } : {}),
      hasResult: this.#hasResult,
      hasError: this.#hasError,
    };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** UTF-8 without a decoder class: this folder runs where neither Node nor the DOM is known. A cut sequence becomes ''. */
function utf8(bytes: Uint8Array, count: number): string {
  let text = '';
  for (let at = 0; at < count; at += 1) {
    const byte = bytes[at] as number;
    // Ids and methods are ASCII but for a few.
    if (byte >= 0x80) return decoded(bytes.subarray(0, count));
    text += String.fromCharCode(byte);
  }
  return text;
}

function decoded(bytes: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(bytes, byte => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return '';
  }
}
