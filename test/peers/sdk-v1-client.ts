/** A client made of SDK v1 (`@modelcontextprotocol/sdk`), the maintenance line that most programs still use. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { clientAnswers, noteMessages, type Peer, type Target } from './peer.ts';

/** Connects a client of SDK v1 that offers sampling and elicitation. */
export async function connectSdkV1(
  target: Target,
  capabilities: Record<string, object> = { sampling: {}, elicitation: {} },
): Promise<Peer> {
  const client = new Client({ name: 'sdk-v1-peer', version: '1.0.0' }, { capabilities });
  if ('sampling' in capabilities) client.setRequestHandler(CreateMessageRequestSchema, async () => clientAnswers.sampling);
  if ('elicitation' in capabilities) client.setRequestHandler(ElicitRequestSchema, async () => clientAnswers.elicitation);
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
      client.callTool({ ...call }, undefined, onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
    async [Symbol.asyncDispose]() {
      // MCP 2025-11-25, Session Management: a client that is done should end its session.
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
      // The class types `sessionId` as possibly undefined, which `exactOptionalPropertyTypes` tells from absent.
      return new StreamableHTTPClientTransport(new URL(target.url), requestInit(target.headers)) as Transport;
    case 'sse':
      return new SSEClientTransport(new URL(target.url), requestInit(target.headers));
  }
}

function requestInit(headers: Readonly<Record<string, string>> | undefined) {
  return headers === undefined ? {} : { requestInit: { headers } };
}
