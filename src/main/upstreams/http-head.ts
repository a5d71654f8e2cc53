/** Reads the head of an HTTP/1.1 answer, strictly: what two readers could take differently is refused. */

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** Flat name/value list in wire order and case. */
  readonly rawHeaders: readonly string[];
  readonly framing: Framing;
  /** The server lets the connection live on. */
  readonly keepsAlive: boolean;
}

/** How the body's end is found. RFC 9112, section 6.3. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Node refuses to send on exactly these; tab, visible ASCII and the upper half of latin1 are fine.
const badValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Parses the text between the first byte and the blank line (latin1, without it); a string is the reason why it is no head. */
export function readHead(text: string, requestMethod: string): ResponseHead | string {
  const lineEnd = text.indexOf('\r\n');
  const startLine = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const start = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/.exec(startLine);
  if (start === null || badValue.test(startLine)) return 'the status line is malformed';
  const rawHeaders = lineEnd < 0 ? [] : readFields(text.slice(lineEnd + 2));
  if (rawHeaders === undefined) return 'a header field is malformed';
  const status = Number(start[2]);
  const facts = framingFields(rawHeaders);
  const framing = framingOf(facts, status, requestMethod);
  if (typeof framing === 'string') return framing;
  const isOld = start[1] === '0';
  const keepsAlive =
    framing.kind !== 'until-close' && (isOld ? facts.connection.includes('keep-alive') : !facts.connection.includes('close'));
  return { status, statusText: start[3] ?? '', rawHeaders, framing, keepsAlive };
}

/** Parses header or trailer lines; undefined when one is malformed. Folded lines are refused (RFC 9112, section 5.2). */
export function readFields(text: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf('\r\n', at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > end) return undefined;
    const name = text.slice(at, colon);
    const value = trimSpace(text.slice(colon + 1, end));
    if (!token.test(name) || badValue.test(value)) return undefined;
    fields.push(name, value);
    at = end + 2;
  }
  return fields;
}

interface FramingFields {
  readonly lengths: readonly string[];
  readonly codings: readonly string[];
  /** Lower-case tokens of all `Connection` fields, joined. */
  readonly connection: string;
}

function framingFields(rawHeaders: readonly string[]): FramingFields {
  const lengths: string[] = [];
  const codings: string[] = [];
  let connection = '';
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // 10, 14 and 17: the lengths of the three names; most fields are skipped without lower-casing.
    if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue;
    const value = rawHeaders[at + 1] as string;
    switch (name.toLowerCase()) {
      case 'connection':
        connection += `${value.toLowerCase()},`;
        break;
      case 'content-length':
        lengths.push(value);
        break;
      case 'transfer-encoding':
        codings.push(value.toLowerCase());
        break;
      default:
    }
  }
  return { lengths, codings, connection };
}

function framingOf({ lengths, codings }: FramingFields, status: number, requestMethod: string): Framing | string {
  if (lengths.length > 1) return 'it has more than one Content-Length';
  const [length] = lengths;
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'its Content-Length is no number';
  if (codings.length > 0 && length !== undefined) return 'it has both Content-Length and Transfer-Encoding';
  if (requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (codings.length > 0)
    return codings.length === 1 && codings[0] === 'chunked' ? { kind: 'chunked' } : 'its Transfer-Encoding is not just chunked';
  if (length === undefined) return { kind: 'until-close' };
  const bytes = Number(length);
  return bytes === 0 ? { kind: 'none' } : { kind: 'length', bytes };
}

function trimSpace(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isSpace(value.charCodeAt(from))) from += 1;
  while (to > from && isSpace(value.charCodeAt(to - 1))) to -= 1;
  return value.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
