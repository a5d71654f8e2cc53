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

  const abort = new AbortController();
  const stream = await fetch(url, { headers: { Accept: 'text/event-stream', ...session }, signal: abort.signal });
  let text = '';
  const reading = (async () => {
    for await (const chunk of stream.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  const asked = () => [...text.matchAll(/"id":(\d+),"method":"roots\/list"/g)].map(([, id]) => Number(id));
  await expect.poll(() => asked().length).toBe(KEPT);
  for (const id of asked().slice(0, 3)) await say({ id, result: { roots: [] } });
  await say({ method: 'notifications/take-back' });
  await expect.poll(() => text).toContain('notifications/cancelled');
  // Both are over: what is still said about them is counted for nobody.
  for (const id of [asked()[0], asked().at(-1)]) await say({ id, result: { roots: [] } });
  await expect.poll(async () => (await heard()).length).toBe(unheard + 3);
  const sofar = { 'asking client-gone': unheard, 'asking answered': 3, 'asking cancelled': 1 };
  expect(await counted()).toEqual(sofar);

  await fetch(url, { method: 'DELETE', headers: session });
  abort.abort();
  await reading;
  await expect.poll(counted).toEqual({ ...sofar, 'asking lost': KEPT - 4 });
});
