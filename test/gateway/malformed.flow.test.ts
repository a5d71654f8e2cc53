/** Bytes that cannot be read as HTTP are refused like everything else: answered, recorded, counted, logged and audited. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { selfSigned } from '../kit/self-signed.ts';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { until } from './kit/until.ts';

let home: ScratchHome;
let server: ToolServer;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  gateway = await startGateway({
    home: home.path,
    name: 'malformed',
    config: {
      version: 1,
      listeners: [
        { name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'one' }] },
        { name: 'safe', port: 0, tls: selfSigned('127.0.0.1'), routes: [{ path: '/safe', upstream: 'one' }] },
      ],
      upstreams: { one: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] } },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '1s' },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Wire {
  readonly socket: Socket;
  text(): string;
  readonly closed: Promise<void>;
}

function open(path = '/mcp', isTls = false): Wire {
  const port = Number(new URL(gateway.url(path)).port);
  const socket = isTls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  const closed = new Promise<void>((resolve, reject) => socket.on('close', () => resolve()).on('error', reject));
  return { socket, text: () => text, closed };
}

const refusals = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    readOpenMetrics(await gateway.metrics())
      .get('shadowcat_http_requests')
      ?.samples.filter(({ labels }) => labels['reason'] === 'BAD_REQUEST')
      .map(({ labels, value }) => [`${labels['route']} ${labels['code']}`, value]) ?? [],
  );
const logged = () =>
  gateway.process
    .stderr()
    .split('\n')
    .filter(line => line.includes('"access"') && /"message":"malformed[ "]/.test(line));
const audited = () => gateway.audit().filter(({ kind, method }) => kind === 'request' && method === undefined);
const lengths = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';

test.each([
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, '', 'malformed'],
  ['a bad request line', 'BREW /pot?milk=s3cret HTCPCP/1.0\r\n\r\n', 400, '/pot', 'malformed'],
  ['both lengths', `POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer s3cret\r\n${lengths}`, 400, '/mcp', 'malformed'],
  ['a long head', `GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431, '', 'too long'],
])('%s is answered, counted, logged, audited and recorded', async (_, bytes, status, path, words) => {
  const before = { counted: (await refusals())[` ${status}`] ?? 0, logged: logged().length, audited: audited().length };
  const wire = open();
  wire.socket.write(Buffer.from(bytes, 'latin1'));
  await wire.closed;
  expect(wire.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"code":40000`, 's'));
  const id = /^X-Correlation-Id: (.*)\r$/m.exec(wire.text())?.[1];
  await expect.poll(async () => (await refusals())[` ${status}`]).toBe(before.counted + 1);
  const [line] = await until('it is logged', () => logged().length > before.logged && logged().slice(before.logged));
  const said = { status, outcome: 'refused', code: 'BAD_REQUEST', listener: 'main', correlation_id: id };
  expect(JSON.parse(line ?? '')).toMatchObject({ ...said, ...(path === '' ? {} : { path }) });
  const [row] = await until('it is audited', () => audited().length > before.audited && audited().slice(before.audited));
  expect(row).toMatchObject({ ...said, kind: 'request', action: 'refused', reason: expect.stringContaining(words) as unknown });
  const frames = await until('it is recorded', async () => {
    const all = await gateway.frames();
    const at = all.findLastIndex(({ http }) => http?.method === 'malformed');
    return at >= 0 && all[at + 1]?.http?.status === status && all.slice(at, at + 2);
  });
  expect(JSON.stringify([frames, line, row])).not.toContain('s3cret');
});

const post = (tool: string, waitMs: number) => {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: { waitMs },
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
    },
  });
  const head = ['Host: localhost', 'Content-Type: application/json', 'Accept: application/json, text/event-stream'];
  const standard = ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', `Mcp-Name: ${tool}`, `Content-Length: ${body.length}`];
  return `POST /mcp HTTP/1.1\r\n${[...head, ...standard].join('\r\n')}\r\n\r\n${body}`;
};
const smuggled = `POST /mcp HTTP/1.1\r\nHost: localhost\r\n${lengths}`;

test('what follows a request over its connection is refused, too, and is never taken for the answer to it', async () => {
  const before = (await refusals())[' 400'] ?? 0;
  const auditedBefore = audited().length;
  const after = open();
  after.socket.write(post('first', 0));
  await until('it is answered', () => after.text().includes('"result"'));
  after.socket.write(smuggled);
  await after.closed;
  expect(after.text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);

  const meanwhile = open();
  meanwhile.socket.write(post('second', 500));
  await until('it is under way', () => server.called().includes('second'));
  meanwhile.socket.write(smuggled);
  await meanwhile.closed;
  expect(meanwhile.text()).toBe('');
  await expect.poll(async () => (await refusals())[' 400']).toBe(before + 2);
  await until('both are audited', () => audited().length >= auditedBefore + 2);
});

test('it is the same within TLS; a handshake that fails is no request', async () => {
  const before = (await refusals())[' 400'] ?? 0;
  const within = open('/safe', true);
  within.socket.write('BREW /pot HTCPCP/1.0\r\n\r\n');
  await within.closed;
  expect(within.text()).toMatch(/^HTTP\/1\.1 400 /);
  const plain = open('/safe');
  plain.socket.write('GET /safe HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await plain.closed.catch(() => undefined);
  await until('it is logged', () => logged().some(line => line.includes('"listener":"safe"')));
  await until('it is audited', () => audited().some(({ listener }) => listener === 'safe'));
  await expect.poll(async () => (await refusals())[' 400']).toBe(before + 1);
});

test('a connection over which nothing was said is no request', async () => {
  const before = [await refusals(), audited().length];
  const wire = open();
  await until('it stands', () => wire.socket.readyState === 'open');
  wire.socket.resetAndDestroy();
  await wire.closed;
  await sleep(100);
  expect([await refusals(), audited().length]).toEqual(before);
});

test('a request whose client left in the middle of its body is cancelled, and nobody is blamed for it', async () => {
  const count = async (reason: string) =>
    readOpenMetrics(await gateway.metrics())
      .get('shadowcat_http_requests')
      ?.samples.find(({ labels }) => labels['route'] === '/mcp' && labels['reason'] === reason)?.value ?? 0;
  const [cancelled, refused] = [await count('CANCELLED'), await count('BAD_REQUEST')];
  const wire = open();
  const head =
    'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Correlation-Id: half-a-body\r\nContent-Length: 99\r\n\r\n';
  wire.socket.write(`${head}{"jsonrpc":"2.0","id":1,"me`);
  wire.socket.end();
  await wire.closed;
  await until('it is counted', async () => (await count('CANCELLED')) === cancelled + 1);
  expect(await count('BAD_REQUEST')).toBe(refused);
  const line = () =>
    gateway.process
      .stderr()
      .split('\n')
      .find(text => text.includes('half-a-body'));
  await until('it is logged', line);
  expect(JSON.parse(line() ?? '{}')).toMatchObject({ outcome: 'cancelled', code: 'CANCELLED', status: 499 });
  expect(gateway.audit().filter(row => row['correlation_id'] === 'half-a-body')).toEqual([]);
});
