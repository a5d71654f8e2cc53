/** The words of a frame: what the full-text index and the previews are made from. */
import { maskText } from '../../shared/redaction/mask-text.ts';
import { decodeContent } from './content-encoding.ts';

/** Full text covers this much of each body. */
export const INDEXED_BODY_BYTES = 16 * 1024;

const PREVIEW_CHARS = 200;
/** Masking sees more than is shown, so that a secret is recognised whole. */
const PREVIEW_SOURCE_BYTES = 480;

/** `params` may stand behind a long id or `_meta`. */
const PARAMS_SOURCE_BYTES = 2 * 1024;

/** The head of a body as text, decoded where it is still compressed; empty for binary content. */
export function headText(body: Uint8Array, contentEncoding: string | null, maxBytes: number): string {
  if (body.length === 0) return '';
  // The first bytes of a compressed body are tables; a few hundred of them give no text yet.
  const plain =
    contentEncoding === null
      ? body.subarray(0, maxBytes)
      : decodeContent(body.subarray(0, Math.max(maxBytes, 4 * 1024)), contentEncoding)?.subarray(0, maxBytes);
  if (plain === undefined || isBinary(plain)) return '';
  return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString('utf8');
}

/** First characters with whitespace folded and secrets masked. */
export function framePreview(body: Uint8Array, contentEncoding: string | null): string {
  return preview(headText(body, contentEncoding, PREVIEW_SOURCE_BYTES));
}

/** The same for a row of the table: of the `params` where the frame is a request or notification. */
export function exchangePreview(body: Uint8Array, contentEncoding: string | null, kind: string): string {
  const text = headText(body, contentEncoding, PARAMS_SOURCE_BYTES);
  if (kind !== 'request' && kind !== 'notification') return preview(text);
  const params = /"params"\s*:\s*/.exec(text);
  if (params === null) return '';
  // The closing brace of the message is no part of the params; a cut text has none.
  const tail = text.slice(params.index + params[0].length);
  return preview(body.length <= PARAMS_SOURCE_BYTES ? tail.replace(/\}\s*$/, '') : tail);
}

function preview(text: string): string {
  const head = text.slice(0, PREVIEW_SOURCE_BYTES);
  const folded = (/\s\s|[\t\n\r]/.test(head) ? head.replaceAll(/\s+/g, ' ') : head).trim();
  if (folded === '') return '';
  const masked = maskText(folded).text;
  return masked.length > PREVIEW_CHARS ? masked.slice(0, PREVIEW_CHARS).toWellFormed() : masked;
}

/** A zero byte in the head means pictures, archives and the like. */
function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 512).includes(0);
}
