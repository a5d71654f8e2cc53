/** What the gateway says in a session by itself, it says in the version that client and server agreed on, not in the one that was asked for. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { scratchHome } from '../peers/scratch-home.ts';
import { post } from './kit/callers.ts';
import { startGateway } from './kit/running-gateway.ts';

const agreed = '2025-06-18';

/** Knows one version, and turns away what is said in another. */
async function strictServer() {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { id?: number; method?: string };
      const version = request.headers['mcp-protocol-version'];
      if (method !== 'initialize') heard.push(`${method ?? request.method} ${String(version)}`);
      if (method !== 'initialize' && version !== agreed) return void response.writeHead(400).end();
      if (method === 'tools/call') return;
      if (id === undefined) return void response.writeHead(202).end();
      const result = { protocolVersion: agreed, capabilities: { tools: {} }, serverInfo: { name: 'strict', version: '1' } };
      response.writeHead(200, { 'Content-Type': 'application/json', 'Mcp-Session-Id': 'strict-1' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

test('a call that is given up and a session that is ended are told to the server in the version of the session', async () => {
  await using home = await scratchHome();
  await using server = await strictServer();
  await using gateway = await startGateway({
    home: home.path,
    name: 'version',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'one' }] }],
      upstreams: {
        one: { health: { kind: 'none' }, timeouts: { firstByte: '200ms' }, instances: [{ id: 'a', url: server.url }] },
      },
      limits: [],
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
  });
  const url = gateway.url('/mcp');
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'newer', version: '1' } };
  const { headers } = await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params });
  const session = { 'Mcp-Session-Id': headers.get('mcp-session-id') ?? '', 'MCP-Protocol-Version': agreed };
  await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  const { message } = await post(url, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'slow', arguments: {} } }, session);
  expect(message.error?.code).toBe(50400);
  await expect.poll(() => server.heard).toContain(`notifications/cancelled ${agreed}`);
  const { sessions } = (await (await fetch(`${gateway.adminUrl}/api/sessions`)).json()) as { sessions: [{ id: string }] };
  const killed = await fetch(`${gateway.adminUrl}/api/sessions/kill`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ id: sessions[0].id, reason: 'over' }),
  });
  expect(killed.status).toBe(200);
  await expect.poll(() => server.heard).toContain(`DELETE ${agreed}`);
  expect(server.heard.filter(text => !text.endsWith(agreed))).toEqual([]);
});
