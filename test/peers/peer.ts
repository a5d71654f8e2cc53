/**
 * A real client connected to a server, whatever SDK it is made of: the calls our conversations need, and a note of
 * every message its transport carried, so that a recording can be held against what really went over the wire.
 */
import type { StdioCommand } from './servers.ts';

/** Where a client connects to. */
export type Target =
  | ({ readonly kind: 'stdio'; readonly env?: Record<string, string> } & StdioCommand)
  | ({ readonly kind: 'http' } & Address)
  | ({ readonly kind: 'sse' } & Address);

interface Address {
  readonly url: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One JSON-RPC message as the client's transport saw it: a method, or `result` or `error`, and its id. */
export interface SeenMessage {
  readonly direction: 'fromClient' | 'fromServer';
  readonly what: string;
  /** The id as JSON, so that `1` and `"1"` stay apart; absent on notifications. */
  readonly id?: string;
}

export interface Call {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
}

export interface Peer extends AsyncDisposable {
  readonly seen: readonly SeenMessage[];
  listTools(): Promise<unknown>;
  listPrompts(): Promise<unknown>;
  listResources(): Promise<unknown>;
  listResourceTemplates(): Promise<unknown>;
  getPrompt(prompt: { name: string; arguments?: Record<string, string> }): Promise<unknown>;
  readResource(resource: { uri: string }): Promise<unknown>;
  callTool(call: Call, onProgress?: (progress: number) => void): Promise<unknown>;
}

/** What every client of ours answers when a server asks for its model, its user or its roots. */
export const clientAnswers = {
  sampling: {
    role: 'assistant' as const,
    content: { type: 'text' as const, text: 'An answer from the test client.' },
    model: 'test-model',
    stopReason: 'endTurn',
  },
  elicitation: { action: 'accept' as const, content: { username: 'ada', email: 'ada@example.com' } },
};

/** What the transports of both SDKs are to us. */
export interface AnyTransport {
  send(message: never, options?: never): Promise<void>;
  onmessage?: unknown;
}

/**
 * Notes what a transport carries. The instance is changed, not its class: SDK v2 probes a server with a second
 * process only for exactly its own stdio transport.
 */
export function noteMessages(transport: AnyTransport): readonly SeenMessage[] {
  const seen: SeenMessage[] = [];
  const note = (direction: SeenMessage['direction'], message: unknown): void => {
    for (const each of Array.isArray(message) ? message : [message]) seen.push(seenMessage(direction, each as Record<string, unknown>));
  };

  const send = transport.send.bind(transport) as (message: unknown, options?: unknown) => Promise<void>;
  transport.send = (message: unknown, options?: unknown) => {
    note('fromClient', message);
    return send(message, options);
  };

  let receive: ((message: unknown, extra?: unknown) => void) | undefined;
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    enumerable: true,
    get: () => receive,
    set(handler: typeof receive) {
      receive =
        handler === undefined
          ? undefined
          : (message, extra) => {
              note('fromServer', message);
              handler(message, extra);
            };
    },
  });
  return seen;
}

function seenMessage(direction: SeenMessage['direction'], message: Record<string, unknown>): SeenMessage {
  const what = typeof message['method'] === 'string' ? message['method'] : 'error' in message ? 'error' : 'result';
  return { direction, what, ...(message['id'] === undefined ? {} : { id: JSON.stringify(message['id']) }) };
}
