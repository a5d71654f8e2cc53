/** What the shim itself answers where nobody else can: errors with the id of the request, as lines. */
import { readBody, type ReadBody } from '../../shared/mcp/json-rpc.ts';
import { errorTable, rpcErrorBody, type ErrorCode } from '../../shared/errors/error-table.ts';
import { maxAskedLineBytes } from '../../shared/shim/protocol.ts';
import type { HeldLine } from './lane.ts';

const retryAfterMs = 5_000;

/** The ids of the requests in a line of the client, and whether they came as a batch. Empty for what asks nothing. */
export function requestsIn({ whole, isTooLong }: HeldLine): { readonly ids: readonly string[]; readonly isBatch: boolean } {
  if (isTooLong) {
    const { idText, method } = whole.whole?.facts ?? {};
    return { ids: idText === undefined || method === undefined ? [] : [idText], isBatch: false };
  }
  const read = readBody(Buffer.concat(whole.parts).toString('utf8'));
  return { ids: idsOf(read), isBatch: read.kind === 'batch' };
}

function idsOf(read: ReadBody): string[] {
  if (read.kind === 'batch') return read.items.flatMap(idsOf);
  return read.kind === 'message' && read.message.kind === 'request' ? [read.message.idText] : [];
}

/** The host that decides is gone, and nothing may pass without it. */
export function hostGoneLine(ids: readonly string[], isBatch: boolean): Uint8Array {
  const message =
    'The Shadowcat host that enforces the policies of this server is gone, so nothing passes. This was not sent to the server. ' +
    'Start Shadowcat again (the app, or `shadowcat serve`), then repeat it.';
  return joined(ids, isBatch, id => ownError('UNAVAILABLE', message, id, { state: 'host-lost', may_have_executed: false }));
}

/** The host that was to check an answer is gone. */
export function answerWithheldLine(ids: readonly string[], isBatch: boolean): Uint8Array {
  const message =
    'The Shadowcat host that checks the answers of this server is gone, so its answer was withheld. The call may have had effects: ' +
    'look before you repeat it. Start Shadowcat again (the app, or `shadowcat serve`).';
  return joined(ids, isBatch, id => ownError('UNAVAILABLE', message, id, { state: 'host-lost', may_have_executed: true }));
}

/** The host that judges what the server asks of its client is gone; for the server. */
export function questionUnjudgedLine(ids: readonly string[], isBatch: boolean): Uint8Array {
  const message =
    'The Shadowcat host that enforces the policies of this server is gone, so what it asks of its client does not reach it. ' +
    'Start Shadowcat again (the app, or `shadowcat serve`), then repeat it.';
  return joined(ids, isBatch, id => ownError('UNAVAILABLE', message, id, { state: 'host-lost' }));
}

/** A line that is longer than can be asked about. */
export function tooLongLine(id: string): Uint8Array {
  const message = `The message is longer than ${maxAskedLineBytes / 1024 / 1024} MiB.`;
  return Buffer.from(rpcErrorBody('BODY_TOO_LARGE', message, id, { limit_bytes: maxAskedLineBytes }));
}

function ownError(code: ErrorCode, message: string, id: string, facts: Readonly<Record<string, unknown>>): string {
  const data = { reason: code, ...facts, retry_after_ms: retryAfterMs };
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code: errorTable[code].rpcCode, message, data })}}`;
}

function joined(ids: readonly string[], isBatch: boolean, line: (id: string) => string): Uint8Array {
  const lines = ids.map(line);
  return Buffer.from(isBatch ? `[${lines.join(',')}]` : lines.join('\n'));
}
