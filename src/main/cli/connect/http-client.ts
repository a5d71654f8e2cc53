/** HTTP towards one origin, on Node's own client: it is there without loading anything, which is what starting fast needs. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Parts } from '../../support/parts.ts';

export interface HttpAsk {
  readonly method: string;
  readonly url: URL;
  /** Flat; those that the person gave win over these. */
  readonly fields: readonly string[];
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  /** `text/event-stream`, without parameters, in lower case; empty without one. */
  readonly type: string;
  header(lowerName: string): string | undefined;
  readonly body: IncomingMessage;
}

const CONNECT_MS = 10_000;
/** Node's servers close idle connections after 5 s; using one at that moment loses the request. */
const IDLE_MS = 4000;

export class HttpClient {
  readonly #own: readonly string[];
  readonly #ownNames: ReadonlySet<string>;
  readonly #http = new HttpAgent({ keepAlive: true, timeout: IDLE_MS, maxSockets: Infinity });
  readonly #https = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS, maxSockets: Infinity });

  /** `own`: fields that go with every request, flat. */
  constructor(own: readonly string[]) {
    this.#own = own;
    this.#ownNames = new Set(own.filter((_, at) => at % 2 === 0).map(name => name.toLowerCase()));
  }

  /** Resolves with the head of the answer. Rejects with the error of the connection; `isUnsent` tells whether anything can have left. */
  ask({ method, url, fields, body, signal }: HttpAsk): Promise<HttpReply> {
    const isTls = url.protocol === 'https:';
    const headers = ['Host', url.host, ...this.#own];
    for (let at = 0; at + 1 < fields.length; at += 2)
      if (!this.#ownNames.has((fields[at] as string).toLowerCase())) headers.push(fields[at] as string, fields[at + 1] as string);
    if (body !== undefined) headers.push('Content-Length', String(body.length));
    return new Promise((resolve, reject) => {
      const options = { method, headers, signal, agent: isTls ? this.#https : this.#http };
      const request = isTls ? httpsRequest(url, options) : httpRequest(url, options);
      let isConnected = false;
      request.on('socket', socket => {
        const connected = () => {
          isConnected = true;
          clearTimeout(late);
        };
        const late = setTimeout(() => request.destroy(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
        if (socket.connecting) socket.once(isTls ? 'secureConnect' : 'connect', connected).once('close', () => clearTimeout(late));
        else connected();
      });
      request.on('response', answer => resolve(replyOf(answer)));
      request.on('error', error => reject(new HttpFailure(error, !isConnected)));
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

export class HttpFailure extends Error {
  /** The connection was never there: nobody can have read the request. */
  readonly isUnsent: boolean;

  constructor(cause: Error, isUnsent: boolean) {
    const { code } = cause as NodeJS.ErrnoException;
    super(code ?? cause.message, { cause });
    this.isUnsent = isUnsent;
  }
}

/** Reads a body that says nothing, so that its connection can be used again. */
export function discard({ body }: HttpReply): void {
  body.on('error', () => undefined).resume();
}

/** Reads a body whole; undefined beyond `maxBytes`. Rejects when it is cut. */
export async function wholeBody({ body }: HttpReply, maxBytes: number): Promise<Buffer | undefined> {
  const parts = new Parts();
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) return undefined;
    parts.push(chunk);
  }
  const all = parts.joined();
  return Buffer.from(all.buffer, all.byteOffset, all.byteLength);
}

function replyOf(body: IncomingMessage): HttpReply {
  return {
    status: body.statusCode ?? 0,
    type: (body.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    header(lowerName) {
      const value = body.headers[lowerName];
      return Array.isArray(value) ? value[0] : value;
    },
    body,
  };
}
