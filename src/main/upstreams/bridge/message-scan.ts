/**
 * Finds the ids and tokens of one JSON-RPC message in its bytes, and where they stand, so that a bridge can replace exactly
 * these and keep every other byte: big integers, duplicate keys, spacing. Walks 50 MB of result without parsing it.
 */

/** Bytes `from` (included) to `to` (not included). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A value of interest: every place where it stands (duplicate keys), and the text of the last, which is the one that counts. */
export interface Slot {
  readonly spans: readonly Span[];
  /** As it was written. */
  readonly text: string;
  /** The same for every way to write the same id; `1` and `"1"` differ. */
  readonly key: string;
}

export interface ScannedMessage {
  readonly bytes: Buffer;
  readonly kind: 'request' | 'notification' | 'result' | 'error';
  /** Empty on answers. */
  readonly method: string;
  readonly id?: Slot;
  /** `params.requestId` of a cancellation. */
  readonly requestId?: Slot;
  /** `params.progressToken` of a progress report. */
  readonly reportToken?: Slot;
  /** `params._meta.progressToken`: a request asks for reports under it. */
  readonly metaToken?: Slot;
  /** `_meta["io.modelcontextprotocol/subscriptionId"]` of a notification or a result. */
  readonly subscriptionId?: Slot;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
/** Keys of interest have at most 38 characters, six bytes each when every one is escaped. */
const MAX_KEY_BYTES = 240;
/** An id longer than this is none of an honest peer; it would be copied into every table. */
const MAX_VALUE_BYTES = 4096;

type Values = Map<string, { spans: Span[]; text: string }>;

/** What leads to a value of interest, and the values themselves; paths are keys joined by a character that none of them has. */
const subscriptionKey = 'io.modelcontextprotocol/subscriptionId';
const branches = new Set(['params', 'params>_meta', 'result', 'result>_meta']);
const leaves = new Set([
  'id',
  'method',
  'params>requestId',
  'params>progressToken',
  'params>_meta>progressToken',
  `params>_meta>${subscriptionKey}`,
  `result>_meta>${subscriptionKey}`,
]);
const depthOfLeaf = 3;

/** Undefined when the bytes are no JSON object that could be a JSON-RPC message. */
export function scanMessage(bytes: Buffer): ScannedMessage | undefined {
  const scan = new Scan(bytes);
  try {
    scan.document();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
  return messageOf(bytes, scan);
}

/** The elements of a batch (2025-03-26) as slices; undefined when the bytes are no array. */
export function batchElements(bytes: Buffer): readonly Buffer[] | undefined {
  const scan = new Scan(bytes);
  try {
    return scan.elements()?.map(({ from, to }) => bytes.subarray(from, to));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function messageOf(bytes: Buffer, scan: Scan): ScannedMessage | undefined {
  const idText = scan.values.get('id');
  const methodText = scan.values.get('method')?.text;
  const id = slotOf(idText);
  if (idText !== undefined && id === undefined) return undefined;
  const method = methodText?.startsWith('"') === true ? (JSON.parse(methodText) as string) : undefined;
  const kind = kindOf(scan, method !== undefined, id !== undefined);
  if (kind === undefined) return undefined;
  const slots = {
    id,
    requestId: slotOf(scan.values.get('params>requestId')),
    reportToken: slotOf(scan.values.get('params>progressToken')),
    metaToken: slotOf(scan.values.get('params>_meta>progressToken')),
    subscriptionId: slotOf(scan.values.get(`${kind === 'result' ? 'result' : 'params'}>_meta>${subscriptionKey}`)),
  };
  const message: Record<string, unknown> = { bytes, kind, method: method ?? '' };
  for (const [name, slot] of Object.entries(slots)) if (slot !== undefined) message[name] = slot;
  return message as unknown as ScannedMessage;
}

function kindOf({ hasResult, hasError }: Scan, hasMethod: boolean, hasId: boolean): ScannedMessage['kind'] | undefined {
  if (hasMethod) return hasId ? 'request' : 'notification';
  if (!hasId) return undefined;
  if (hasResult) return 'result';
  return hasError ? 'error' : undefined;
}

/** Undefined for what can be no id: an object, a list, a truth value, something endless. */
function slotOf(value: { spans: Span[]; text: string } | undefined): Slot | undefined {
  if (value === undefined || !/^(?:["\-\d]|null$)/.test(value.text)) return undefined;
  return { ...value, key: idKey(value.text) };
}

/** One text for all ways to write an id: escapes undone, `1.0` as `1`. Integers beyond 2^53 keep their digits. */
export function idKey(text: string): string {
  if (text.startsWith('"')) return text.includes('\\') ? JSON.stringify(JSON.parse(text)) : text;
  const number = Number(text);
  return Number.isSafeInteger(number) ? String(number) : text;
}

class Malformed extends Error {}

/** Checks the structure as far as it walks: brackets, quotes, separators. What it skips may still be no JSON. */
class Scan {
  readonly values: Values = new Map();
  hasResult = false;
  hasError = false;
  readonly #bytes: Buffer;
  #at = 0;
  /** The next backslash, kept from string to string: looking for it anew in each would be quadratic. */
  #backslash = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  document(): void {
    this.#object('', 1);
    if (this.#next() !== undefined) throw new Malformed();
  }

  elements(): Span[] | undefined {
    if (this.#next() !== OPEN_ARRAY) return undefined;
    this.#at += 1;
    const spans: Span[] = [];
    if (this.#next() === CLOSE_ARRAY) return spans;
    for (;;) {
      this.#next();
      const from = this.#at;
      this.#skipValue();
      spans.push({ from, to: this.#at });
      if (this.#separator(CLOSE_ARRAY)) return spans;
    }
  }

  #object(path: string, depth: number): void {
    if (this.#next() !== OPEN_OBJECT) throw new Malformed();
    this.#at += 1;
    if (this.#next() === CLOSE_OBJECT) {
      this.#at += 1;
      return;
    }
    do this.#member(path, depth);
    while (!this.#separator(CLOSE_OBJECT));
  }

  #member(path: string, depth: number): void {
    const key = this.#key();
    if (this.#next() !== COLON) throw new Malformed();
    this.#at += 1;
    const first = this.#next();
    const at = path === '' ? key : `${path}>${key}`;
    if (depth === 1 && key === 'result') this.hasResult = true;
    if (depth === 1 && key === 'error') this.hasError = true;
    if (first === OPEN_OBJECT && depth < depthOfLeaf && branches.has(at)) {
      this.#object(at, depth + 1);
      return;
    }
    const from = this.#at;
    this.#skipValue();
    if (leaves.has(at)) this.#note(at, { from, to: this.#at });
  }

  #note(path: string, span: Span): void {
    if (span.to - span.from > MAX_VALUE_BYTES) throw new Malformed();
    const text = this.#bytes.toString('utf8', span.from, span.to);
    const known = this.values.get(path);
    if (known === undefined) this.values.set(path, { spans: [span], text });
    else {
      known.spans.push(span);
      known.text = text;
    }
  }

  #key(): string {
    if (this.#next() !== QUOTE) throw new Malformed();
    const from = this.#at;
    this.#skipString();
    if (this.#at - from > MAX_KEY_BYTES) return '';
    const text = this.#bytes.toString('utf8', from, this.#at);
    const key = text.includes('\\') ? unescaped(text) : text.slice(1, -1);
    return key.includes('>') ? '' : key;
  }

  /** Past a comma (false) or the closing bracket (true). */
  #separator(closing: number): boolean {
    const byte = this.#next();
    if (byte !== COMMA && byte !== closing) throw new Malformed();
    this.#at += 1;
    return byte === closing;
  }

  #skipValue(): void {
    const byte = this.#next();
    if (byte === QUOTE) this.#skipString();
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#skipContainer();
    else this.#skipPrimitive();
  }

  #skipString(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (;;) {
      const quote = bytes.indexOf(QUOTE, at);
      if (quote === -1) throw new Malformed();
      if (this.#backslash < at) {
        const next = bytes.indexOf(BACKSLASH, at);
        this.#backslash = next === -1 ? Infinity : next;
      }
      if (this.#backslash > quote) {
        this.#at = quote + 1;
        return;
      }
      at = this.#backslash + 2;
    }
  }

  #skipContainer(): void {
    const bytes = this.#bytes;
    let depth = 0;
    while (this.#at < bytes.length) {
      const byte = bytes[this.#at] as number;
      if (byte === QUOTE) {
        this.#skipString();
        continue;
      }
      this.#at += 1;
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth -= 1;
        if (depth === 0) return;
      }
    }
    throw new Malformed();
  }

  #skipPrimitive(): void {
    const from = this.#at;
    for (let byte = this.#bytes[this.#at]; byte !== undefined && isOfPrimitive(byte); byte = this.#bytes[this.#at]) this.#at += 1;
    if (this.#at === from) throw new Malformed();
  }

  /** The next byte that is no white space, without taking it. */
  #next(): number | undefined {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#at += 1;
    }
  }
}

/** A key may hide behind escapes; whoever parses it sees it all the same. */
function unescaped(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new Malformed();
  }
}

/** Letters, digits, sign, dot: `true`, `null`, `-1.5e+3`. */
function isOfPrimitive(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x45
  );
}
