/**
 * An HTTP server on a bare socket: captures the exact bytes of every request and answers with the exact bytes a script
 * gives it, at the moment it gives them. Deliberately shares no code with what it tests.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** One request as it came, and the connection to answer on. */
export interface RawRequest {
  /** Request line and fields, latin1, without the blank line. */
  readonly head: string;
  readonly method: string;
  readonly path: string;
  /** Name and value per field line, in order, case kept. */
  readonly fields: readonly (readonly [string, string])[];
  field(lowerName: string): string | undefined;
  /** The body after its framing was undone; resolves when it is complete, rejects when the connection closes before. */
  readonly body: Promise<Buffer>;
  /** All bytes of the request so far, framing included. */
  wire(): Buffer;
  readonly socket: Socket;
  /** Resolves when the other side is gone. */
  readonly closed: Promise<void>;
  send(bytes: string | Uint8Array): void;
  /** A whole answer with a Content-Length. */
  answer(status: string, fields: Readonly<Record<string, string>>, body: string | Uint8Array): void;
  /** Status line and fields of an event stream, chunked. */
  startEvents(extra?: Readonly<Record<string, string>>): void;
  /** One chunk in chunked framing. */
  chunk(bytes: string | Uint8Array): void;
  /** The last chunk. */
  endChunks(): void;
  /** Waits while the other side does not read. */
  drained(): Promise<void>;
}

export interface RawUpstream extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every request so far, over all connections. */
  readonly requests: RawRequest[];
  readonly connectionCount: () => number;
}

export interface RawUpstreamOptions {
  readonly path?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Starts it on a free loopback port. The script is called as soon as a request head is there, maybe before its body. */
export async function rawUpstream(script: (request: RawRequest) => unknown, options: RawUpstreamOptions = {}): Promise<RawUpstream> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  const onConnection = (socket: Socket): void => {
    connectionCount += 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    readRequests(socket, request => {
      requests.push(request);
      void script(request);
    });
  };
  const server: Server = options.tls === undefined ? createServer(onConnection) : createTlsServer(options.tls, onConnection);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${options.path ?? '/mcp'}`,
    port,
    requests,
    connectionCount: () => connectionCount,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** The usual answer to a JSON-RPC request. */
export const jsonType = { 'Content-Type': 'application/json' } as const;

/** Cuts one connection's bytes into requests. */
function readRequests(socket: Socket, take: (request: RawRequest) => void): void {
  const closed = new Promise<void>(resolve => socket.on('close', () => resolve()));
  let open: OpenRequest | undefined;
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      if (open === undefined) {
        const headEnd = pending.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        open = new OpenRequest(pending.subarray(0, headEnd + 4));
        pending = pending.subarray(headEnd + 4);
        take(open.asRequest(socket, closed));
      }
      pending = open.push(pending);
      if (!open.isComplete) return;
      open = undefined;
    }
  });
  socket.on('close', () => open?.broke());
}

/** A request whose body may still be coming. */
class OpenRequest {
  readonly #head: Buffer;
  readonly #lengthBytes: number | undefined;
  readonly #body = Promise.withResolvers<Buffer>();
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  isComplete = false;

  constructor(head: Buffer) {
    this.#head = head;
    const text = head.toString('latin1');
    this.#lengthBytes = /^transfer-encoding: *chunked\r$/im.test(text)
      ? undefined
      : Number(/^content-length: *(\d+)\r$/im.exec(text)?.[1] ?? 0);
    this.#body.promise.catch(() => undefined);
  }

  /** Takes what belongs to it and gives back the rest. Chunks are only decoded once the end may be there, or 50 MB would take for ever. */
  push(bytes: Buffer): Buffer {
    this.#parts.push(bytes);
    this.#sizeBytes += bytes.length;
    const mayBeWhole = this.#lengthBytes === undefined ? this.#endsLikeChunks() : this.#sizeBytes >= this.#lengthBytes;
    if (!mayBeWhole) return Buffer.alloc(0);
    const all = this.#wireBody();
    const done = this.#lengthBytes === undefined ? dechunk(all) : { body: all.subarray(0, this.#lengthBytes), end: this.#lengthBytes };
    if (done === undefined) return Buffer.alloc(0);
    this.#parts = [all.subarray(0, done.end)];
    this.isComplete = true;
    this.#body.resolve(done.body);
    return all.subarray(done.end);
  }

  #wireBody(): Buffer {
    const all = Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }

  #endsLikeChunks(): boolean {
    const tail = Buffer.concat(this.#parts.slice(-4)).subarray(-4).toString('latin1');
    return tail === '\r\n\r\n';
  }

  broke(): void {
    this.#body.reject(new Error('closed before the body was complete'));
  }

  asRequest(socket: Socket, closed: Promise<void>): RawRequest {
    const head = this.#head.toString('latin1', 0, this.#head.length - 4);
    const [line = '', ...lines] = head.split('\r\n');
    const [method = '', path = ''] = line.split(' ');
    const fields = lines.map(field => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1).trim()] as const;
    });
    const send = (bytes: string | Uint8Array): void => void socket.write(bytes);
    return {
      head,
      method,
      path,
      fields,
      field: lowerName => fields.find(([name]) => name.toLowerCase() === lowerName)?.[1],
      body: this.#body.promise,
      wire: () => Buffer.concat([this.#head, ...this.#parts]),
      socket,
      closed,
      send,
      answer(status, headers, body) {
        const bytes = Buffer.from(body);
        send(Buffer.concat([Buffer.from(headText(status, { ...headers, 'Content-Length': String(bytes.length) })), bytes]));
      },
      startEvents: (extra = {}) =>
        send(headText('200 OK', { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked', ...extra })),
      chunk(bytes) {
        const chunk = Buffer.from(bytes);
        send(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
      },
      endChunks: () => send('0\r\n\r\n'),
      async drained() {
        if (!socket.writableNeedDrain) return;
        await Promise.race([new Promise(resolve => socket.once('drain', resolve)), closed]);
      },
    };
  }
}

/** Undoes chunked framing; undefined while the last chunk is not there. */
export function dechunk(bytes: Buffer): { readonly body: Buffer; readonly end: number; readonly trailers: string } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (size === 0) {
      const isEmpty = bytes[lineEnd + 2] === 13;
      const end = isEmpty ? lineEnd + 2 : bytes.indexOf('\r\n\r\n', lineEnd);
      if (end < 0 || bytes.length < end + (isEmpty ? 2 : 4)) return undefined;
      return {
        body: Buffer.concat(parts),
        end: end + (isEmpty ? 2 : 4),
        trailers: isEmpty ? '' : bytes.toString('latin1', lineEnd + 2, end),
      };
    }
    if (bytes.length < lineEnd + 4 + size) return undefined;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
}

function headText(status: string, fields: Readonly<Record<string, string>>): string {
  return `HTTP/1.1 ${status}\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}
