/** Where the browser comes back to after a sign-in: a listener on loopback (RFC 8252, 7.3) that lives for one answer. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignInError } from './sign-in-config.ts';

const LAST_WORDS_MS = 1000;

export interface Callback {
  readonly parameters: URLSearchParams;
  /** Ends the browser's wait. The text is ours, never the server's. */
  finish(text: string): void;
}

export interface CallbackListener {
  readonly redirectUri: string;
  /** The one answer with our state. Rejects with `SignInError` when none came in time, or when it was called off. */
  readonly answered: Promise<Callback>;
  close(reason?: string): void;
}

export interface CallbackListenerOptions {
  readonly state: string;
  readonly lifetimeMs: number;
  /** 0 for any free one. */
  readonly port: number;
}

export async function callbackListener({ state, lifetimeMs, port }: CallbackListenerOptions): Promise<CallbackListener> {
  let settle: { readonly resolve: (callback: Callback) => void; readonly reject: (error: Error) => void } | undefined;
  const answered = new Promise<Callback>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever waits gets the rejection; nobody has to.
  answered.catch(() => undefined);
  const server = createServer((request, response) => {
    const parameters = callbackParameters(request.method, request.url);
    if (parameters === undefined) return page(response, 404, 'There is nothing here.');
    // A wrong state is somebody else's answer, or one that was used already: it does not end this sign-in.
    if (settle === undefined || !isState(parameters.get('state'), state))
      return page(response, 400, 'This sign-in is not known, or it is over.');
    const { resolve } = settle;
    settle = undefined;
    clearTimeout(deadline);
    resolve({
      parameters,
      finish(text) {
        page(response, 200, text);
        server.close();
      },
    });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = (reason = 'The sign-in was called off.') => {
    clearTimeout(deadline);
    settle?.reject(new SignInError(reason));
    settle = undefined;
    server.close();
    // The page that says how it went may still be on its way.
    setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS).unref();
  };
  const deadline = setTimeout(() => close('Nobody signed in in time.'), lifetimeMs);
  deadline.unref();
  return { redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, answered, close };
}

function callbackParameters(method: string | undefined, path: string | undefined): URLSearchParams | undefined {
  const [address, query] = (path ?? '').split('?', 2);
  return method === 'GET' && address === '/callback' ? new URLSearchParams(query) : undefined;
}

function isState(given: string | null, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  response.end(`<!doctype html><title>Shadowcat</title><p>${text}</p>`);
}
