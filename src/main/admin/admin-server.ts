/** The listener for those who run the gateway: health, metrics and admin calls, apart from MCP traffic. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCodeOf, errorTable, TrafficError } from '../../shared/errors/error-table.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { Clock, Logger } from '../ports.ts';
import { isLoopbackHost } from '../support/address-ranges.ts';
import { type AdminActions, type AdminCall, adminCalls, type Done } from './admin-calls.ts';
import { admission, type Admission, type Refused } from './admission.ts';
import type { Health } from './health.ts';
import { readJson } from './read-json.ts';

/** Scrapers, probes and an operator; a runaway script finds no further connection. */
const MAX_CONNECTIONS = 128;

const everyAnswer = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Needed to bind another address than loopback. */
  readonly token?: string;
  readonly health: Health;
  readonly metrics: { render(accept?: string): Promise<{ readonly contentType: string; readonly text: string }> };
  readonly actions: AdminActions;
  /** Tells who did what. Absent where the actions themselves tell it. */
  readonly emit?: EmitEvent;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AdminServer {
  readonly url: string;
  readonly port: number;
  /** Calls need this one from now on. Throws BAD_CALL when others reach the address and there is none. */
  setToken(token: string | undefined): void;
  /** Stops accepting; answers that are under way get `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Listens before it resolves. Rejects with BAD_CALL for an address that others reach without a token, with CONFLICT when the port is taken. */
export async function openAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port, token, log } = options;
  mustHaveToken(host, token);
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 });
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  const site: Site = { options, admission: admission({ host, port: () => bound, token }), calls: adminCalls(options.actions) };
  server.on('request', (request, response) => {
    answer(site, request, response).catch((error: unknown) => {
      if (errorCodeOf(error) === 'INTERNAL')
        log.error('An admin request failed by a defect', { path: pathOf(request), error: String(error) });
      refuse(response, refusalOf(error));
    });
  });
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}`,
    port: bound,
    setToken(next) {
      mustHaveToken(host, next);
      site.admission = admission({ host, port: () => bound, token: next });
    },
    close: ({ graceMs }) => stop(server, graceMs),
  };
}

function mustHaveToken(host: string, token: string | undefined): void {
  if (token === undefined && !isLoopbackHost(host))
    throw new TrafficError('BAD_CALL', `The admin listener binds ${host} only with a token (admin.token).`);
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  const done = once(server, 'listening');
  server.listen({ host: host.replaceAll(/[[\]]/g, ''), port, exclusive: true });
  try {
    await done;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new TrafficError('CONFLICT', `Port ${port} of the admin listener is taken by another program; end that one, or set admin.port.`, {
      cause: error,
    });
  }
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  // A kept connection becomes idle only when its last answer is out.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}

interface Site {
  readonly options: AdminServerOptions;
  /** Changes with the token. */
  admission: Admission;
  readonly calls: ReadonlyMap<string, AdminCall>;
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(everyAnswer)) response.setHeader(name, value);
  const refused = site.admission.door(request);
  if (refused !== undefined) return refuse(response, refused);
  const path = pathOf(request);
  const call = site.calls.get(path);
  if (call !== undefined) return runCall(site, call, request, response);
  const page = pages.get(path);
  if (page === undefined)
    return refuse(response, {
      code: 'NO_ROUTE',
      message: `There is nothing at ${path}; there are ${[...pages.keys()].join(', ')} and the calls below /api.`,
    });
  if (!isMethod(request, 'GET', response)) return;
  const { status, contentType, text } = await page(site.options, request);
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  response.end(request.method === 'HEAD' ? undefined : text);
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

type PageMaker = (options: AdminServerOptions, request: IncomingMessage) => Promise<Page>;

const pages: ReadonlyMap<string, PageMaker> = new Map<string, PageMaker>([
  // That it is answered at all says that the event loop turns; it must depend on nothing else.
  ['/health/live', () => Promise.resolve(json(200, { status: 'live' }))],
  [
    '/health/ready',
    async ({ health }) => {
      const { isReady, reasons, degraded } = await health.ready();
      return isReady ? json(200, { status: 'ready', degraded }) : json(503, { status: 'not-ready', reasons, degraded });
    },
  ],
  [
    '/health',
    async ({ health }) => {
      const detail = await health.detail();
      const status = detail.isReady ? (detail.degraded.length > 0 ? 'degraded' : 'ok') : 'failed';
      return json(detail.isReady ? 200 : 503, { status, ...detail });
    },
  ],
  ['/metrics', async ({ metrics }, request) => ({ status: 200, ...(await metrics.render(request.headers.accept)) })],
]);

async function runCall(site: Site, call: AdminCall, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const caller = site.admission.caller(request);
  if (!('actor' in caller)) {
    site.options.log.warn('An admin call was refused', { path: pathOf(request), reason: caller.code, peer: request.socket.remoteAddress });
    return refuse(response, caller);
  }
  if (!isMethod(request, call.method, response)) return;
  const body = call.method === 'POST' ? await readJson(request) : {};
  const query = new URLSearchParams(request.url?.split('?')[1] ?? '');
  const actor = caller.actor === 'local' ? 'local' : `token from ${request.socket.remoteAddress ?? 'somewhere'}`;
  const { value, done } = await call.run({ actor, query, body });
  if (done !== undefined) tell(site.options, actor, done);
  const { text, contentType } = json(200, value);
  response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function tell({ emit, clock, log }: AdminServerOptions, actor: string, { action, target, reason = '' }: Done): void {
  log.info('An admin call was done', { action, target, actor });
  emit?.({ type: 'admin', at: clock.now(), action, target, actor, ...(reason === '' ? {} : { reason }) });
}

function isMethod(request: IncomingMessage, wanted: 'GET' | 'POST', response: ServerResponse): boolean {
  const isRight = request.method === wanted || (wanted === 'GET' && request.method === 'HEAD');
  if (isRight) return true;
  const allow = wanted === 'GET' ? 'GET, HEAD' : 'POST';
  refuse(response, { code: 'BAD_REQUEST', status: 405, message: `${request.method ?? ''} is not possible here.`, headers: { allow } });
  return false;
}

function refusalOf(error: unknown): Refused {
  if (error instanceof TrafficError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'The request failed by a defect of ours.' };
}

function refuse(response: ServerResponse, { code, message, status, headers = {} }: Refused): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { text, contentType } = json(0, { error: { code, message, advice: errorTable[code].advice } });
  // What is left of a body that is too long is not read: the connection ends.
  const ending = code === 'BODY_TOO_LARGE' ? { connection: 'close' } : {};
  response.writeHead(status ?? errorTable[code].httpStatus, {
    ...headers,
    ...ending,
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function json(status: number, value: unknown): Page {
  return { status, contentType: 'application/json', text: `${JSON.stringify(value)}\n` };
}

const pathOf = (request: IncomingMessage) => request.url?.split('?')[0] ?? '/';
