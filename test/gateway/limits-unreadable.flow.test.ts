/** Whoever sends what cannot be read is not free of the limits of its address; a page that calls home uses up nobody's share. */
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';

const LIMIT = 4;
let started = 0;
let home: ScratchHome;
let server: ToolServer;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});
beforeEach(async ({ onTestFinished }) => {
  gateway = await startGateway({
    home: home.path,
    name: `unreadable-${(started += 1)}`,
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, maxBody: '1KiB', routes: [{ path: '/mcp', upstream: 'one' }] }],
      upstreams: { one: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] } },
      limits: [{ id: 'each-address', tier: 'ip', algorithm: 'sliding-window', limit: LIMIT, per: '1h' }],
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '1s' },
    },
  });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
});

/** Everything that came before the connection was closed. */
function answerTo(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url('/mcp')).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.write(Buffer.from(bytes, 'latin1'));
  return new Promise((resolve, reject) => socket.on('close', () => resolve(text)).on('error', reject));
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
const post = (fields: string, body: string) =>
  `POST /mcp HTTP/1.1\r\nConnection: close\r\n${fields}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const call = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'ok_tool',
    arguments: {},
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
  },
};
const ofCall = 'MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: ok_tool';
const goodCall = (host = 'localhost', more = '') =>
  post(
    `Host: ${host}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n${ofCall}${more}`,
    JSON.stringify(call),
  );

const counted = async () => {
  const samples = readOpenMetrics(await gateway.metrics()).get('shadowcat_ratelimit')?.samples ?? [];
  return Object.fromEntries(samples.map(({ labels, value }) => [`${labels['policy']} ${labels['outcome']}`, value]));
};

const bothLengths = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
const garbage: readonly (readonly [string, string, number])[] = [
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['both lengths', bothLengths, 400],
  ['a head that is too long', `GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
  ['no Host', 'GET /mcp HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['a body that is too long', post('Host: localhost\r\nContent-Type: application/json', ' '.repeat(2000)), 413],
  ['a body in another charset', post('Host: localhost\r\nContent-Type: application/json; charset=utf-7', JSON.stringify(call)), 415],
  ['a body that is nested too deep', post('Host: localhost\r\nContent-Type: application/json', '['.repeat(400)), 400],
];

test.each(garbage)('%s costs its address a call, and is told when there are none left', async (_, bytes, status) => {
  for (let sent = 0; sent < LIMIT; sent += 1) expect(statusOf(await answerTo(bytes))).toBe(status);
  expect(await counted()).toEqual({ 'each-address allowed': LIMIT });
  const refused = await answerTo(bytes);
  expect(statusOf(refused)).toBe(429);
  expect(refused).toMatch(/^Retry-After: \d+\r$/m);
  expect(refused).toContain('"code":42900');
  expect(statusOf(await answerTo(goodCall()))).toBe(429);
  expect(server.called()).not.toContain('ok_tool');
  await expect.poll(counted).toEqual({ 'each-address allowed': LIMIT, 'each-address refused': 2 });
  const audited = () => gateway.audit().filter(({ kind, action }) => kind === 'limit' && action === 'refused');
  await expect
    .poll(() => audited().map(({ status: said, code }) => [said, code]))
    .toEqual([
      [429, 'LIMITED'],
      [429, 'LIMITED'],
    ]);
});

test('a foreign Host or Origin is refused and costs nothing', async () => {
  for (let sent = 0; sent < LIMIT; sent += 1) {
    expect(statusOf(await answerTo(goodCall('evil.example')))).toBe(403);
    expect(statusOf(await answerTo(goodCall('localhost', '\r\nOrigin: https://evil.example')))).toBe(403);
  }
  expect(await counted()).toEqual({});
  expect(statusOf(await answerTo(goodCall()))).toBe(200);
});
