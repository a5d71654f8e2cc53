/** Real clients in front of real servers, through a bridge: they hear what they hear directly. */
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomIds, silentLogger, systemClock } from '../../src/main/ports.ts';
import { httpInstance } from '../../src/main/upstreams/http-instance.ts';
import { httpSseConnection } from '../../src/main/upstreams/http-sse/http-sse-connection.ts';
import type { InstanceConnection } from '../../src/main/upstreams/instance-connection.ts';
import { UpstreamConfig } from '../../src/shared/config/schema.ts';
import { bridged, eventually } from '../kit/bridged.ts';
import { guardedListener } from '../kit/guarded.ts';
import { talkToEverything, talkToFixture, talkToMemory } from '../peers/conversations.ts';
import type { Peer, Target } from '../peers/peer.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { connectSdkV1 } from '../peers/sdk-v1-client.ts';
import { connectSdkV2, type EraMode } from '../peers/sdk-v2-client.ts';
import { everythingCommand, fixtureCommand, memoryCommand, startEverything, type StdioCommand } from '../peers/servers.ts';

let scratch: ScratchHome;
beforeAll(async () => {
  scratch = await scratchHome();
});
afterAll(() => scratch[Symbol.asyncDispose]());

type Connect = (target: Target) => Promise<Peer>;
const v1: Connect = target => connectSdkV1(target);
const v1Plain: Connect = target => connectSdkV1(target, {});
const v2 =
  (mode: EraMode): Connect =>
  target =>
    connectSdkV2(target, mode);

async function hold(connect: Connect, target: Target, talk: (peer: Peer) => Promise<Record<string, unknown>>) {
  await using peer = await connect(target);
  return await talk(peer);
}

async function throughBridge(
  server: StdioCommand,
  connect: Connect,
  talk: (peer: Peer) => Promise<Record<string, unknown>>,
  env: Record<string, string> = {},
) {
  await using bridge = bridged({ command: server.command, args: server.args, env: { HOME: scratch.path, ...env } });
  await using listener = await guardedListener(bridge.connection);
  const heard = await hold(connect, { kind: 'http', url: listener.url }, talk);
  return { heard, children: bridge.events.filter(event => event.type === 'child' && event.what === 'started').length };
}

test.each([
  ['v1', v1, 1],
  ['v2 legacy', v2('legacy'), 1],
  ['v2 modern', v2('modern'), 1],
  ['v2 auto', v2('auto'), 1],
])('SDK %s hears from our fixture over stdio what it hears directly', async (_name, connect, children) => {
  const direct = await hold(connect, { kind: 'stdio', ...fixtureCommand() }, talkToFixture);
  const through = await throughBridge(fixtureCommand(), connect, talkToFixture);
  expect(through).toEqual({ heard: direct, children });
});

test.each([
  ['v1', v1Plain],
  ['v2 auto, which finds a server of the legacy era', v2('auto')],
])('SDK %s hears from server-everything over stdio what it hears directly', async (_name, connect) => {
  const direct = await hold(connect, { kind: 'stdio', ...everythingCommand() }, talkToEverything);
  const { heard } = await throughBridge(everythingCommand(), connect, talkToEverything);
  expect(heard).toEqual(direct);
});

test('server-memory keeps its graph behind a bridge', async () => {
  const env = (name: string) => ({ MEMORY_FILE_PATH: join(scratch.path, name) });
  const direct = await hold(v1Plain, { kind: 'stdio', ...memoryCommand(), env: env('direct.jsonl') }, talkToMemory);
  const { heard } = await throughBridge(memoryCommand(), v1Plain, talkToMemory, env('bridged.jsonl'));
  expect(heard).toEqual(direct);
});

test('ten clients at once, all with the same ids, get their own answers', async () => {
  await using bridge = bridged({ command: everythingCommand().command, args: everythingCommand().args });
  await using listener = await guardedListener(bridge.connection);
  const echoes = await Promise.all(
    Array.from({ length: 10 }, async (_, at) => {
      await using peer = await connectSdkV1({ kind: 'http', url: listener.url }, {});
      const said: unknown[] = [];
      for (let turn = 0; turn < 5; turn += 1) said.push(await peer.callTool({ name: 'echo', arguments: { message: `${at}/${turn}` } }));
      return JSON.stringify(said);
    }),
  );
  for (const [at, echo] of echoes.entries()) for (let turn = 0; turn < 5; turn += 1) expect(echo).toContain(`${at}/${turn}`);
  await eventually(() => bridge.connection.childCount() === 0);
});

function sseConnection(url: string): InstanceConnection {
  const config = UpstreamConfig.parse({ instances: [{ id: 'one', url }] });
  const http = httpInstance({ url, config, clock: systemClock, log: silentLogger });
  return httpSseConnection({ upstreamName: 'test', instanceId: 'one', url, http, clock: systemClock, ids: randomIds, log: silentLogger });
}

test('SDK v1 over Streamable HTTP hears from server-everything over HTTP+SSE what it hears directly', async () => {
  await using server = await startEverything('sse', scratch.path);
  const connection = sseConnection(server.url);
  await using listener = await guardedListener(connection);
  try {
    const direct = await hold(v1Plain, { kind: 'sse', url: server.url }, talkToEverything);
    const heard = await hold(v1Plain, { kind: 'http', url: listener.url }, talkToEverything);
    expect(heard).toEqual(direct);
    await eventually(() => connection.connections().open === connection.connections().idle);
  } finally {
    await connection.close();
  }
});

test('sampling inside a call passes from an HTTP+SSE server to a client of Streamable HTTP', async () => {
  await using server = await startEverything('sse', scratch.path);
  const connection = sseConnection(server.url);
  await using listener = await guardedListener(connection);
  try {
    await using peer = await connectSdkV1({ kind: 'http', url: listener.url });
    const sampled = await peer.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } });
    expect(JSON.stringify(sampled)).toContain('An answer from the test client.');
  } finally {
    await connection.close();
  }
});

test('a client learns of a crashed server, and its next handshake starts a new one', async () => {
  await using bridge = bridged();
  await using listener = await guardedListener(bridge.connection);
  const connect = async () => {
    const client = new Client({ name: 'x', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(listener.url)) as Transport);
    return client;
  };
  const client = await connect();
  await expect(client.request({ method: 'exit' }, { parse: (value: unknown) => value } as never)).rejects.toThrow();
  await expect(client.listTools()).rejects.toThrow(/404|Initialize again/);
  await client.close();
  const again = await connect();
  await expect(again.listTools()).rejects.toThrow('Method not found');
  await again.close();
});
