/** Serves the window to a browser of this machine, and the contract to it and to the command line. Bound to 127.0.0.1 alone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { contractVersion } from '../../shared/contract/wire.ts';
import { errorTable, type ErrorCode } from '../../shared/errors/error-table.ts';
import type { Api } from '../api/api.ts';
import type { Logger } from '../ports.ts';
import { isOwnHost, originOf } from './admission.ts';
import { contractSockets, type ContractSockets } from './contract-socket.ts';
import { listenOn, type PortWish } from './listen-on.ts';
import { pageFiles, type PageFiles } from './page-files.ts';
import { signIn, type SignIn } from './sign-in.ts';

/** Windows, tabs and commands of one person; a runaway script is told instead of served. */
const MAX_CONTRACT_CLIENTS = 64;
/** Places beyond those for the command line alone: it must get in to look at a host that is overrun, and to stop it. */
const RESERVED_FOR_ADMINISTRATORS = 8;
const MAX_AUTH_BYTES = 4096;

/** Nothing runs or loads that we did not serve: what is shown was written by strangers. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const everyAnswer = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

export interface HttpServerOptions {
  readonly api: Api;
  readonly log: Logger;
  /** Lets the command line in, as administrator. */
  readonly secret: string;
  readonly port: PortWish;
  /** The built window; `undefined` serves the contract alone. */
  readonly rendererDir: string | undefined;
}

export interface HttpServer {
  readonly port: number;
  /** Where the contract is spoken. */
  readonly apiUrl: string;
  /** An address of the window that signs in once; `undefined` where no window is served. */
  freshUiUrl(): string | undefined;
  /** Stops accepting and says goodbye to every client. */
  close(): Promise<void>;
}

/** What the routes of one server need. */
interface Site {
  readonly port: number;
  readonly log: Logger;
  readonly signIn: SignIn;
  readonly pages: PageFiles | undefined;
  readonly sockets: ContractSockets;
}

/** Listens before it resolves. Rejects with CONFLICT when a named port is taken. */
export async function startHttpServer({ api, log, secret, port, rendererDir }: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 });
  await listenOn(server, port);
  const bound = (server.address() as AddressInfo).port;
  const site: Site = {
    port: bound,
    log,
    signIn: signIn({ secret, port: bound }),
    pages: rendererDir === undefined ? undefined : pageFiles(rendererDir),
    sockets: contractSockets({ api, log }),
  };
  server.on('request', (request, response) => {
    answer(site, request, response).catch((error: unknown) => {
      log.error('A request to the window failed by a defect', { path: pathOf(request), error: String(error) });
      if (!response.headersSent) refuse(response, 'INTERNAL', 'The request failed by a defect of ours.');
      else response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => upgrade(site, request, socket, head));
  return {
    port: bound,
    apiUrl: `ws://127.0.0.1:${bound}/contract`,
    freshUiUrl: () => (site.pages === undefined ? undefined : `http://127.0.0.1:${bound}/#token=${site.signIn.mintToken()}`),
    close: () => stop(server, site.sockets),
  };
}

async function stop(server: Server, sockets: ContractSockets): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  await sockets.close();
  server.closeAllConnections();
  await closed;
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(everyAnswer)) response.setHeader(name, value);
  if (!isOwnHost(request.headers, site.port)) return refuse(response, 'FOREIGN_HOST', 'That name is not this host.');
  const path = pathOf(request);
  if (path === '/auth' && request.method === 'POST') return authenticate(site, request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', path === '/auth' ? 'GET, HEAD, POST' : 'GET, HEAD');
    return refuse(response, 'BAD_REQUEST', `${request.method ?? ''} is not possible here.`, 405);
  }
  if (path === '/auth') return site.signIn.isSignedIn(request.headers.cookie) ? done(response) : notSignedIn(response);
  if (path === '/health') return sendJson(response, 200, { status: 'ok' });
  if (path === '/contract') return refuse(response, 'BAD_REQUEST', 'The contract is spoken over a WebSocket.', 426);
  return page(site, path, request, response);
}

async function page(site: Site, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = await site.pages?.read(path);
  if (file === undefined && path === '/')
    return refuse(response, 'NO_ROUTE', 'No window is served here; in a clone, "npm run build" builds it.', 503);
  if (file === undefined) return refuse(response, 'NO_ROUTE', 'There is nothing here.');
  response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.bytes.length, 'cache-control': file.cacheControl });
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}

async function authenticate(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (originOf(request.headers) === 'foreign') return refuse(response, 'FOREIGN_ORIGIN', 'Another page may not sign in here.');
  // A form of another page cannot send this type without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    return refuse(response, 'BAD_REQUEST', 'Send {"token": …} as application/json.', 415);
  const body = await readBody(request);
  if (body === undefined) return refuse(response, 'BODY_TOO_LARGE', 'That is no token.');
  const cookie = site.signIn.redeem(tokenIn(body));
  if (cookie === undefined) return notSignedIn(response);
  response.setHeader('set-cookie', cookie);
  done(response);
}

function upgrade(site: Site, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  const admitted = admit(site, request);
  if (!admitted.ok) return refuseUpgrade(socket, admitted);
  site.sockets.server.handleUpgrade(request, socket, head, peer => site.sockets.serve(peer, admitted.canAdminister));
}

type Admission =
  | { readonly ok: true; readonly canAdminister: boolean }
  | { readonly ok: false; readonly code: ErrorCode; readonly status: number; readonly message: string };

function admit({ port, signIn: signedIn, sockets }: Site, request: IncomingMessage): Admission {
  const no = (code: ErrorCode, message: string, status: number = errorTable[code].httpStatus): Admission => ({
    ok: false,
    code,
    status,
    message,
  });
  if (!isOwnHost(request.headers, port)) return no('FOREIGN_HOST', 'That name is not this host.');
  const origin = originOf(request.headers);
  if (origin === 'foreign') return no('FOREIGN_ORIGIN', 'Another page may not talk to this host.');
  if (pathOf(request) !== '/contract') return no('NO_ROUTE', 'The contract is spoken at /contract.');
  const isAdministrator = signedIn.isHostSecret(request.headers.authorization);
  // A cookie is sent by browsers alone, and those always name the page; without a name it was not our page.
  const isWindow = origin === 'own' && signedIn.isSignedIn(request.headers.cookie);
  if (!isAdministrator && !isWindow) return no('NOT_ALLOWED', 'Sign in first, with the address that the host printed.', 401);
  const version = new URL(request.url ?? '/', 'http://host').searchParams.get('version');
  if (version !== null && version !== String(contractVersion))
    return no(
      'CONFLICT',
      `This host speaks contract ${contractVersion}, the client speaks ${version.slice(0, 10)}. Use the same version of both.`,
    );
  const places = MAX_CONTRACT_CLIENTS + (isAdministrator ? RESERVED_FOR_ADMINISTRATORS : 0);
  if (sockets.count >= places) {
    const advice = 'Close a window, or end a program that keeps its connection.';
    return no('CONFLICT', `This host serves at most ${places} clients at a time. ${advice}`, 503);
  }
  return { ok: true, canAdminister: isAdministrator };
}

function refuseUpgrade(socket: Duplex, { code, status, message }: { code: ErrorCode; status: number; message: string }): void {
  const body = JSON.stringify({ code, message });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n${body}`,
  );
}

function refuse(response: ServerResponse, code: ErrorCode, message: string, status: number = errorTable[code].httpStatus): void {
  sendJson(response, status, { code, message });
}

function notSignedIn(response: ServerResponse): void {
  refuse(response, 'NOT_ALLOWED', 'That token is not known or was used before; the host prints a fresh address.', 401);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(value));
}

function done(response: ServerResponse): void {
  response.writeHead(204, { 'cache-control': 'no-store' }).end();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_AUTH_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tokenIn(body: string): string {
  try {
    const { token } = JSON.parse(body) as { token?: unknown };
    return typeof token === 'string' ? token : '';
  } catch {
    return '';
  }
}
