/** A legacy server whose tool asks its client something and says what it heard; over Streamable HTTP, HTTP+SSE and standard streams. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answersTo, type Message } from './tool-answers.ts';

type Send = (message: object) => void;

/** What the server asks carries this id, which no number of ours can be taken for. */
export const questionId = 'question-1';

/** A client of this name is asked while it shakes hands, which is not over before there is an answer. */
export const earlyClient = 'asked-early';

/**
 * One session. A call of `ask_METHOD` asks METHOD, and its result is what came back. In a batch the question stands in one array
 * with the answers to all that is not such a call.
 */
export class Asking {
  #waiting: ((answer: Message) => void) | undefined;

  async take(message: Message | Message[], send: Send): Promise<void> {
    if (Array.isArray(message)) return this.#takeBatch(message, send);
    const { id, method, params } = message;
    if (method === undefined) {
      if (id === questionId) this.#waiting?.(message);
      return;
    }
    const asks = askedBy(message);
    if (asks !== undefined) {
      const heard = this.#heard();
      send(question(asks));
      send(answerSaying(id, await heard));
      return;
    }
    const answers = await answersTo(message);
    const { name } = (params?.['clientInfo'] ?? {}) as { name?: string };
    if (method === 'initialize' && name === earlyClient) {
      const heard = this.#heard();
      send(question('sampling/createMessage'));
      const [{ result }] = answers as [{ result: object }];
      send({ jsonrpc: '2.0', id, result: { ...result, instructions: JSON.stringify(await heard) } });
    } else for (const answer of answers) send(answer);
  }

  async #takeBatch(messages: readonly Message[], send: Send): Promise<void> {
    const asking = messages.find(message => askedBy(message) !== undefined);
    const answers = await Promise.all(messages.filter(message => message !== asking).map(answersTo));
    if (asking === undefined) {
      send(answers.flat());
      return;
    }
    const heard = this.#heard();
    send([...answers.flat(), question(askedBy(asking) ?? '')]);
    send([answerSaying(asking.id, await heard)]);
  }

  #heard(): Promise<Message> {
    return new Promise(resolve => (this.#waiting = resolve));
  }
}

const askedBy = ({ method, params }: Message) => (method === 'tools/call' ? /^ask_(.+)$/.exec(String(params?.['name']))?.[1] : undefined);
const question = (method: string) => ({ jsonrpc: '2.0', id: questionId, method, params: {} });
const answerSaying = (id: unknown, heard: Message) => ({
  jsonrpc: '2.0',
  id,
  result: { content: [{ type: 'text', text: JSON.stringify(heard) }] },
});

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
    const message = JSON.parse(body) as Message | Message[];
    if (url.pathname === '/message') {
      const id = url.searchParams.get('sessionId') ?? '';
      response.writeHead(202).end();
      return sessions.get(id)?.take(message, eventTo(streams.get(id)));
    }
    const isNew = !Array.isArray(message) && message.method === 'initialize';
    const id = isNew ? randomUUID() : String(request.headers['mcp-session-id']);
    const session = sessions.get(id) ?? new Asking();
    sessions.set(id, session);
    if (!Array.isArray(message) && (message.id === undefined || message.method === undefined)) {
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
