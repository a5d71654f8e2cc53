/** A client that says exactly which certificate, name and version it brings, and tells what the server showed. */
import { Agent, request } from 'node:https';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

export interface TlsHeard {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Common name of the server's certificate. */
  readonly shown: string;
  readonly protocol: string | null;
}

export type TlsWish = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'minVersion' | 'maxVersion' | 'ciphers' | 'checkServerIdentity'
> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** One that keeps its connection; by default each request has one of its own. */
  readonly agent?: Agent;
};

/** One POST; resolves when the whole answer is there, rejects as the handshake does. */
export function tlsPost(url: string, message: unknown, { headers = {}, agent, ...wish }: TlsWish): Promise<TlsHeard> {
  const text = JSON.stringify(message);
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
          'Content-Length': Buffer.byteLength(text),
          ...headers,
        },
        agent: agent ?? new Agent({ keepAlive: false }),
        ...wish,
      },
      response => {
        const socket = response.socket as TLSSocket;
        const { subject } = socket.getPeerCertificate();
        const protocol = socket.getProtocol();
        let said = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
        response.on('error', reject).on('end', () => {
          const { statusCode = 0 } = response;
          const body = (said === '' ? {} : JSON.parse(said)) as Record<string, unknown>;
          resolve({ status: statusCode, body, shown: String(subject?.CN ?? ''), protocol });
        });
      },
    );
    asked.on('error', reject);
    asked.end(text);
  });
}
