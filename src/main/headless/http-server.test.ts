/** The window's server as a browser, a foreign page, the command line and an intruder meet it, over real sockets. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { HostMessage } from '../../shared/contract/wire.ts';
import type { Api, Peer } from '../api/api.ts';
import { silentLogger } from '../ports.ts';
import { connectToHost } from './host-connection.ts';
import { startHttpServer, type HttpServer } from './http-server.ts';
import type { PortWish } from './listen-on.ts';

const secret = 'the-secret-of-the-host';

/** Answers every call with who asked, and lets a test push. */
class EchoApi implements Api {
  readonly peers: Peer[] = [];
  drainedCount = 0;
  closedCount = 0;
  connect(peer: Peer) {
    this.peers.push(peer);
    return {
      receive(message: unknown) {
        const { id, name } = message as { id: number; name: string };
        peer.send({ type: 'reply', id, reply: { ok: true, value: { name, canAdminister: peer.canAdminister } } });
      },
      drained: () => {
        this.drainedCount += 1;
      },
      close: () => {
        this.closedCount += 1;
      },
    };
  }
  call(): never {
    throw new Error('Nobody in this process calls');
  }
}

let folder: string;
let api: EchoApi;
let server: HttpServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shadowcat-page-'));
  mkdirSync(join(folder, 'page', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html><title>Shadowcat</title>');
  writeFileSync(join(folder, 'page', 'assets', 'main-1a2b.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'not to be served');
  api = new EchoApi();
  server = await start();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (port: PortWish = { number: 0, isFixed: false }) =>
  startHttpServer({ api, log: silentLogger, secret, port, rendererDir: join(folder, 'page') });

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A plain request; unlike `fetch` it sends the `Host` and the path exactly as given. */
async function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: server.port, path, method: options.method ?? 'GET', headers: options.headers ?? {} });
  sent.end(options.body);
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number; headers: IncomingHttpHeaders }];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body };
}

const postToken = (token: string, headers: Record<string, string> = {}) =>
  ask('/auth', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ token }) });

const freshToken = () => new URL(server.freshUiUrl() ?? '').hash.slice('#token='.length);

async function signedInCookie(): Promise<string> {
  const { headers } = await postToken(freshToken());
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** Opens the contract as a client would; resolves with the status when the host refuses. */
async function dial(headers: Record<string, string>, path = '/contract'): Promise<WebSocket | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      socket.on('error', () => undefined);
      socket.terminate();
      resolve(response.statusCode ?? 0);
    });
    socket.once('error', reject);
  });
}

const ownOrigin = () => `http://127.0.0.1:${server.port}`;

test('serves the window under a policy that runs nothing but its own files', async () => {
  const index = await ask('/');
  expect(index.status).toBe(200);
  expect(index.body).toContain('<title>Shadowcat</title>');
  expect(index.headers).toMatchObject({
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'content-type': 'text/html; charset=utf-8',
  });
  const script = await ask('/assets/main-1a2b.js');
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  });
});

test('no path leaves the folder of the window', async () => {
  const paths = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '//secret.txt',
    '/%00',
    '/%zz',
    '/..\\secret.txt',
  ];
  for (const path of paths) {
    const { status, body } = await ask(path);
    expect([path, status]).toEqual([path, 404]);
    expect(body).not.toContain('not to be served');
  }
});

test('a request by a foreign name is refused, whatever it asks for', async () => {
  for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1:1', `127.0.0.1.evil.example:${server.port}`]) {
    for (const path of ['/', '/health', '/auth']) expect((await ask(path, { headers: { host } })).status).toBe(403);
  }
  for (const host of [`localhost:${server.port}`, `[::1]:${server.port}`, `LOCALHOST:${server.port}`])
    expect((await ask('/', { headers: { host } })).status).toBe(200);
});

test('a token signs in once', async () => {
  const token = freshToken();
  const first = await postToken(token, { origin: ownOrigin() });
  expect(first.status).toBe(204);
  expect(first.headers['set-cookie']?.[0]).toMatch(new RegExp(`^shadowcat-${server.port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`));
  const second = await postToken(token);
  expect(second.status).toBe(401);
  expect(second.headers['set-cookie']).toBeUndefined();
});

test('wrong tokens, wrong bodies and long bodies do not sign in', async () => {
  expect((await postToken('')).status).toBe(401);
  expect((await postToken(`${freshToken()}x`)).status).toBe(401);
  const headers = { 'content-type': 'application/json' };
  for (const body of ['', 'null', '[]', '{"token":1}', '{"token"'])
    expect((await ask('/auth', { method: 'POST', headers, body })).status).toBe(401);
  expect((await ask('/auth', { method: 'POST', headers, body: 'x'.repeat(5000) })).status).toBe(413);
  expect(
    (await ask('/auth', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ token: freshToken() }) }))
      .status,
  ).toBe(415);
});

test('a foreign page cannot spend a token', async () => {
  const token = freshToken();
  for (const origin of [
    'http://evil.example',
    'null',
    `http://127.0.0.1:${server.port + 1}`,
    `https://127.0.0.1:${server.port}`,
    `http://localhost:${server.port}`,
  ])
    expect((await postToken(token, { origin })).status).toBe(403);
  expect((await postToken(token, { origin: ownOrigin() })).status).toBe(204);
});

test('the window can ask whether it is still signed in', async () => {
  expect((await ask('/auth')).status).toBe(401);
  expect((await ask('/auth', { headers: { cookie: await signedInCookie() } })).status).toBe(204);
  expect((await ask('/auth', { headers: { cookie: `shadowcat-${server.port}=x; other=y` } })).status).toBe(401);
});

test('health needs no sign-in and tells nothing', async () => {
  expect(await ask('/health')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
});

test('only reading is possible, apart from signing in', async () => {
  expect(await ask('/', { method: 'POST' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  expect(await ask('/health', { method: 'DELETE' })).toMatchObject({ status: 405 });
  expect(await ask('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  expect(await ask('/contract')).toMatchObject({ status: 426 });
});

test('the contract is closed to everybody who is not signed in', async () => {
  const cookie = await signedInCookie();
  expect(await dial({})).toBe(401);
  expect(await dial({ authorization: 'Bearer wrong' })).toBe(401);
  expect(await dial({ origin: ownOrigin() })).toBe(401);
  // A cookie without the page that a browser always names, and with a foreign page of the same site.
  expect(await dial({ cookie })).toBe(401);
  expect(await dial({ cookie, origin: 'http://127.0.0.1:1' })).toBe(403);
  expect(await dial({ cookie, origin: ownOrigin(), host: 'evil.example' })).toBe(403);
  expect(await dial({ authorization: `Bearer ${secret}`, origin: 'http://evil.example' })).toBe(403);
  expect(await dial({ authorization: `Bearer ${secret}` }, '/elsewhere')).toBe(404);
  expect(api.peers).toHaveLength(0);
});

test('the window gets in with its cookie and may not administer; the command line may', async () => {
  const window = await dial({ cookie: await signedInCookie(), origin: ownOrigin() });
  expect(window).toBeInstanceOf(WebSocket);
  (window as WebSocket).close();
  const commandLine = await connectToHost({ apiUrl: server.apiUrl, secret, deadlineMs: 1000 });
  expect(await commandLine.call('host.info', {})).toEqual({ name: 'host.info', canAdminister: true });
  expect(api.peers.map(peer => peer.canAdminister)).toEqual([false, true]);
  commandLine.close();
});

test('a client of another contract version is told which one to use', async () => {
  expect(await dial({ authorization: `Bearer ${secret}` }, '/contract?version=99')).toBe(409);
  await expect(connectToHost({ apiUrl: `${server.apiUrl}?version=99&`, secret, deadlineMs: 1000 })).rejects.toThrow(
    /speaks contract 1, the client speaks 99/,
  );
});

test('a crowd of windows leaves places for the command line, and who finds none is told why', async () => {
  const cookie = await signedInCookie();
  const window = { cookie, origin: ownOrigin() };
  const crowd = await Promise.all(Array.from({ length: 64 }, () => dial(window)));
  expect(crowd.filter(one => one instanceof WebSocket)).toHaveLength(64);
  expect(await dial(window)).toBe(503);
  const commands = await Promise.all(Array.from({ length: 8 }, () => connectToHost({ apiUrl: server.apiUrl, secret, deadlineMs: 1000 })));
  expect(await commands[7]?.call('host.info', {})).toMatchObject({ canAdminister: true });
  await expect(connectToHost({ apiUrl: server.apiUrl, secret, deadlineMs: 1000 })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'This host serves at most 72 clients at a time. Close a window, or end a program that keeps its connection.',
  });
  commands[0]?.close();
  await commands[0]?.closed;
  await expect
    .poll(async () => {
      const again = await connectToHost({ apiUrl: server.apiUrl, secret, deadlineMs: 1000 }).catch(() => undefined);
      return again !== undefined;
    })
    .toBe(true);
});

test('what is no JSON text ends the connection instead of reaching a handler', async () => {
  for (const bad of ['{"type":', Buffer.from('{}')]) {
    const socket = (await dial({ authorization: `Bearer ${secret}` })) as WebSocket;
    socket.send(bad);
    expect(await once(socket, 'close')).toEqual([1007, Buffer.from('Messages are JSON objects in text')]);
  }
  await expect.poll(() => api.closedCount).toBe(2);
});

test('a message beyond 1 MiB ends the connection', async () => {
  const socket = (await dial({ authorization: `Bearer ${secret}` })) as WebSocket;
  socket.on('error', () => undefined);
  socket.send(JSON.stringify({ type: 'call', id: 1, name: 'x', input: 'y'.repeat(1024 * 1024) }));
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1009);
});

const bulk = (kilobytes: number): HostMessage => ({ type: 'message', id: 1, seq: 1, message: 'x'.repeat(kilobytes * 1024) });

/** Reads at will: pausing the socket of a client stops the whole chain down to the host. */
async function slowReader() {
  const socket = (await dial({ authorization: `Bearer ${secret}` })) as WebSocket;
  socket.pause();
  return { socket, peer: api.peers.at(-1) as Peer };
}

test('a slow reader is reported as congested, and as drained once it reads again', async () => {
  const { socket, peer } = await slowReader();
  expect(peer.send(bulk(1))).toBe(true);
  let sentCount = 0;
  while (peer.send(bulk(256)) && sentCount < 100) sentCount += 1;
  expect(sentCount).toBeLessThan(100);
  expect(api.drainedCount).toBe(0);
  socket.resume();
  await expect.poll(() => api.drainedCount).toBe(1);
  expect(peer.send(bulk(1))).toBe(true);
  socket.close();
});

test('a slow reader that vanishes is noticed, although nothing is read from it any more', async () => {
  const { socket, peer } = await slowReader();
  socket.on('error', () => undefined);
  while (peer.send(bulk(256)));
  socket.terminate();
  await expect.poll(() => api.closedCount).toBe(1);
});

test('a reader that stopped for good is disconnected before it costs more than 64 MiB', async () => {
  const { socket, peer } = await slowReader();
  socket.on('error', () => undefined);
  let sentCount = 0;
  while (api.closedCount === 0 && sentCount < 200) {
    peer.send(bulk(1024));
    sentCount += 1;
    await new Promise(setImmediate);
  }
  expect(sentCount).toBeGreaterThan(60);
  expect(sentCount).toBeLessThan(120);
  socket.terminate();
});

test('a taken port moves on, a named one is an error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const moved = await start({ number: port, isFixed: false });
  expect(moved.port).toBeGreaterThan(port);
  await moved.close();
  const further = await start({ number: port, isFixed: false, skipped: [moved.port] });
  expect(further.port).toBeGreaterThan(moved.port);
  await further.close();
  await expect(start({ number: port, isFixed: true })).rejects.toThrow(`Port ${port} is taken by another program.`);
  other.close();
});

test('is not reachable by another address of this machine', async () => {
  const socket = connect({ host: '127.0.0.2', port: server.port });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test('stopping says goodbye and frees the port', async () => {
  const socket = (await dial({ authorization: `Bearer ${secret}` })) as WebSocket;
  const goodbye = once(socket, 'close');
  const { port } = server;
  await server.close();
  expect(((await goodbye) as [number])[0]).toBe(1001);
  server = await start({ number: port, isFixed: true });
  expect(server.port).toBe(port);
});
