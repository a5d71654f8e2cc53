/** What a server asks of its client and may not, it hears at once: with its own id, by which policy, and why. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliFile } from '../cli/command-line.ts';
import { asJsonObject, startProcess } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { type AskingServer, earlyClient, questionId, startAskingServer } from './kit/asking-server.ts';
import { httpCaller, outcomeOf, stdioCaller } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';

const kinds = ['streamable-http', 'http-sse', 'stdio'] as const;
let home: ScratchHome;
let server: AskingServer;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  server = await startAskingServer();
  const instanceOf = {
    'streamable-http': { url: server.url },
    'http-sse': { url: server.sseUrl, transport: 'http-sse' },
    stdio: { command: process.execPath, args: [scriptPath] },
  };
  gateway = await startGateway({
    home: home.path,
    name: 'questions',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: kinds.map(kind => ({ path: `/${kind}`, upstream: kind })) }],
      upstreams: Object.fromEntries(kinds.map(kind => [kind, { health: { kind: 'none' }, instances: [{ id: 'a', ...instanceOf[kind] }] }])),
      policies: [{ id: 'no-sampling', effect: 'deny', match: { methods: ['sampling/*'] }, message: 'Models are not lent here' }],
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const scriptPath = join(import.meta.dirname, 'kit/asking-server-stdio.ts');
const wrapWords = () => {
  const words = ['wrap', '--data-dir', gateway.dataDir, '--name', 'wrapped', '--require-host', '--', process.execPath, scriptPath];
  return [cliFile, ...words];
};
const wrapped = () => stdioCaller(wrapWords(), 'legacy', { home: home.path });

const denials = async () => {
  const samples = [...(await gateway.metrics()).matchAll(/^shadowcat_policy_decisions_total\{([^}]*)\} (\d+)/gm)];
  const ofPolicy = samples.filter(([, labels = '']) => labels.includes('"no-sampling"') && /"(?:changed|refused)"/.test(labels));
  return ofPolicy.reduce((sum, [, , count]) => sum + Number(count), 0);
};

/** What the server is to hear. */
const denial = {
  jsonrpc: '2.0',
  id: questionId,
  error: {
    code: 40300,
    message: expect.stringContaining('Models are not lent here.') as string,
    data: { reason: 'Models are not lent here.', policy_id: 'no-sampling', correlation_id: expect.any(String) as string },
  },
};

/** Everything that one POST was answered with, and the session that it opened. */
async function postAll(path: string, body: object, session = '') {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
  const response = await fetch(gateway.url(path), {
    method: 'POST',
    body: JSON.stringify(body),
    headers: session === '' ? headers : { ...headers, 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-03-26' },
  });
  const text = await response.text();
  const parts = text.startsWith('{') || text.startsWith('[') ? [text] : [...text.matchAll(/^data: ?(.+)$/gm)].map(([, data = '']) => data);
  const messages = parts.flatMap(part => JSON.parse(part) as Answer | Answer[]);
  return { messages, session: response.headers.get('mcp-session-id') ?? '' };
}
interface Answer {
  readonly id: unknown;
  readonly method?: string;
  readonly result?: { readonly content: [{ readonly text: string }]; readonly instructions?: string };
}
const call = (id: number, name: string) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } });
const handshake = (name: string) => ({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name, version: '1' } },
});
const textOf = (answers: readonly Answer[], wanted: number) => answers.find(({ id }) => id === wanted)?.result?.content[0].text ?? '';

/** What the window shows of the questions of a server. */
async function statusesOf(serverName: string): Promise<string[]> {
  const { viewId, state } = await gateway.connection.call('timeline.open', {
    mode: 'exchanges',
    filter: '',
    scope: { serverName },
    requestsOnly: true,
    sort: { column: 'id', descending: false },
  });
  const { rows } = await gateway.connection.call('timeline.rows', { viewId, from: 0, count: Math.max(1, state.matched) });
  await gateway.connection.call('timeline.close', { viewId });
  return rows.flatMap(row => (row.row === 'exchange' && row.exchange.method === 'sampling/createMessage' ? [row.exchange.status] : []));
}

describe.each([...kinds, 'wrapped'] as const)('of a server that is reached by %s', kind => {
  test('a denied question is answered with an error, and the call goes on', async () => {
    const before = await denials();
    await using caller = await (kind === 'wrapped' ? wrapped() : httpCaller(gateway.url(`/${kind}`), 'legacy'));
    const heard = await caller.call('ask_sampling/createMessage');
    expect(outcomeOf(heard)).toBe('ok');
    const [{ text }] = (heard.message.result as { content: [{ text: string }] }).content;
    expect(JSON.parse(text)).toEqual(denial);
    await expect.poll(denials).toBeGreaterThan(before);

    // The record has the question as refused, and the answer as ours.
    const sampling = async () => {
      const frames = (await gateway.frames()).filter(({ transport }) => (transport === 'stdio') === (kind === 'wrapped'));
      const question = frames.findLast(({ method }) => method === 'sampling/createMessage');
      const answer = frames.find(
        frame => frame.direction === 'fromClient' && frame.exchangeId === question?.exchangeId && frame.kind === 'error',
      );
      const decision = question?.verdicts.find(({ id }) => id === 'no-sampling');
      return [question?.direction, kind === 'wrapped' ? decision?.kind : question?.deliveredBytes !== undefined, answer?.flags];
    };
    await expect.poll(sampling, { timeout: 5000 }).toEqual(['fromServer', kind === 'wrapped' ? 'refused' : true, ['own-error', 'refused']]);
    await expect.poll(() => statusesOf(kind), { timeout: 5000 }).toEqual(['refused']);
    await expect
      .poll(() => gateway.audit().filter(({ kind: word, upstream }) => word === 'policy' && upstream === kind).length, { timeout: 5000 })
      .toBeGreaterThan(0);
  });
});

test('a denied question that stands in one array with answers is answered alike, and the array arrives without it', async () => {
  const { session } = await postAll('/streamable-http', handshake('arrays'));
  const asked = [call(1, 'ok_tool'), call(2, 'ask_sampling/createMessage')];
  const { messages } = await postAll('/streamable-http', asked, session);
  expect(messages.map(({ id, method }) => [id, method])).toEqual([
    [1, undefined],
    [2, undefined],
  ]);
  expect(textOf(messages, 1)).toBe('said ok_tool');
  expect(JSON.parse(textOf(messages, 2))).toEqual(denial);
});

test('so is one of a wrapped server, whose other answers wait for it', async () => {
  const client = startProcess({ args: wrapWords(), home: home.path });
  client.child.stdin?.write(`${JSON.stringify([call(1, 'ok_tool'), call(2, 'ask_sampling/createMessage')])}\n`);
  const answers = await client.firstLine('stdout', line => (line.startsWith('[') ? (JSON.parse(line) as Answer[]) : undefined));
  expect(textOf(answers, 1)).toBe('said ok_tool');
  expect(JSON.parse(textOf(answers, 2))).toEqual(denial);
  client.child.stdin?.end();
  expect(await client.exited).toMatchObject({ code: 0 });
});

test.each(kinds)('so is one that is asked before the handshake is over, of a server that is reached by %s', async kind => {
  const { messages, session } = await postAll(`/${kind}`, handshake(earlyClient));
  expect(messages.map(({ id }) => id)).toEqual([0]);
  expect(JSON.parse(messages[0]?.result?.instructions ?? '')).toEqual(denial);
  // The session is the one that was answered in.
  const { messages: after } = await postAll(`/${kind}`, call(1, 'ok_tool'), session);
  expect(textOf(after, 1)).toBe('said ok_tool');
});

test('and of a wrapped one', async () => {
  const client = startProcess({ args: wrapWords(), home: home.path });
  client.child.stdin?.write(`${JSON.stringify(handshake(earlyClient))}\n`);
  const answer = await client.firstLine('stdout', line => asJsonObject(line) as unknown as Answer | undefined);
  expect(JSON.parse(answer.result?.instructions ?? '')).toEqual(denial);
  client.child.stdin?.end();
  expect(await client.exited).toMatchObject({ code: 0 });
});

test('what no policy denies reaches the client of a wrapped server, and its answer the server', async () => {
  const client = startProcess({ args: wrapWords(), home: home.path });
  const say = (message: object) => client.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const heard = (isWanted: (message: Record<string, unknown>) => boolean) =>
    client.firstLine('stdout', line => {
      const message = asJsonObject(line);
      return message !== undefined && isWanted(message) ? message : undefined;
    });
  say({ id: 1, method: 'tools/call', params: { name: 'ask_roots/list' } });
  expect(await heard(({ method }) => method === 'roots/list')).toEqual({
    jsonrpc: '2.0',
    id: questionId,
    method: 'roots/list',
    params: {},
  });
  say({ id: questionId, result: { roots: [] } });
  const { result } = (await heard(({ id }) => id === 1)) as { result: { content: [{ text: string }] } };
  expect(JSON.parse(result.content[0].text)).toMatchObject({ id: questionId, result: { roots: [] } });
  client.child.stdin?.end();
  expect(await client.exited).toMatchObject({ code: 0 });
});
