/** Bytes that should have been a request head, as they may be kept: what is in a field is unknown, so most of them keep their name alone. */
import { isSecretName, MASK } from '../../shared/redaction/mask-text.ts';

/** What tells why a head is malformed, and is no secret. */
const shown = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'origin',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** As strict as a head should be, for the path of one. */
const requestLine = /^[A-Za-z]+ ((?:\/|\*|https?:)\S*)/;
/** As lenient as some reader may be: a word, and something behind it. */
const likeRequestLine = /^[^\s:"{[]+[ \t]+\S/;
/** A colon that was forgotten keeps nothing secret from being one. */
const fieldLine = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*:|[ \t])/;
const userInfo = /:\/\/[^/\s]*@/;
const mask = Buffer.from(MASK);

/**
 * `isWhole`: nothing came before these bytes; else they may begin within a credential. All lines are looked at, also behind a blank
 * one: where two readers see two requests, the second one has a head, too. A bare CR ends a line, as it does for some readers.
 */
export function maskedHead(packet: Uint8Array, isWhole: boolean): Buffer {
  const parts = latin1(packet)
    .split(/(\r\n|\r|\n)/)
    .flatMap((text, index) => {
      const isLineEnd = index % 2 === 1;
      const kept = isLineEnd ? undefined : keptOf(text, index === 0 && !isWhole);
      return kept === undefined ? [Buffer.from(text, 'latin1')] : [Buffer.from(kept, 'latin1'), mask];
    });
  return Buffer.concat(parts);
}

/** The path of a request line, without host and query; empty where the bytes begin with none. */
export function pathOfHead(packet: Uint8Array): string {
  const target = requestLine.exec(latin1(packet.subarray(0, 4096)))?.[1] ?? '';
  return target.replace(/^https?:\/\/[^/?#]*/, '').split(/[?#]/, 1)[0] ?? '';
}

/** What stays of a line before the mask; undefined where all of it does. */
function keptOf(line: string, isWithin: boolean): string | undefined {
  const isRequestLine = requestLine.test(line);
  if (isWithin && !isRequestLine) return '';
  const field = isRequestLine ? undefined : keptOfField(line);
  if (field !== undefined) return field;
  const user = userInfo.exec(line);
  if (user !== null) return line.slice(0, user.index + 3);
  // A query may hold tokens.
  return isRequestLine || likeRequestLine.test(line) ? upTo(line, '?') : undefined;
}

function keptOfField(line: string): string | undefined {
  const name = fieldLine.exec(line)?.[1];
  const isField = name !== undefined && (line.includes(':') || isSecretName(name));
  if (isField) return shown.has(name.toLowerCase()) ? undefined : `${name}: `;
  // A folded line goes on with the value before it.
  if (/^[ \t]/.test(line)) return ' ';
  // What makes it malformed may stand within the name.
  const before = upTo(line, ':');
  return before !== undefined && isSecretName(before.replaceAll(/[^\w-]/g, '')) ? before : undefined;
}

/** Up to the first such sign, with it; undefined where there is none. */
function upTo(line: string, sign: '?' | ':'): string | undefined {
  const at = line.indexOf(sign);
  return at === -1 ? undefined : line.slice(0, at + 1);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
