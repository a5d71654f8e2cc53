/** A GET stream of a legacy session, held open as clients do. */
import { post } from './callers.ts';

export interface ListeningStream {
  readonly status: number;
  /** `ended`: a proper end; `broken`: the connection was torn. */
  state: 'open' | 'ended' | 'broken';
  readonly over: Promise<void>;
  close(): void;
}

/** Opens it; the answer's head is there when this resolves. */
export async function listeningStream(url: string, headers: Readonly<Record<string, string>>): Promise<ListeningStream> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { Accept: 'text/event-stream', ...headers }, signal: abort.signal });
  const stream = {
    status: response.status,
    state: 'open' as ListeningStream['state'],
    over: Promise.resolve(),
    close: () => abort.abort(),
  };
  stream.over = (async () => {
    try {
      for await (const chunk of response.body ?? []) void chunk;
      stream.state = 'ended';
    } catch {
      stream.state = 'broken';
    }
  })();
  return stream;
}

/** The headers of a fresh session. */
export async function newSession(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'stream', version: '1' } };
  const heard = await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params }, headers);
  return { ...headers, 'Mcp-Session-Id': heard.headers.get('mcp-session-id') ?? '', 'MCP-Protocol-Version': '2025-11-25' };
}
