/** What becomes of the questions of servers behind bridges is counted, each once, whoever it was that answered. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { post } from './kit/callers.ts';
import { newSession } from './kit/listening-stream.ts';
import { QUESTION_COUNT } from './kit/questioning-server-stdio.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';

/** A client that does not listen has so many kept for it. */
const KEPT = 256;
let home: ScratchHome;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  const script = join(import.meta.dirname, 'kit/questioning-server-stdio.ts');
  gateway = await startGateway({
    home: home.path,
    name: 'server-questions',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'asking' }] }],
      upstreams: { asking: { health: { kind: 'none' }, instances: [{ id: 'a', command: process.execPath, args: [script] }] } },
      limits: [],
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '1s' },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const counted = async () => {
  const samples = readOpenMetrics(await gateway.metrics()).get('shadowcat_server_questions')?.samples ?? [];
  return Object.fromEntries(samples.map(({ labels, value }) => [`${labels['upstream']} ${labels['outcome']}`, value]));
};

const askedOn = (text: string) => [...text.matchAll(/"id":(\d+),"method":"roots\/list"/g)].map(([, id]) => Number(id));

/** A GET stream, and all that came over it. */
async function listened(url: string, session: Readonly<Record<string, string>>) {
  const abort = new AbortController();
  const { body } = await fetch(url, { headers: { Accept: 'text/event-stream', ...session }, signal: abort.signal });
  let text = '';
  let end: 'open' | 'ended' | 'broken' = 'open';
  const reading = (async () => {
    for await (const chunk of body ?? []) text += Buffer.from(chunk).toString();
    end = 'ended';
  })().catch(() => (end = 'broken'));
  return {
    text: () => text,
    end: () => end,
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reading;
    },
  };
}

test('answered by the client, for it, called off by the server, or lost with its session', async () => {
  const url = gateway.url('/mcp');
  const session = await newSession(url);
  const say = (message: object) => post(url, { jsonrpc: '2.0', ...message }, session);
  const heard = async () => {
    const { message } = await say({ id: 1, method: 'tools/call', params: { name: 'heard', arguments: {} } });
    const [{ text }] = (message.result as { content: [{ text: string }] }).content;
    return (JSON.parse(text) as string[]).map(line => JSON.parse(line) as { id: string; error?: { code: number; data: object } });
  };
  await say({ method: 'notifications/initialized' });
  const unheard = QUESTION_COUNT - KEPT;
  await expect.poll(counted).toEqual({ 'asking client-gone': unheard });
  const gone = { code: 50300, data: { reason: 'CLIENT_GONE' } };
  expect(await heard()).toMatchObject(Array.from({ length: unheard }, (_, at) => ({ id: `q${at}`, error: gone })));

  await using stream = await listened(url, session);
  const asked = () => askedOn(stream.text());
  await expect.poll(() => asked().length).toBe(KEPT);
  for (const id of asked().slice(0, 3)) await say({ id, result: { roots: [] } });
  await say({ method: 'notifications/take-back' });
  await expect.poll(stream.text).toContain('notifications/cancelled');
  // Both are over: what is still said about them is counted for nobody.
  for (const id of [asked()[0], asked().at(-1)]) await say({ id, result: { roots: [] } });
  await expect.poll(async () => (await heard()).length).toBe(unheard + 3);
  const sofar = { 'asking client-gone': unheard, 'asking answered': 3, 'asking cancelled': 1 };
  expect(await counted()).toEqual(sofar);

  await fetch(url, { method: 'DELETE', headers: session });
  await expect.poll(counted).toEqual({ ...sofar, 'asking lost': KEPT - 4 });
});

test('a second GET stream ends the first, in due form, and is the one that everything comes over from then on', async () => {
  const url = gateway.url('/mcp');
  const session = await newSession(url);
  await using first = await listened(url, session);
  await using second = await listened(url, session);
  await expect.poll(first.end).toBe('ended');
  await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  await expect.poll(() => askedOn(second.text()).length).toBe(QUESTION_COUNT);
  expect([first.text(), second.end()]).toEqual(['', 'open']);
  await fetch(url, { method: 'DELETE', headers: session });
});
