/** What clients made of either SDK have in common: how they reach a server, what is asked of them, and how they leave. */
import { type AnyTransport, noteMessages, type Peer, type Target } from './peer.ts';

/** The same methods in both SDKs, whose types know nothing of each other. */
interface SdkClient extends Pick<
  Peer,
  'listTools' | 'listPrompts' | 'listResources' | 'listResourceTemplates' | 'getPrompt' | 'readResource'
> {
  connect(transport: never): Promise<void>;
  close(): Promise<void>;
}

interface StdioParameters {
  readonly command: string;
  readonly args: string[];
  readonly stderr: 'ignore';
  readonly env?: Record<string, string>;
}

interface HttpOptions {
  readonly requestInit?: { readonly headers: Record<string, string> };
}

/** Makes the transports of an SDK. */
export interface SdkTransports {
  stdio(parameters: StdioParameters): AnyTransport;
  http(url: URL, options: HttpOptions): AnyTransport & { terminateSession(): Promise<void> };
  sse(url: URL, options: HttpOptions): AnyTransport;
}

export interface SdkParts {
  readonly client: SdkClient;
  readonly transports: SdkTransports;
  readonly callTool: Peer['callTool'];
}

/** Connects the client, which has its handlers already. */
export async function connectSdk(target: Target, { client, transports, callTool }: SdkParts): Promise<Peer> {
  const { transport, endSession } = transportTo(target, transports);
  const seen = noteMessages(transport);
  await client.connect(transport as never);
  return {
    seen,
    listTools: () => client.listTools(),
    listPrompts: () => client.listPrompts(),
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    getPrompt: prompt => client.getPrompt(prompt),
    readResource: resource => client.readResource(resource),
    callTool,
    async [Symbol.asyncDispose]() {
      await endSession();
      await client.close();
    },
  };
}

function transportTo(target: Target, make: SdkTransports): { readonly transport: AnyTransport; readonly endSession: () => Promise<void> } {
  const nothing = () => Promise.resolve();
  switch (target.kind) {
    case 'stdio': {
      const { command, args, env } = target;
      const parameters: StdioParameters = { command, args: [...args], stderr: 'ignore', ...(env === undefined ? {} : { env }) };
      return { transport: make.stdio(parameters), endSession: nothing };
    }
    case 'http': {
      const transport = make.http(new URL(target.url), optionsOf(target));
      // MCP 2025-11-25, Session Management: a client that is done should end its session.
      return { transport, endSession: () => transport.terminateSession() };
    }
    case 'sse':
      return { transport: make.sse(new URL(target.url), optionsOf(target)), endSession: nothing };
  }
}

function optionsOf({ headers }: { readonly headers?: Readonly<Record<string, string>> }): HttpOptions {
  return headers === undefined ? {} : { requestInit: { headers: { ...headers } } };
}
