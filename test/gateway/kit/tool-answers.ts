/** What the tool server says to a message, over any transport. */

export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const modernVersion = '2026-07-28';

/** The answer, maybe with a notification before it; nothing for a notification. */
export async function answersTo({ id, method = '', params = {} }: Message): Promise<object[]> {
  if (id === undefined) return [];
  const meta = (params['_meta'] ?? {}) as Record<string, unknown>;
  const isModern = meta['io.modelcontextprotocol/protocolVersion'] === modernVersion;
  const result = (value: object) => ({ jsonrpc: '2.0', id, result: { ...(isModern ? { resultType: 'complete' } : {}), ...value } });
  switch (method) {
    case 'initialize':
      return [
        result({
          protocolVersion: params['protocolVersion'] ?? '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'tools', version: '1' },
        }),
      ];
    case 'server/discover':
      return [result({ supportedVersions: [modernVersion], capabilities: { tools: {} }, serverInfo: { name: 'tools', version: '1' } })];
    case 'tools/list':
      return [
        result({
          tools: ['ok_tool', 'deny_tool', 'limit_tool'].map(name => ({
            name,
            description: `Says ${name}`,
            inputSchema: { type: 'object' },
          })),
        }),
      ];
    case 'tools/call':
      return called(id, params, meta, result);
    case 'resources/read':
      return [result({ contents: [{ uri: String(params['uri']), mimeType: 'text/plain', text: `read ${String(params['uri'])}` }] })];
    case 'ping':
      return [result({})];
    default:
      return [{ jsonrpc: '2.0', id, error: { code: -32601, message: `no method ${method}` } }];
  }
}

async function called(
  id: string | number,
  params: Message['params'],
  meta: Record<string, unknown>,
  result: (value: object) => object,
): Promise<object[]> {
  const args = (params?.['arguments'] ?? {}) as Record<string, unknown>;
  if (typeof args['waitMs'] === 'number') await new Promise(resolve => setTimeout(resolve, args['waitMs'] as number));
  const answer = result({ content: [{ type: 'text', text: `said ${String(params?.['name'])}` }] });
  if (args['as'] !== 'sse') return [answer];
  const progressToken = meta['progressToken'] ?? `token-${id}`;
  return [{ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: 1 } }, answer];
}
