/** Which fields of a client's request go on to a server of 2024-11-05: our credentials and what it does not know, none of the newer transport. */
import { forwardedFields } from '../../support/http-fields.ts';

const ofOneRequest = new Set(['accept', 'cache-control', 'content-encoding', 'content-length', 'content-type', 'host', 'last-event-id']);

/** Of the GET that opens the stream. */
export function streamFields(rawHeaders: readonly string[]): string[] {
  return ['Accept', 'text/event-stream', 'Cache-Control', 'no-cache', ...others(rawHeaders)];
}

/** Of a POST. */
export function postFields(rawHeaders: readonly string[], sizeBytes: number): string[] {
  return ['Content-Type', 'application/json', 'Content-Length', String(sizeBytes), ...others(rawHeaders)];
}

function others(rawHeaders: readonly string[]): string[] {
  const fields = forwardedFields(rawHeaders);
  const kept: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const lower = (fields[at] as string).toLowerCase();
    // Mcp-Session-Id, Mcp-Method … and MCP-Protocol-Version came later than this transport.
    if (!ofOneRequest.has(lower) && !lower.startsWith('mcp-')) kept.push(fields[at] as string, fields[at + 1] as string);
  }
  return kept;
}
