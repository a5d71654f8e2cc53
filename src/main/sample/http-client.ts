/** A small real MCP client of revision 2026-07-28 over HTTP: stateless, every request with its standard headers and `_meta`. */

const revision = '2026-07-28';

export interface HttpClient {
  /** Sends one request and reads its answer to the end. */
  request(method: string, params?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
}

/** Speaks to the URL until the signal aborts. */
export function httpClient({ url, clientInfo, signal }: { url: string; clientInfo: object; signal: AbortSignal }): HttpClient {
  let lastId = 0;
  return {
    async request(method, params = {}) {
      const id = (lastId += 1);
      const name = params['name'] ?? params['uri'];
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': revision,
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
        'io.modelcontextprotocol/clientInfo': clientInfo,
        progressToken: `progress-${id}`,
      };
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': revision,
          'mcp-method': method,
          ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
        },
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
        signal,
      });
      return answerIn(await response.text(), id);
    },
  };
}

/** The answer, either the whole body or the event that carries the id. */
function answerIn(body: string, id: number): Record<string, unknown> {
  const texts = body.startsWith('{')
    ? [body]
    : body
        .split('\n')
        .filter(line => line.startsWith('data: '))
        .map(line => line.slice(6));
  const found = texts.map(text => JSON.parse(text) as Record<string, unknown>).find(message => message['id'] === id);
  if (found === undefined) throw new Error('The sample server did not answer');
  return (found['result'] ?? {}) as Record<string, unknown>;
}
