/** A client made of SDK v2 (`@modelcontextprotocol/client`), which speaks both eras and chooses by its mode. */
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { clientAnswers, type Peer, type Target } from './peer.ts';
import { connectSdk, type SdkTransports } from './sdk-peer.ts';

const transports: SdkTransports = {
  stdio: parameters => new StdioClientTransport(parameters),
  http: (url, options) => new StreamableHTTPClientTransport(url, options),
  sse: (url, options) => new SSEClientTransport(url, options),
};

/** How the client finds the era: never asks, asks first, or insists on the modern one. */
export type EraMode = 'legacy' | 'auto' | 'modern';

/** Connects a client of SDK v2 that offers sampling and elicitation. */
export async function connectSdkV2(target: Target, mode: EraMode): Promise<Peer> {
  const client = new Client(
    { name: `sdk-v2-peer-${mode}`, version: '1.0.0' },
    {
      capabilities: { sampling: {}, elicitation: {} },
      versionNegotiation: { mode: mode === 'modern' ? { pin: '2026-07-28' } : mode },
    },
  );
  client.setRequestHandler('sampling/createMessage', () => clientAnswers.sampling);
  client.setRequestHandler('elicitation/create', () => clientAnswers.elicitation);
  return connectSdk(target, {
    client,
    transports,
    callTool: (call, onProgress) =>
      client.callTool({ ...call }, onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
  });
}
