/**
 * Bodies of guarded routes that two readers could take differently, or whose shape alone would keep everybody else waiting. Guards
 * read a body as JSON in UTF-8, so whatever says or is something else ends here, whoever sent it.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { RequestBody } from '../pipeline/stage.ts';
import { fieldValues } from '../support/http-fields.ts';

/** Deeper than any schema or argument of a real tool; JSON.parse of millions of levels takes seconds and a GiB. */
const MAX_DEPTH = 256;
/** Batches ended with revision 2025-03-26; nobody sends longer ones but to wear out whoever looks at them. */
const MAX_BATCH = 200;
/** Large bodies are long texts. One of very many small values costs a hundred times its length in time and memory. */
const MAX_VALUES = 250_000;

/** The reason to refuse, or undefined. What is no JSON is left to the stages: they say so once it is known who asks. */
export function refusalOfBody(request: IncomingMessage, body: RequestBody): TrafficError | undefined {
  const types = fieldValues(request.rawHeaders, 'content-type');
  if (types.length > 1) return unclear('There is more than one Content-Type.');
  const charset = charsetOf(types[0] ?? '');
  if (charset !== undefined && charset !== 'utf-8')
    return new TrafficError('UNSUPPORTED_TYPE', `Bodies are read as UTF-8, not as ${JSON.stringify(charset.slice(0, 40))}.`);
  if (body.kind !== 'whole' || body.bytes.length === 0) return undefined;
  const { method = '' } = request;
  // Nobody expects a body there, so one reader skips what the next one acts on.
  if (method === 'GET' || method === 'DELETE' || method === 'HEAD') return unclear(`A ${method} has no body.`);
  // Stages refuse encoded ones. Of the others, a lenient decoder makes other letters of bad bytes than we do.
  if (fieldValues(request.rawHeaders, 'content-encoding').length > 0 || isUtf8(body.bytes)) return undefined;
  return unclear('The body is no UTF-8.');
}

/**
 * The reason not to parse a body at all, or undefined. Looks at brackets, commas and strings alone, so that one that is made to be
 * costly costs a pass over its bytes.
 */
export function refusalOfShape(body: RequestBody): TrafficError | undefined {
  if (body.kind !== 'whole' || body.bytes.length <= MAX_DEPTH) return undefined;
  const { bytes } = body;
  const isBatch = bytes.find(byte => byte > SPACE) === OPEN_BRACKET;
  let depth = 0;
  let elementCount = 1;
  let valueCount = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = stringEnd(bytes, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth > MAX_DEPTH) return unclear(`The body is nested deeper than ${MAX_DEPTH} levels.`);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      case COMMA:
        valueCount += 1;
        if (valueCount > MAX_VALUES) return unclear(`The body has more than ${MAX_VALUES} values.`);
        if (depth !== 1 || !isBatch) break;
        elementCount += 1;
        if (elementCount > MAX_BATCH) return unclear(`A batch has more than ${MAX_BATCH} messages.`);
        break;
      default:
    }
  }
  return undefined;
}

/** The quote that ends the string, or the end of the body. */
function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at;
  }
  return bytes.length;
}

/** In lower case. Every `charset` counts: readers disagree about which of two does. */
function charsetOf(type: string): string | undefined {
  if (!type.includes(';')) return undefined;
  const found = [...type.matchAll(/charset\s*\*?\d*\*?\s*=\s*"?([^\s;"]*)/gi)].map(([, charset = '']) => charset.toLowerCase());
  return found.find(charset => charset !== 'utf-8' && charset !== 'utf8') ?? (found.length === 0 ? undefined : 'utf-8');
}

function unclear(message: string): TrafficError {
  return new TrafficError('BAD_REQUEST', message);
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
