/** Compares the standard headers of revision 2026-07-28 with the body they came with. */
import type { HttpHead } from '../../shared/model/frame.ts';
import type { ReadMessage } from './sighting.ts';

/** True when `Mcp-Method` or `Mcp-Name` says something else than the body; absent headers are no mismatch here. 2026-07-28, Streamable HTTP, standard headers. */
export function headerMismatch(http: HttpHead, { message, facts }: ReadMessage): boolean {
  if (message.kind !== 'request' && message.kind !== 'notification') return false;
  const method = headerOf(http, 'mcp-method');
  const name = headerOf(http, 'mcp-name');
  if (method !== undefined && method !== message.method) return true;
  return name !== undefined && facts.target !== undefined && decodeSentinel(name) !== facts.target;
}

/** Undoes `=?base64?…?=`, the form for values that are not plain ASCII; anything else is returned as it is. */
export function decodeSentinel(value: string): string {
  const encoded = /^=\?base64\?([A-Za-z0-9+/=]*)\?=$/.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8');
}

function headerOf(http: HttpHead, name: string): string | undefined {
  return http.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}
