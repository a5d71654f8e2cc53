/** A legacy server whose tool asks its client something and says what it heard; over Streamable HTTP, HTTP+SSE and standard streams. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answersTo, type Message } from './tool-answers.ts';

type Send = (message: object) => void;

/** What the server asks carries this id, which no number of ours can be taken for. */
export const questionId = 'question-1';

/** One session. A call of `ask_METHOD` asks METHOD, and its result is what came back. */
export class Asking {
  #waiting: ((answer: Message) => void) | undefined;

  async take(message: Message, send: Send): Promise<void> {
    const { id, method, params } = message;
    if (method === undefined) {
      if (id === questionId) this.#waiting?.(message);
      return;
    }
    const asks = /^ask_(.+)$/.exec(String(params?.['name']))?.[1];
    if (method !== 'tools/call' || asks === undefined) {
      for (const answer of await answersTo(message)) send(answer);
      return;
    }
    const heard = new Promise<Message>(resolve => (this.#waiting = resolve));
    send({ jsonrpc: '2.0', id: questionId, method: asks, params: {} });
    const text = JSON.stringify(await heard);
    send({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
  }
}

export interface AskingServer extends AsyncDisposable {
  readonly url: string;
  readonly sseUrl: string;
}

/** Over HTTP, both ways. */
export async function startAskingServer(): Promise<AskingServer> {
  const sessions = new Map<string, Asking>();
  const streams = new Map<string, ServerResponse>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void serve(request, response, Buffer.concat(chunks).toString()));
  });
  const eventTo = (response: ServerResponse | undefined) => (message: object) =>
    void response?.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);

  async function serve(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/sse') {
      const id = randomUUID();
      streams.set(id, response);
      sessions.set(id, new Asking());
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`event: endpoint\ndata: /message?sessionId=${id}\n\n`);
      return;
    }
    if (request.method !== 'POST') return void response.writeHead(request.method === 'DELETE' ? 204 : 405).end();
    const message = JSON.parse(body) as Message;
    if (url.pathname === '/message') {
      const id = url.searchParams.get('sessionId') ?? '';
      response.writeHead(202).end();
      return sessions.get(id)?.take(message, eventTo(streams.get(id)));
    }
    const isNew = message.method === 'initialize';
    const id = isNew ? randomUUID() : String(request.headers['mcp-session-id']);
    const session = sessions.get(id) ?? new Asking();
    sessions.set(id, session);
    if (message.id === undefined || message.method === undefined) {
      response.writeHead(202).end();
      return session.take(message, () => undefined);
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...(isNew ? { 'Mcp-Session-Id': id } : {}) });
    await session.take(message, eventTo(response));
    response.end();
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/mcp`,
    sseUrl: `${origin}/sse`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
