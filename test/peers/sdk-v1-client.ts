/** A client made of SDK v1 (`@modelcontextprotocol/sdk`), the maintenance line that most programs still use. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { clientAnswers, type Peer, type Target } from './peer.ts';
import { connectSdk, type SdkTransports } from './sdk-peer.ts';

const transports: SdkTransports = {
  stdio: parameters => new StdioClientTransport(parameters),
  http: (url, options) => new StreamableHTTPClientTransport(url, options),
  sse: (url, options) => new SSEClientTransport(url, options),
};

/** Connects a client of SDK v1 that offers sampling and elicitation. */
export async function connectSdkV1(
  target: Target,
  capabilities: Record<string, object> = { sampling: {}, elicitation: {} },
): Promise<Peer> {
  const client = new Client({ name: 'sdk-v1-peer', version: '1.0.0' }, { capabilities });
  if ('sampling' in capabilities) client.setRequestHandler(CreateMessageRequestSchema, async () => clientAnswers.sampling);
  if ('elicitation' in capabilities) client.setRequestHandler(ElicitRequestSchema, async () => clientAnswers.elicitation);
  return connectSdk(target, {
    client,
    transports,
    callTool: (call, onProgress) =>
      client.callTool({ ...call }, undefined, onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
  });
}
