/** An HTTP client on a bare socket: sends exact bytes and shows exact bytes, with the time at which they came. */
import { connect, type Socket } from 'node:net';
import { dechunk } from './raw-upstream.ts';

export interface RawResponse {
  readonly status: number;
  readonly statusLine: string;
  /** Field lines in order, case kept. */
  readonly fields: readonly (readonly [string, string])[];
  field(lowerName: string): string | undefined;
  readonly body: Buffer;
  readonly trailers: string;
}

export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  /** What came, with arrival times (performance.now). */
  readonly arrivals: { readonly at: number; readonly bytes: Buffer }[] = [];
  readonly closed: Promise<{ readonly wasReset: boolean }>;
  #waiting: (() => void)[] = [];
  #from = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    let wasReset = false;
    socket.on('data', (bytes: Buffer) => {
      this.arrivals.push({ at: performance.now(), bytes });
      this.#wake();
    });
    socket.on('error', () => (wasReset = true));
    this.closed = new Promise(resolve => socket.on('close', () => resolve({ wasReset })));
    void this.closed.then(() => this.#wake());
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  received(): Buffer {
    return Buffer.concat(this.arrivals.map(arrival => arrival.bytes)).subarray(this.#from);
  }

  /** Waits until what came satisfies `read`; fails when the connection closes first. */
  async until<T>(read: (received: Buffer) => T | undefined | false): Promise<T> {
    for (;;) {
      const found = read(this.received());
      if (found !== undefined && found !== false) return found;
      if (this.socket.destroyed) throw new Error(`The connection closed; it had said: ${this.received().toString('latin1').slice(0, 500)}`);
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  /** The head of the next answer. */
  head(): Promise<RawResponse> {
    return this.until(received => parseHead(received)?.response);
  }

  /** The next answer, whole; afterwards the one behind it is next. */
  async response(method = 'POST'): Promise<RawResponse> {
    const { response, end } = await this.until(received => parseWhole(received, method));
    this.#from += end;
    return response;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return this.closed.then(() => undefined);
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new RawClient(socket);
}

/** A request as text. A `Content-Length` is added for a body. */
export function requestText(line: string, fields: readonly (readonly [string, string])[] = [], body?: string | Uint8Array): Buffer {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const all = [
    ['Host', '127.0.0.1'] as const,
    ...fields,
    ...(bytes === undefined ? [] : [['Content-Length', String(bytes.length)] as const]),
  ];
  const head = `${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes ?? Buffer.alloc(0)]);
}

/** A POST of JSON-RPC, as MCP clients send it. */
export function postText(message: unknown, fields: readonly (readonly [string, string])[] = [], path = '/mcp'): Buffer {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  return requestText(
    `POST ${path}`,
    [['Content-Type', 'application/json'], ['Accept', 'application/json, text/event-stream'], ...fields],
    body,
  );
}

/** One request on a connection of its own; the whole answer. */
export async function ask(port: number, request: Uint8Array): Promise<RawResponse> {
  await using client = await rawClient(port);
  client.send(request);
  return await client.response(Buffer.from(request).toString('latin1', 0, 8).split(' ')[0]);
}

function parseHead(received: Buffer): { readonly response: RawResponse; readonly bodyAt: number } | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const fields = lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
  const response: RawResponse = {
    status: Number(statusLine.split(' ')[1]),
    statusLine,
    fields,
    field: lowerName => fields.find(([name]) => name.toLowerCase() === lowerName)?.[1],
    body: Buffer.alloc(0),
    trailers: '',
  };
  return { response, bodyAt: end + 4 };
}

function parseWhole(received: Buffer, method: string): { readonly response: RawResponse; readonly end: number } | undefined {
  const head = parseHead(received);
  if (head === undefined) return undefined;
  const { response, bodyAt } = head;
  const rest = received.subarray(bodyAt);
  if (response.status < 200) return { response, end: bodyAt };
  if (method === 'HEAD' || response.status === 204 || response.status === 304) return { response, end: bodyAt };
  if (response.field('transfer-encoding') === 'chunked') {
    const done = dechunk(rest);
    return done === undefined ? undefined : { response: { ...response, body: done.body, trailers: done.trailers }, end: bodyAt + done.end };
  }
  const length = Number(response.field('content-length') ?? 0);
  return rest.length < length
    ? undefined
    : { response: { ...response, body: Buffer.from(rest.subarray(0, length)) }, end: bodyAt + length };
}
