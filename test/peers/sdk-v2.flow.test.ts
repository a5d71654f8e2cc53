/** Clients of SDK v2 through `wrap` and `proxy`, in each way they have of choosing the era. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { talkToEverything, talkToFixture } from './conversations.ts';
import { throughProxy, throughWrap } from './hops.ts';
import type { Peer, Target } from './peer.ts';
import { conversationsOf, expectRecorded, recordedSessions } from './recording.ts';
import { type ScratchHome, scratchHome } from './scratch-home.ts';
import { connectSdkV2, type EraMode } from './sdk-v2-client.ts';
import { everythingCommand, fixtureCommand, type ListeningServer, startEverything, startFixtureServer } from './servers.ts';

const modes: readonly EraMode[] = ['legacy', 'auto', 'modern'];
const eraOf: Record<EraMode, 'legacy' | 'modern'> = { legacy: 'legacy', auto: 'modern', modern: 'modern' };

let scratch: ScratchHome;
let fixture: ListeningServer;
beforeAll(async () => {
  scratch = await scratchHome();
  fixture = await startFixtureServer(scratch.path);
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** What a client hears in a whole conversation, and what its transport carried. */
async function hold(target: Target, mode: EraMode, talk: (peer: Peer) => Promise<unknown>) {
  const seen: Peer['seen'][] = [];
  const heard = await (async () => {
    // Its goodbye is part of what its transport carried, so it is closed before the list is read.
    await using peer = await connectSdkV2(target, mode);
    seen.push(peer.seen);
    return await talk(peer);
  })();
  return { heard, seen: seen.flat() };
}

test.for(modes)('talks to our fixture through wrap as it does directly, mode %s', async mode => {
  await using hop = throughWrap(fixtureCommand(), scratch.path);
  const direct = await hold({ kind: 'stdio', ...fixtureCommand() }, mode, talkToFixture);
  const wrapped = await hold(hop.target, mode, talkToFixture);
  expect(wrapped).toEqual(direct);
  await expectRecorded(hop, { seen: wrapped.seen, transport: 'stdio' });
  const [recorded] = conversationsOf(await recordedSessions(hop));
  expect(recorded?.session.era).toBe(eraOf[mode]);
});

test.for(modes)('talks to our fixture through proxy as it does directly, mode %s', async mode => {
  await using hop = await throughProxy(fixture, 'http', scratch.path);
  const direct = await hold({ kind: 'http', url: fixture.url }, mode, talkToFixture);
  const proxied = await hold(hop.target, mode, talkToFixture);
  expect(proxied.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: proxied.seen, transport: 'streamable-http' });
  const [recorded] = conversationsOf(await recordedSessions(hop));
  expect(recorded?.session.era).toBe(eraOf[mode]);
});

test('falls back to the legacy era at server-everything through wrap, having probed with a process of its own', async () => {
  await using hop = throughWrap(everythingCommand(), scratch.path);
  const wrapped = await hold(hop.target, 'auto', talkToFirstTools);
  const direct = await hold({ kind: 'stdio', ...everythingCommand() }, 'auto', talkToFirstTools);
  expect(wrapped.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: wrapped.seen, transport: 'stdio' });
  const sessions = await recordedSessions(hop);
  expect(sessions.map(({ session }) => session.isProbe)).toEqual([true, false]);
});

test('falls back to the legacy era at server-everything through proxy', async () => {
  await using server = await startEverything('streamableHttp', scratch.path);
  await using hop = await throughProxy(server, 'http', scratch.path);
  const direct = await hold({ kind: 'http', url: server.url }, 'auto', talkToFirstTools);
  const proxied = await hold(hop.target, 'auto', talkToFirstTools);
  expect(proxied.heard).toEqual(direct.heard);
});

test('talks to server-everything through proxy as it does directly, over HTTP+SSE', async () => {
  await using server = await startEverything('sse', scratch.path);
  await using hop = await throughProxy(server, 'sse', scratch.path);
  const direct = await hold({ kind: 'sse', url: server.url }, 'legacy', talkToFirstTools);
  const proxied = await hold(hop.target, 'legacy', talkToFirstTools);
  expect(proxied.heard).toEqual(direct.heard);
  await expectRecorded(hop, { seen: proxied.seen, transport: 'http-sse' });
});

/** `server-everything` adds tools once it knows a client's capabilities, so its list depends on the moment. */
async function talkToFirstTools(peer: Peer): Promise<unknown> {
  return { ...(await talkToEverything(peer)), tools: 'not compared' };
}
