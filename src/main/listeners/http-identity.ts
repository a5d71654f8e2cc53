/** Who sends an HTTP request, as far as it says so: the client's own name (2026-07-28), else its user agent. */
import { readBody } from '../../shared/mcp/json-rpc.ts';
import { keptKey, keptText } from '../support/kept-text.ts';

export interface Identity {
  readonly key: string;
  /** The client named itself in `_meta`. */
  readonly isNamed: boolean;
  /** To compare; a long one as its hash. */
  readonly userAgent: string;
  readonly displayName: string;
}

const CLIENT_INFO_KEY = '"io.modelcontextprotocol/clientInfo"';
/** A client's name and version have some dozen bytes. */
const MAX_INFO_BYTES = 2048;

export function identityOf({
  body,
  userAgent = '',
}: {
  readonly body: Uint8Array | undefined;
  readonly userAgent: string | undefined;
}): Identity {
  const info = body === undefined ? undefined : clientInfoText(buffer(body));
  const product = /^[^\s/(]+/.exec(userAgent)?.[0];
  const agent = keptKey(userAgent);
  const fallback = { userAgent: agent, displayName: keptText(product ?? 'unknown client') };
  if (info === undefined) return { ...fallback, key: `agent ${agent}`, isNamed: false };
  return { ...fallback, key: `client ${keptKey(info)}`, isNamed: true };
}

/** True for the handshake of the legacy era. Looks for the word first, because most bodies need no second parse. */
export function isInitialize(body: Uint8Array | undefined): boolean {
  if (body === undefined || !buffer(body).includes('"initialize"')) return false;
  const read = readBody(buffer(body).toString('utf8'));
  const first = read.kind === 'batch' ? read.items[0] : read;
  return first?.kind === 'message' && first.message.kind === 'request' && first.message.method === 'initialize';
}

/** JSON text of the object behind the `clientInfo` key, found without parsing the body. Only tells clients apart; the record reads the real thing. */
function clientInfoText(body: Buffer): string | undefined {
  const at = body.indexOf(CLIENT_INFO_KEY);
  if (at < 0) return undefined;
  const text = body.toString('utf8', at + CLIENT_INFO_KEY.length, at + CLIENT_INFO_KEY.length + MAX_INFO_BYTES);
  return /^\s*:\s*(\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})/.exec(text)?.[1];
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
