/**
 * An MCP server without an SDK, for both eras: any tool exists and says its name back. `arguments.as: 'sse'` sends a progress
 * notification before the result, so that the answer is an event stream; `arguments.waitMs` takes its time. Keeps what it received.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { answersTo, type Message } from './tool-answers.ts';

/** One request as the server saw it. */
export interface Captured {
  readonly method: string;
  readonly path: string;
  /** Flat, as received. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface ToolServer extends AsyncDisposable {
  readonly url: string;
  readonly sseUrl: string;
  readonly port: number;
  readonly captured: Captured[];
  /** Names of the tools that were really called, in order. */
  readonly called: () => string[];
  /** What to do instead of answering: set by outage tests. */
  fault: ((request: IncomingMessage, response: ServerResponse, body: string) => boolean) | undefined;
  /** How long every answer takes; 0 is at once. */
  delayMs: number;
  /** Closes the port and every connection: who comes is refused. */
  goDown(): Promise<void>;
  /** Listens on its port again. */
  comeBack(): Promise<void>;
}

/** Starts it on a free loopback port, or on the one given. */
export async function startToolServer(port = 0): Promise<ToolServer> {
  const captured: Captured[] = [];
  const streams = new Map<string, ServerResponse>();
  const self = { fault: undefined as ToolServer['fault'], delayMs: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      captured.push({ method: request.method ?? '', path: request.url ?? '', rawHeaders: request.rawHeaders, body });
      if (self.fault?.(request, response, body) === true) return;
      if (self.delayMs === 0) void serve(request, response, body, streams);
      else setTimeout(() => void serve(request, response, body, streams), self.delayMs);
    });
  });
  const listen = (on: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(on, '127.0.0.1', resolve);
    });
  const goDown = async () => {
    const closed = new Promise(resolve => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await listen(port);
  const bound = (server.address() as AddressInfo).port;
  return Object.assign(self, {
    url: `http://127.0.0.1:${bound}/mcp`,
    sseUrl: `http://127.0.0.1:${bound}/sse`,
    port: bound,
    captured,
    called: () => captured.flatMap(({ body }) => toolNames(body)),
    goDown,
    comeBack: () => listen(bound),
    [Symbol.asyncDispose]: goDown,
  });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  streams: Map<string, ServerResponse>,
): Promise<void> {
  const path = request.url ?? '';
  if (path.startsWith('/sse')) return openOldStream(response, streams);
  if (path.startsWith('/message')) return takeOldMessage(path, body, response, streams);
  if (request.method === 'DELETE') {
    response.writeHead(204).end();
    return;
  }
  if (request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': here\n\n');
    return;
  }
  const asked = JSON.parse(body) as Message | Message[];
  const messages = Array.isArray(asked) ? asked : [asked];
  if (messages.every(({ id }) => id === undefined)) {
    response.writeHead(202).end();
    return;
  }
  const isInitialize = messages.some(({ method }) => method === 'initialize');
  const session = isInitialize ? { 'Mcp-Session-Id': randomUUID() } : {};
  const answers = (await Promise.all(messages.map(message => answersTo(message)))).flat();
  if (answers.length > messages.filter(({ id }) => id !== undefined).length) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...session });
    for (const answer of answers) response.write(`event: message\ndata: ${JSON.stringify(answer)}\n\n`);
    response.end();
    return;
  }
  const text = JSON.stringify(Array.isArray(asked) ? answers : answers[0]);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...session }).end(text);
}

/** HTTP+SSE (2024-11-05): the first event names where to POST. */
function openOldStream(response: ServerResponse, streams: Map<string, ServerResponse>): void {
  const id = randomUUID();
  streams.set(id, response);
  response.on('close', () => streams.delete(id));
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`event: endpoint\ndata: /message?sessionId=${id}\n\n`);
}

async function takeOldMessage(path: string, body: string, response: ServerResponse, streams: Map<string, ServerResponse>): Promise<void> {
  const stream = streams.get(new URL(path, 'http://localhost').searchParams.get('sessionId') ?? '');
  response.writeHead(stream === undefined ? 404 : 202).end();
  for (const answer of await answersTo(JSON.parse(body) as Message)) stream?.write(`event: message\ndata: ${JSON.stringify(answer)}\n\n`);
}

/** Of the calls in one message or batch. */
export function toolNames(body: string): string[] {
  try {
    const asked = JSON.parse(body) as Message | Message[];
    return (Array.isArray(asked) ? asked : [asked]).flatMap(({ method, params }) =>
      method === 'tools/call' ? [String(params?.['name'])] : [],
    );
  } catch {
    return [];
  }
}
