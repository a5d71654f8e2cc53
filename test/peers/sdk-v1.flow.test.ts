/** Clients of SDK v1 through `wrap` and `proxy`, over each of the three legacy transports. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { talkToEverything, talkToFixture } from './conversations.ts';
import { throughProxy, throughWrap } from './hops.ts';
import type { Peer, Target } from './peer.ts';
import { expectRecorded } from './recording.ts';
import { type ScratchHome, scratchHome } from './scratch-home.ts';
import { connectSdkV1 } from './sdk-v1-client.ts';
import { everythingCommand, fixtureCommand, startEverything, startFixtureServer } from './servers.ts';

let scratch: ScratchHome;
beforeAll(async () => {
  scratch = await scratchHome();
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
});

/** What a client hears in a whole conversation, and what its transport carried, its goodbye included. */
async function hold(target: Target, talk: (peer: Peer) => Promise<unknown>, capabilities?: Record<string, object>) {
  const seen: Peer['seen'][] = [];
  const heard = await (async () => {
    // Its goodbye is part of what its transport carried, so it is closed before the list is read.
    await using peer = await connectSdkV1(target, capabilities);
    seen.push(peer.seen);
    return await talk(peer);
  })();
  return { heard, seen: seen.flat() };
}

test('talks to our fixture through wrap as it does directly', async () => {
  await using hop = throughWrap(fixtureCommand(), scratch.path);
  const direct = await hold({ kind: 'stdio', ...fixtureCommand() }, talkToFixture);
  const wrapped = await hold(hop.target, talkToFixture);
  expect(wrapped).toEqual(direct);
  await expectRecorded(hop, { seen: wrapped.seen, transport: 'stdio' });
});

test('talks to server-everything through wrap as it does directly', async () => {
  await using hop = throughWrap(everythingCommand(), scratch.path);
  const direct = await hold({ kind: 'stdio', ...everythingCommand() }, talkToEverything, {});
  const wrapped = await hold(hop.target, talkToEverything, {});
  expect(wrapped.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: wrapped.seen, transport: 'stdio' });
});

test('talks to our fixture through proxy as it does directly, over Streamable HTTP', async () => {
  await using server = await startFixtureServer(scratch.path);
  await using hop = await throughProxy(server, 'http', scratch.path);
  const direct = await hold({ kind: 'http', url: server.url }, talkToFixture);
  const proxied = await hold(hop.target, talkToFixture);
  expect(proxied.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: proxied.seen, transport: 'streamable-http' });
});

test('talks to server-everything through proxy as it does directly, over Streamable HTTP', async () => {
  await using server = await startEverything('streamableHttp', scratch.path);
  await using hop = await throughProxy(server, 'http', scratch.path);
  const direct = await hold({ kind: 'http', url: server.url }, talkToEverything, {});
  const proxied = await hold(hop.target, talkToEverything, {});
  expect(proxied.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: proxied.seen, transport: 'streamable-http' });
});

test('talks to server-everything through proxy as it does directly, over HTTP+SSE', async () => {
  await using server = await startEverything('sse', scratch.path);
  await using hop = await throughProxy(server, 'sse', scratch.path);
  const direct = await hold({ kind: 'sse', url: server.url }, talkToEverything, {});
  const proxied = await hold(hop.target, talkToEverything, {});
  expect(proxied.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: proxied.seen, transport: 'http-sse' });
});
