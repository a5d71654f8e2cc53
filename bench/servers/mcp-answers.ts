/** What the two small MCP servers of the benchmark answer: enough of a legacy server for any client to shake hands, and one tool. */
import { answerTo } from '../load/message.ts';

const tool = { name: 'search_files', description: 'Finds files.', inputSchema: { type: 'object', properties: {} } };

/** JSON text of the answer to a message, undefined for a notification. */
export function answerFor(text: string): string | undefined {
  const { id, method, params } = JSON.parse(text) as { id?: unknown; method?: string; params?: { protocolVersion?: string } };
  if (id === undefined || method === undefined) return undefined;
  switch (method) {
    case 'tools/call':
      return answerTo(JSON.stringify(id));
    case 'initialize':
      return result(id, {
        protocolVersion: params?.protocolVersion ?? '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'bench', version: '1.0.0' },
      });
    case 'tools/list':
      return result(id, { tools: [tool] });
    case 'ping':
      return result(id, {});
    default:
      return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  }
}

const result = (id: unknown, value: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result: value });
