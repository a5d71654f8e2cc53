/** The official MCP Inspector as the client, through `wrap` and through `proxy`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { throughProxy, throughWrap } from './hops.ts';
import { askWithInspector, type InspectorRequest } from './inspector.ts';
import { conversationsOf, messagesOf, recordedSessions } from './recording.ts';
import { type ScratchHome, scratchHome } from './scratch-home.ts';
import type { EraMode } from './sdk-v2-client.ts';
import { everythingCommand, fixtureCommand, type ListeningServer, startEverything, startFixtureServer } from './servers.ts';

const listTools: InspectorRequest = ['tools/list'];
const callTool: InspectorRequest = ['tools/call', '--tool-name', 'test_simple_text'];
const eras: readonly EraMode[] = ['legacy', 'auto', 'modern'];

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

test('lists the tools of server-everything through wrap', async () => {
  const home = scratch.path;
  await using hop = throughWrap(everythingCommand(), home);
  const direct = await askWithInspector({ kind: 'stdio', ...everythingCommand() }, listTools, { home });
  expect(await askWithInspector(hop.target, listTools, { home })).toEqual(direct);
  expect(toolNames(direct)).toContain('get-sum');
  await expectMethods(hop, ['initialize', 'notifications/initialized', 'tools/list']);
});

test.for(eras)('calls a tool of the fixture through wrap, era %s', async era => {
  const home = scratch.path;
  await using hop = throughWrap(fixtureCommand(), home);
  const direct = await askWithInspector({ kind: 'stdio', ...fixtureCommand() }, callTool, { home, era });
  expect(await askWithInspector(hop.target, callTool, { home, era })).toEqual(direct);
  await expectMethods(hop, ['tools/call']);
});

test('lists the tools of server-everything through proxy, over Streamable HTTP', async () => {
  const home = scratch.path;
  await using server = await startEverything('streamableHttp', home);
  await using hop = await throughProxy(server, 'http', home);
  const direct = await askWithInspector({ kind: 'http', url: server.url }, listTools, { home });
  expect(await askWithInspector(hop.target, listTools, { home })).toEqual(direct);
  expect(toolNames(direct)).toContain('get-sum');
  await expectMethods(hop, ['initialize', 'notifications/initialized', 'tools/list']);
});

test('lists the tools of server-everything through proxy, over HTTP+SSE', async () => {
  const home = scratch.path;
  await using server = await startEverything('sse', home);
  await using hop = await throughProxy(server, 'sse', home);
  const direct = await askWithInspector({ kind: 'sse', url: server.url }, listTools, { home });
  expect(await askWithInspector(hop.target, listTools, { home })).toEqual(direct);
  expect(toolNames(direct)).toContain('get-sum');
  await expectMethods(hop, ['initialize', 'notifications/initialized', 'tools/list']);
});

test.for(eras)('calls a tool of the fixture through proxy, era %s', async era => {
  const home = scratch.path;
  await using hop = await throughProxy(fixture, 'http', home);
  const direct = await askWithInspector({ kind: 'http', url: fixture.url }, callTool, { home, era });
  expect(await askWithInspector(hop.target, callTool, { home, era })).toEqual(direct);
  await expectMethods(hop, ['tools/call']);
});

/** The Inspector's messages cannot be watched from outside, so its recording is held against what it must have said. */
async function expectMethods(hop: { dataDir: string; home: string }, methods: readonly string[]): Promise<void> {
  const options = { timeout: 15_000, interval: 250 };
  await expect.poll(async () => said(await recordedSessions(hop)), options).toEqual(expect.arrayContaining([...methods]));
  const sessions = conversationsOf(await recordedSessions(hop));
  expect(messagesOf(sessions, 'fromServer').filter(what => what.startsWith('result')).length).toBeGreaterThanOrEqual(
    methods.filter(method => !method.startsWith('notifications/')).length,
  );
}

function said(sessions: Awaited<ReturnType<typeof recordedSessions>>): string[] {
  return messagesOf(conversationsOf(sessions), 'fromClient').map(text => text.split(' ')[0] ?? '');
}

function toolNames(answer: unknown): string[] {
  return (answer as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name);
}
