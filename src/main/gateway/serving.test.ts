/** What pages of an allowed origin may read, over a listener that is really open. */
import { afterEach, expect, test } from 'vitest';
import { MemorySink } from '../../../test/kit/http-relay.ts';
import { Config } from '../../shared/config/schema.ts';
import { type HttpDoor, openHttpDoor } from '../listeners/http-door.ts';
import { compose } from '../pipeline/compose.ts';
import { LiveAnswers } from '../pipeline/live-answers.ts';
import { randomIds, silentLogger as log, systemClock } from '../ports.ts';
import { wellKnownAnswer } from '../stages/authenticate/protected-resource.ts';
import { openStagesInOrder } from '../stages/order.ts';
import { Conversations } from '../traffic/conversations.ts';
import { listenerServing } from './serving.ts';
import { SessionsKeeper } from './sessions-keeper.ts';

const clock = systemClock;
const page = 'http://localhost:6274';
const document = '/.well-known/oauth-protected-resource/mcp';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening(auth: Record<string, unknown> = {}): Promise<HttpDoor> {
  const conversations = new Conversations({ sink: new MemorySink(), clock, ids: randomIds });
  const account = { clock, log, emit: () => undefined, live: new LiveAnswers(), keepsArguments: () => false };
  const openPipeline = compose(openStagesInOrder({ record: { clock, log, pressure: () => undefined }, account }));
  const issuers = [{ issuer: 'https://idp.example', audiences: ['https://gw.example/mcp'] }];
  const { listeners } = Config.parse({
    version: 1,
    listeners: [
      {
        name: 'main',
        publicUrl: 'https://gw.example',
        auth: { issuers, ...auth },
        routes: [{ path: '/mcp', upstream: 'files', scopes: ['mcp'] }],
      },
    ],
    upstreams: { files: { instances: [{ id: 'a', url: 'http://127.0.0.1:1/mcp' }] } },
  });
  const [listener] = listeners;
  if (listener === undefined) throw new Error('There is no listener');
  const { serving, close } = listenerServing(
    listener,
    {
      ids: randomIds,
      pipeline: openPipeline,
      openPipeline,
      strayPipeline: openPipeline,
      upstreamFor: name => ({ name, send: () => Promise.reject(new Error('not used')), close: () => Promise.resolve() }),
      wellKnown: wellKnownAnswer,
      isDraining: () => false,
      idleMs: 60_000,
    },
    new SessionsKeeper({ conversations, clock }),
  );
  const door = await openHttpDoor({ host: '127.0.0.1', port: 0, isPortFixed: true, serving, clock, ids: randomIds, log });
  closing.push(
    () => door.close({ graceMs: 0 }),
    () => close('the test is over'),
  );
  return door;
}

test('a page reads the metadata of a resource: one origin is named to it, its own', async () => {
  const { origin } = await listening();
  const answer = await fetch(origin + document, { headers: { origin: page } });
  expect(await answer.json()).toMatchObject({ resource: 'https://gw.example/mcp' });
  // Two values, even if one of them is `*`, are none to a browser.
  expect(answer.headers.get('access-control-allow-origin')).toBe(page);
  expect((await fetch(origin + document)).headers.get('access-control-allow-origin')).toBeNull();
});

test('and may send the revision along, as clients of the SDK do', async () => {
  const { origin } = await listening();
  const headers = { origin: page, 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' };
  const answer = await fetch(origin + document, { method: 'OPTIONS', headers });
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, page]);
  expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('mcp-protocol-version');
});

test('a page may send an API key in the field that the listener has for it, and none in one that it has not', async () => {
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-my-key, x-other, mcp-param-path' };
  const allowed = async (door: HttpDoor) => {
    const answer = await fetch(`${door.origin}/mcp`, { method: 'OPTIONS', headers: { origin: page, ...asked } });
    return answer.headers.get('access-control-allow-headers')?.toLowerCase().split(', ') ?? [];
  };
  const named = await allowed(await listening({ apiKeyHeader: 'X-My-Key' }));
  expect([named.includes('x-my-key'), named.includes('mcp-param-path'), named.includes('x-other')]).toEqual([true, true, false]);
  const usual = await allowed(await listening());
  expect([usual.includes('x-api-key'), usual.includes('tracestate'), usual.includes('x-my-key')]).toEqual([true, true, false]);
});
