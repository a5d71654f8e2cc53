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
// Longest key or scalar that is kept; ids and method names are far shorter.
const KEPT_BYTES = 512;

/** Feed all chunks in order, then read `facts`. Understands any well-formed UTF-8 JSON object; anything else yields no facts. */
export class TopLevelScan {
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #isKeeping = false;
  #kept: number[] = [];
  #key = '';
  #isValue = false;
  readonly #members = new Map<string, string>();
  #isBroken = false;

  push(chunk: Uint8Array): void {
    if (this.#isBroken) return;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#inString) {
        at = this.#inText(chunk, at);
      } else if (byte === QUOTE) {
        this.#inString = true;
        if (this.#depth === 1) this.#startKeeping(byte);
      } else this.#structure(byte);
      if (this.#isBroken) return;
    }
  }

  #inText(chunk: Uint8Array, from: number): number {
    // The long way through big strings: nothing is kept, so only quotes and backslashes matter.
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#isKeeping) this.#keep(byte);
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        if (this.#depth === 1 && !this.#isValue) this.#key = parsedText(this.#take());
        return at;
      }
    }
    return chunk.length;
  }

  #structure(byte: number): void {
    switch (byte) {
      case 0x7b: // {
      case 0x5b: // [
        if (this.#depth === 0 && byte === 0x5b) this.#isBroken = true;
        if (this.#depth === 1) this.#members.set(this.#key, byte === 0x7b ? '{' : '[');
        this.#depth += 1;
        this.#isKeeping = false;
        this.#kept = [];
        return;
      case 0x7d: // }
      case 0x5d: // ]
        if (this.#depth === 1) this.#endValue();
        this.#depth -= 1;
        return;
      case 0x3a: // :
        if (this.#depth === 1) {
          this.#isValue = true;
          this.#startKeeping(undefined);
        }
        return;
      case 0x2c: // ,
        if (this.#depth === 1) this.#endValue();
        return;
      default:
        if (this.#isKeeping && byte > 0x20) this.#keep(byte);
    }
  }

  #endValue(): void {
    const value = this.#take();
    if (this.#isValue && value !== '') this.#members.set(this.#key, value);
    this.#isValue = false;
    this.#key = '';
  }

  #startKeeping(first: number | undefined): void {
    this.#isKeeping = true;
    this.#kept = first === undefined ? [] : [first];
  }

  #keep(byte: number): void {
    if (this.#kept.length < KEPT_BYTES) this.#kept.push(byte);
  }

  #take(): string {
    const text = utf8(this.#kept);
    this.#kept = [];
    this.#isKeeping = false;
    return text;
  }

  get facts(): TopLevelFacts {
    const id = this.#members.get('id');
    const idText = id === undefined ? undefined : idTextOf(parsed(id), `{"id":${id}}`);
    const method = parsed(this.#members.get('method') ?? '');
    return {
      ...(idText === undefined ? {} : { idText }),
      ...(typeof method === 'string' ? { method } : {}),
      hasResult: this.#members.has('result'),
      hasError: this.#members.has('error'),
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

function parsedText(text: string): string {
  const value = parsed(text);
  return typeof value === 'string' ? value : '';
}

/** UTF-8 without a decoder class: this folder runs where neither Node nor the DOM is known. A cut sequence becomes ''. */
function utf8(bytes: readonly number[]): string {
  try {
    return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return '';
  }
}
