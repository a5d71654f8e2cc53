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

const requestLine = /^[A-Za-z]+ ((?:\/|\*|https?:)\S*)/;
/** A colon that was forgotten keeps nothing secret from being one. */
const fieldLine = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*:|[ \t])/;
const mask = Buffer.from(MASK);

/**
 * `isWhole`: nothing came before these bytes; else they may begin within a credential. All lines are looked at, also behind a blank
 * one: where two readers see two requests, the second one has a head, too.
 */
export function maskedHead(packet: Uint8Array, isWhole: boolean): Buffer {
  const parts = latin1(packet)
    .split('\n')
    .flatMap((line, index) => {
      const kept = keptOf(line, index === 0, isWhole);
      const start = index === 0 ? '' : '\n';
      if (kept === undefined) return [Buffer.from(start + line, 'latin1')];
      return [Buffer.from(start + kept, 'latin1'), mask, Buffer.from(line.endsWith('\r') ? '\r' : '')];
    });
  return Buffer.concat(parts);
}

/** The path of a request line, without its query; empty where the bytes begin with none. */
export function pathOfHead(packet: Uint8Array): string {
  const target = requestLine.exec(latin1(packet.subarray(0, 4096)))?.[1] ?? '';
  return target.split(/[?#]/, 1)[0] ?? '';
}

/** What stays of a line before the mask; undefined where all of it does. */
function keptOf(line: string, isFirst: boolean, isWhole: boolean): string | undefined {
  const target = requestLine.exec(line)?.[1];
  // A query may hold tokens.
  if (target !== undefined) return target.includes('?') ? line.slice(0, line.indexOf('?') + 1) : undefined;
  if (isFirst && !isWhole) return '';
  const name = fieldLine.exec(line)?.[1];
  const isField = name !== undefined && (line.includes(':') || isSecretName(name));
  if (isField) return shown.has(name.toLowerCase()) ? undefined : `${name}: `;
  // A folded line goes on with the value before it.
  return /^[ \t]/.test(line) ? ' ' : undefined;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
