/** Real clients and a real server through the HTTP path: npm's SDKs and `server-everything`, over both transports. */
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { startRelay } from '../kit/http-relay.ts';
import { scratchHome } from '../peers/scratch-home.ts';
import { startEverything, startFixtureServer } from '../peers/servers.ts';

const info = { name: 'peer-test', version: '1.0.0' };

test.each(['streamableHttp', 'sse'] as const)('the v1 client and server-everything speak %s through the relay', async mode => {
  await using home = await scratchHome();
  await using server = await startEverything(mode, home.path);
  await using relay = await startRelay(server.url);
  const client = new OldClient(info);
  const transport = mode === 'sse' ? new SSEClientTransport(new URL(relay.url)) : new OldTransport(new URL(relay.url));
  await client.connect(transport as Parameters<OldClient['connect']>[0]);
  const { tools } = await client.listTools();
  expect(tools.length).toBeGreaterThan(3);
  const echoed = await client.callTool({ name: 'echo', arguments: { message: 'héllo' } });
  expect(JSON.stringify(echoed.content)).toContain('héllo');
  if (transport instanceof OldTransport) await transport.terminateSession();
  await client.close();
  const { sessions, exchanges } = relay.record;
  expect(sessions).toMatchObject([{ clientName: 'peer-test', transport: mode === 'sse' ? 'http-sse' : 'streamable-http' }]);
  expect(
    exchanges
      .filter(one => one.method === 'tools/call' || one.method === 'tools/list' || one.method === 'initialize')
      .map(one => [one.method, one.status]),
  ).toEqual([
    ['initialize', 'ok'],
    ['tools/list', 'ok'],
    ['tools/call', 'ok'],
  ]);
});

test('the v2 client negotiates the modern era through the relay', async () => {
  await using home = await scratchHome();
  await using server = await startFixtureServer(home.path);
  await using relay = await startRelay(server.url);
  const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(relay.url)));
  const { tools } = await client.listTools();
  expect(tools.map(tool => tool.name)).toContain('test_simple_text');
  await client.callTool({ name: 'test_simple_text', arguments: {} });
  await client.close();
  expect(relay.record.sessions).toMatchObject([{ era: 'modern', clientName: 'peer-test' }]);
  expect(relay.record.exchanges.filter(one => one.kind === 'request').map(one => [one.method, one.era, one.status])).toEqual([
    ['server/discover', 'modern', 'ok'],
    ['tools/list', 'modern', 'ok'],
    ['tools/call', 'modern', 'ok'],
  ]);
});
