/**
 * Real clients through one gateway with auth, before two real servers: our fixture of both eras over HTTP, and
 * server-everything over stdio. They hear what they hear from the servers themselves; strangers hear 401, and no server hears of them.
 */
import { createHash } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testIssuer, type TestIssuer } from '../kit/oidc-provider.ts';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { talkToEverything, talkToFixture } from '../peers/conversations.ts';
import { askWithInspector, type InspectorRequest } from '../peers/inspector.ts';
import type { Peer, Target } from '../peers/peer.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { connectSdkV1 } from '../peers/sdk-v1-client.ts';
import { connectSdkV2, type EraMode } from '../peers/sdk-v2-client.ts';
import { everythingCommand, type ListeningServer, startFixtureServer } from '../peers/servers.ts';
import { httpCaller, outcomeOf, post } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { freePort, startTap, type Tap } from './kit/tap.ts';

const keys = { ada: 'key-of-ada-7f3a', bob: 'key-of-bob-19c4' } as const;
const wrongKey = 'key-of-nobody-55d0';
const hashOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

let home: ScratchHome;
let fixture: ListeningServer;
let tap: Tap;
let issuer: TestIssuer;
let publicUrl: string;
let gateway: RunningGateway;

beforeAll(async () => {
  home = await scratchHome();
  [fixture, issuer] = await Promise.all([startFixtureServer(home.path), testIssuer()]);
  tap = await startTap(Number(new URL(fixture.url).port));
  const port = await freePort();
  publicUrl = `http://127.0.0.1:${port}`;
  gateway = await startGateway({
    home: home.path,
    name: 'peers',
    config: {
      version: 1,
      listeners: [
        {
          name: 'main',
          port,
          publicUrl,
          auth: {
            issuers: [{ issuer: issuer.issuer, audiences: [`${publicUrl}/fixture`, `${publicUrl}/everything`] }],
            apiKeys: Object.entries(keys).map(([id, key]) => ({ id, hash: hashOf(key), roles: ['tester'] })),
          },
          routes: [
            { path: '/fixture', upstream: 'fixture' },
            { path: '/everything', upstream: 'everything' },
          ],
        },
      ],
      upstreams: {
        fixture: { health: { kind: 'none' }, instances: [{ id: 'a', url: `http://127.0.0.1:${tap.port}/mcp` }] },
        everything: { health: { kind: 'process' }, instances: [{ id: 'a', ...everythingCommand() }] },
      },
      limits: [],
      policies: [
        { id: 'testers', effect: 'allow', when: '"tester" in principal.roles' },
        { id: 'machines', effect: 'allow', when: `principal.iss == "${issuer.issuer}"` },
      ],
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms', finish: '2s' },
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([tap, issuer, fixture].map(one => one[Symbol.asyncDispose]()));
  await home[Symbol.asyncDispose]();
});

type Connect = (target: Target) => Promise<Peer>;
const v1 =
  (capabilities?: Record<string, object>): Connect =>
  target =>
    connectSdkV1(target, capabilities);
const v2 =
  (mode: EraMode): Connect =>
  target =>
    connectSdkV2(target, mode);

async function hold(connect: Connect, target: Target, talk: (peer: Peer) => Promise<unknown>): Promise<unknown> {
  await using peer = await connect(target);
  return await talk(peer);
}

const throughGateway = (path: string, key: string = keys.ada): Target => ({
  kind: 'http',
  url: gateway.url(path),
  headers: { 'X-API-Key': key },
});
const fixtureItself = (): Target => ({ kind: 'http', url: fixture.url });
const everythingItself: Target = { kind: 'stdio', ...everythingCommand() };
const words = (text: string) => tap.sent().split(text).length - 1;

describe('the fixture over HTTP', () => {
  // Sampling and elicitation inside a call belong to the conversation.
  test.for([
    ['v1', v1()],
    ['v2, legacy', v2('legacy')],
    ['v2, auto', v2('auto')],
    ['v2, modern', v2('modern')],
  ] as const)('SDK %s hears what it hears directly', async ([, connect]) => {
    const [direct, through] = await Promise.all([
      hold(connect, fixtureItself(), talkToFixture),
      hold(connect, throughGateway('/fixture'), talkToFixture),
    ]);
    expect(through).toEqual(direct);
  });

  test.for(['legacy', 'modern'] as const)('the Inspector, era %s, lists and calls', async era => {
    for (const request of [['tools/list'], ['tools/call', '--tool-name', 'test_simple_text']] satisfies InspectorRequest[]) {
      const [direct, through] = await Promise.all([
        askWithInspector(fixtureItself(), request, { home: home.path, era }),
        askWithInspector(throughGateway('/fixture'), request, { home: home.path, era }),
      ]);
      expect(through).toEqual(direct);
    }
  });
});

describe('server-everything over stdio', () => {
  /** It adds tools once it knows a client's capabilities, so its list depends on the moment. */
  const talkToFirstTools = async (peer: Peer) => ({ ...(await talkToEverything(peer)), tools: 'not compared' });

  test.for([
    ['v1', v1({}), talkToEverything],
    ['v2, legacy', v2('legacy'), talkToFirstTools],
    ['v2, auto', v2('auto'), talkToFirstTools],
  ] as const)('SDK %s hears what it hears directly', async ([, connect, talk]) => {
    const [direct, through] = await Promise.all([
      hold(connect, everythingItself, talk),
      hold(connect, throughGateway('/everything'), talk),
    ]);
    expect(through).toEqual(direct);
  });

  test('SDK v2 that insists on the modern era is turned away in words, as by the server itself', async () => {
    const [direct, through] = await Promise.all(
      [everythingItself, throughGateway('/everything')].map(target =>
        connectSdkV2(target, 'modern').catch((error: Error) => error.message),
      ),
    );
    expect(through).toEqual(direct);
  });

  test('the Inspector lists and calls', async () => {
    const echo: InspectorRequest = ['tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hello'];
    const [direct, through] = await Promise.all(
      [everythingItself, throughGateway('/everything')].map(target => askWithInspector(target, ['tools/list'], { home: home.path })),
    );
    expect(through).toEqual(direct);
    const called = await askWithInspector(throughGateway('/everything'), echo, { home: home.path });
    expect(JSON.stringify(called)).toContain('Echo: hello');
  });

  test('asks for the model and the person of the client inside a call', async () => {
    await using peer = await connectSdkV1(throughGateway('/everything'));
    await expect.poll(async () => JSON.stringify(await peer.listTools())).toContain('trigger-elicitation-request');
    const sampled = await peer.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } });
    expect(JSON.stringify(sampled)).toContain('An answer from the test client.');
    const elicited = await peer.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    expect(JSON.stringify(elicited)).toContain('ada@example.com');
  });
});

describe('a client with a wrong key', () => {
  test.for([
    ['SDK v1', v1()],
    ['SDK v2', v2('auto')],
  ] as const)('%s hears 401, and no server hears of it', async ([, connect]) => {
    const before = [tap.sent().length, await childrenStarted()];
    for (const path of ['/fixture', '/everything']) {
      const error: unknown = await connect(throughGateway(path, wrongKey)).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(String(error)).toMatch(/401|[Uu]nauthorized/);
    }
    expect([tap.sent().length, await childrenStarted()]).toEqual(before);
  });

  // It takes the 401 for an invitation to sign in, and nobody sits at its keyboard.
  test('the Inspector is asked to sign in', async () => {
    const before = tap.sent().length;
    await expect(askWithInspector(throughGateway('/fixture', wrongKey), ['tools/list'], { home: home.path })).rejects.toThrow(
      /auth_required/,
    );
    expect(tap.sent().length).toBe(before);
  });

  test('none of these keys, right or wrong, went to a server', () => {
    for (const key of [...Object.values(keys), wrongKey, 'X-API-Key']) expect(words(key)).toBe(0);
  });
});

/** Counted when they start; their rows in the audit come a moment later. */
async function childrenStarted(): Promise<number> {
  const samples = readOpenMetrics(await gateway.metrics()).get('shadowcat_child_events')?.samples ?? [];
  return samples.filter(({ labels }) => labels['what'] === 'started').reduce((sum, { value }) => sum + value, 0);
}

test('servers that were started are counted', async () => {
  expect(await childrenStarted()).toBeGreaterThan(0);
});

describe('OAuth', () => {
  test('SDK v1 finds the issuer by the 401, gets a token for the route, and works; the server never sees the token', async () => {
    const provider = new ClientCredentialsProvider({
      clientId: issuer.clientId,
      clientSecret: issuer.clientSecret,
      expectedIssuer: issuer.issuer,
      scope: 'mcp',
    });
    const client = new Client({ name: 'oauth-peer', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url('/fixture')), { authProvider: provider }) as Transport);
    expect(JSON.stringify(await client.callTool({ name: 'test_simple_text', arguments: {} }))).toContain('text');
    await client.close();
    const token = provider.tokens()?.access_token ?? '';
    expect(token.split('.')).toHaveLength(3);
    expect(words(token.split('.')[2] as string)).toBe(0);
    expect(words('uthorization')).toBe(0);
    // A token for one route is no token for the other.
    const elsewhere = await post(
      gateway.url('/everything'),
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { Authorization: `Bearer ${token}` },
    );
    expect([elsewhere.status, outcomeOf(elsewhere)]).toEqual([401, 40100]);
    const text = JSON.stringify(gateway.audit());
    expect(text).not.toContain(token.split('.')[2]);
  });

  test('a session belongs to its principal: nobody else can use, watch or end it', async () => {
    for (const path of ['/fixture', '/everything']) {
      const url = gateway.url(path);
      const token = await issuer.token(url);
      const principals = {
        ada: { 'X-API-Key': keys.ada },
        bob: { 'X-API-Key': keys.bob },
        machine: { Authorization: `Bearer ${token}` },
      };
      const opened: Record<string, string> = {};
      for (const [name, headers] of Object.entries(principals)) {
        const answer = await post(
          url,
          {
            jsonrpc: '2.0',
            id: 1,
            method: 'initialize',
            params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1' } },
          },
          headers,
        );
        expect(outcomeOf(answer)).toBe('ok');
        opened[name] = answer.headers.get('mcp-session-id') ?? '';
      }
      const attempts = Object.entries(opened).flatMap(([owner, session]) =>
        Object.entries(principals).map(([name, headers]) => ({ owner, name, headers: { ...headers, 'Mcp-Session-Id': session } })),
      );
      for (const { owner, name, headers } of attempts) {
        if (owner !== name) {
          for (const method of ['GET', 'DELETE']) {
            const response = await fetch(url, { method, headers: { ...headers, Accept: 'text/event-stream' } });
            expect([owner, name, method, response.status]).toEqual([owner, name, method, 404]);
            await response.body?.cancel();
          }
        }
        const answer = await post(url, { jsonrpc: '2.0', id: 2, method: 'ping' }, headers);
        expect([owner, name, answer.status, outcomeOf(answer)]).toEqual([owner, name, ...(owner === name ? [200, 'ok'] : [404, 40400])]);
      }
      for (const [name, headers] of Object.entries(principals)) {
        const own = { ...headers, 'Mcp-Session-Id': opened[name] ?? '' };
        expect((await fetch(url, { method: 'DELETE', headers: own })).ok).toBe(true);
        expect((await post(url, { jsonrpc: '2.0', id: 3, method: 'ping' }, own)).status).toBe(404);
      }
    }
  });
});

test('the audit names who called', () => {
  const callers = gateway.audit().flatMap(row => (row['kind'] === 'call' ? [String(row['principal_id'])] : []));
  expect(callers.length).toBeGreaterThan(20);
  expect(new Set(callers)).toEqual(new Set(['key:ada', expect.stringMatching(/^[0-9a-f]{32}$/)]));
});

test('a session that its client ends is over', async () => {
  const count = async () => (await gateway.connection.call('gateway.status', {})).sessionCount;
  // The Inspector leaves its sessions behind.
  const before = await count();
  {
    await using caller = await httpCaller(gateway.url('/fixture'), 'legacy', { 'X-API-Key': keys.ada });
    expect(outcomeOf(await caller.ask('ping'))).toBe('ok');
    expect(await count()).toBe(before + 1);
  }
  expect(await count()).toBe(before);
});
