/** Real stdio clients in front of real HTTP servers, through `connect`: they hear what clients of HTTP hear directly. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectCli } from '../kit/connected.ts';
import { talkToEverything, talkToFixture } from '../peers/conversations.ts';
import type { Peer, Target } from '../peers/peer.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { connectSdkV1 } from '../peers/sdk-v1-client.ts';
import { connectSdkV2, type EraMode } from '../peers/sdk-v2-client.ts';
import { startEverything, startFixtureServer } from '../peers/servers.ts';

let scratch: ScratchHome;
beforeAll(async () => {
  scratch = await scratchHome();
});
afterAll(() => scratch[Symbol.asyncDispose]());

type Connect = (target: Target) => Promise<Peer>;
const v2 =
  (mode: EraMode): Connect =>
  target =>
    connectSdkV2(target, mode);

async function hold(connect: Connect, target: Target, talk: (peer: Peer) => Promise<Record<string, unknown>>) {
  await using peer = await connect(target);
  return await talk(peer);
}

const through = (url: string): Target => ({ kind: 'stdio', command: process.execPath, args: [connectCli, 'connect', url] });

test.each([
  ['v1', target => connectSdkV1(target)],
  ['v2 legacy', v2('legacy')],
  ['v2 modern', v2('modern')],
  ['v2 auto', v2('auto')],
] satisfies [string, Connect][])('SDK %s over stdio hears from our fixture what it hears over HTTP', async (_name, connect) => {
  await using server = await startFixtureServer(scratch.path);
  const direct = await hold(connect, { kind: 'http', url: server.url }, talkToFixture);
  expect(await hold(connect, through(server.url), talkToFixture)).toEqual(direct);
});

test.each([
  ['streamableHttp', 'http'],
  ['sse', 'sse'],
] as const)('SDK v1 over stdio hears from server-everything in mode %s what it hears directly', async (mode, kind) => {
  await using server = await startEverything(mode, scratch.path);
  const connect: Connect = target => connectSdkV1(target, {});
  const direct = await hold(connect, { kind, url: server.url }, talkToEverything);
  expect(await hold(connect, through(server.url), talkToEverything)).toEqual(direct);
});

test('an SDK v2 client finds a server of 2024-11-05 by itself', async () => {
  await using server = await startEverything('sse', scratch.path);
  await using peer = await connectSdkV2(through(server.url), 'auto');
  expect(JSON.stringify(await peer.callTool({ name: 'echo', arguments: { message: 'hello' } }))).toContain('hello');
});

test('sampling inside of a call reaches a stdio client', async () => {
  await using server = await startEverything('streamableHttp', scratch.path);
  await using peer = await connectSdkV1(through(server.url));
  const sampled = await peer.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } });
  expect(JSON.stringify(sampled)).toContain('An answer from the test client.');
});
