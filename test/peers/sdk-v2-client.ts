/** A client made of SDK v2 (`@modelcontextprotocol/client`), which speaks both eras and chooses by its mode. */
import { Client, SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { clientAnswers, noteMessages, type Peer, type Target } from './peer.ts';

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
  const transport = transportTo(target);
  const seen = noteMessages(transport);
  await client.connect(transport);

  return {
    seen,
    listTools: () => client.listTools(),
    listPrompts: () => client.listPrompts(),
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    getPrompt: prompt => client.getPrompt(prompt),
    readResource: resource => client.readResource(resource),
    callTool: (call, onProgress) =>
      client.callTool({ ...call }, onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
    async [Symbol.asyncDispose]() {
      if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
      await client.close();
    },
  };
}

function transportTo(target: Target): Transport {
  switch (target.kind) {
    case 'stdio':
      return new StdioClientTransport({
        command: target.command,
        args: [...target.args],
        stderr: 'ignore',
        ...(target.env === undefined ? {} : { env: target.env }),
      });
    case 'http':
      return new StreamableHTTPClientTransport(new URL(target.url), requestInit(target.headers));
    case 'sse':
      return new SSEClientTransport(new URL(target.url), requestInit(target.headers));
  }
}

function requestInit(headers: Readonly<Record<string, string>> | undefined) {
  return headers === undefined ? {} : { requestInit: { headers } };
}
