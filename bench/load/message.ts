/**
 * The exchange that all HTTP hops carry: a `tools/call` and its answer of 1 KB. Plain as a legacy client without a session sends it,
 * or numbered: then each request has an id of its own, as within a session it must.
 */

const answerBytes = 1_024;

/** A request before it has an address. `idPlace` in it stands for the number of each request. */
export interface Call {
  /** Fields beside Host and Content-Length. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** As long as the numbers that take its place, so that no length changes. */
export const idPlace = '@@@id@@';
const firstId = 1_000_000;
const lastId = 9_999_999;

/** The field by which an upstream that cannot read bodies learns the id it answers. */
export const idField = 'X-Bench-Id';

const params = { name: 'search_files', arguments: { path: '/srv/project', pattern: '*.ts', excludePatterns: ['node_modules', 'dist'] } };
const legacyVersion = '2025-06-18';
const modernVersion = '2026-07-28';

/**
 * No `Mcp-Session-Id`: all requests carry the same id, because the upstream's answer is fixed, and within one session that
 * would make each of them a duplicate of the one before.
 */
export const plainCall: Call = {
  fields: {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': legacyVersion,
  },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
};

/** Of revision 2026-07-28: no session, everything in the request itself. */
export function modernCall(credentials: Readonly<Record<string, string>>): Call {
  const key = (name: string) => `io.modelcontextprotocol/${name}`;
  const _meta = {
    [key('protocolVersion')]: modernVersion,
    [key('clientInfo')]: { name: 'bench', version: '1.0.0' },
    [key('clientCapabilities')]: {},
  };
  return {
    fields: {
      ...plainCall.fields,
      ...credentials,
      'MCP-Protocol-Version': modernVersion,
      'Mcp-Method': 'tools/call',
      'Mcp-Name': params.name,
      [idField]: idPlace,
    },
    body: numbered({ method: 'tools/call', params: { ...params, _meta } }),
  };
}

/** Within a session of the legacy era. */
export function sessionCall(sessionId: string, credentials: Readonly<Record<string, string>>): Call {
  return {
    fields: { ...plainCall.fields, ...credentials, 'Mcp-Session-Id': sessionId, [idField]: idPlace },
    body: numbered({ method: 'tools/call', params }),
  };
}

/** The handshake of the legacy era: what a session begins with, as two bodies. */
export const handshake = {
  initialize: { protocolVersion: legacyVersion, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } },
  initialized: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
} as const;

/** A `tools/call` as a line without its end, for stdio. */
export const stdioCall: string = numbered({ method: 'tools/call', params });

/** The text of the answers, without what is around it. */
export const answerText: string = paddedText();

/** The answer, exactly 1 KB. It holds no single quote and no dollar sign, so that it can stand in an nginx configuration. */
export const answerBody: string = answerTo('1');

/** The answer to a request with this id, JSON text. */
export function answerTo(idText: string): string {
  return `{"jsonrpc":"2.0","id":${idText},"result":{"content":[{"type":"text","text":"${answerText}"}]}}`;
}

/** The whole request as it goes over the wire; `idPlace` is still in it. */
export function requestBytes(url: URL, { fields, body }: Call = plainCall): Buffer {
  const all = { Host: url.host, ...fields, 'Content-Length': String(Buffer.byteLength(body)) };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head.join('')}\r\n${body}`);
}

/** Puts the next number wherever the bytes have `idPlace`. */
export function idWriter(bytes: Buffer): (id: number) => void {
  const places: number[] = [];
  for (let at = bytes.indexOf(idPlace); at !== -1; at = bytes.indexOf(idPlace, at + 1)) places.push(at);
  return id => {
    for (const place of places) bytes.write(String(id), place, 'latin1');
  };
}

let nextId = firstId;

/** The first of `count` numbers that nobody else in this run has, until all seven digits are used up. */
export function takeIds(count: number): number {
  if (nextId + count > lastId) nextId = firstId;
  const taken = nextId;
  nextId += count;
  return taken;
}

function numbered(message: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 0, ...message }).replace('"id":0', `"id":${idPlace}`);
}

function paddedText(): string {
  const around = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: '' }] } });
  return '/srv/project/src/main/engine.ts /srv/project/src/shared/model/frame.ts '.repeat(20).slice(0, answerBytes - around.length);
}
