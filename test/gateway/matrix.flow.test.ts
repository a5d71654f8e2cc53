/**
 * Stage × transport × response kind × era × auth: every cell acts as documented, and is recorded, counted, published and
 * audited. One gateway per kind of auth serves all cells; what was written is read once, at the end, from the files and pages
 * that an operator reads.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TopicMessage } from '../../src/shared/contract/topics.ts';
import { cliFile } from '../cli/command-line.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import type { FrameSummary } from '../../src/shared/model/frame.ts';
import { type Caller, type Era, type Heard, httpCaller, outcomeOf, post, stdioCaller } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { until } from './kit/until.ts';

type Transport = 'http to http' | 'http to stdio' | 'http to http-sse' | 'connect to http' | 'connect to stdio' | 'wrap';
type Auth = 'open' | 'keys';

const key = 'matrix-key-1';
const stdioServer = join(import.meta.dirname, 'kit/tool-server-stdio.ts');
const authHeaders = {
  open: {},
  keys: { 'X-API-Key': key, Cookie: 'a=cookie-secret', 'Proxy-Authorization': 'Basic proxy-secret' },
} as const;

/** HTTP+SSE knows the legacy era alone; a wrapped server has one client, so nobody to authenticate. */
const cells = (['http to http', 'http to stdio', 'http to http-sse', 'connect to http', 'connect to stdio', 'wrap'] as const).flatMap(
  transport =>
    (['legacy', 'modern'] as const).flatMap(era =>
      (['json', 'sse'] as const).flatMap(kind =>
        (['open', 'keys'] as const).flatMap(auth =>
          (transport === 'http to http-sse' && era === 'modern') || (transport === 'wrap' && auth === 'keys')
            ? []
            : [{ transport, era, kind, auth }],
        ),
      ),
    ),
);
const slug = ({ transport, era, kind, auth }: (typeof cells)[number]) => `${transport.replaceAll(' ', '_')}-${era}-${kind}-${auth}`;

let home: ScratchHome;
let server: ToolServer;
const stdioLog = () => join(home.path, 'stdio-server.log');
const gateways: Partial<Record<Auth, RunningGateway>> = {};
const topics: Record<Auth, TopicMessage<'gateway'> | undefined> = { open: undefined, keys: undefined };

function configFor(auth: Auth): object {
  return {
    version: 1,
    listeners: [
      {
        name: 'main',
        port: 0,
        ...(auth === 'open'
          ? {}
          : {
              publicUrl: 'http://127.0.0.1:7380',
              auth: { apiKeys: [{ id: 'matrix', hash: `sha256:${createHash('sha256').update(key).digest('hex')}`, roles: ['tester'] }] },
            }),
        routes: [
          { path: '/http', upstream: 'http' },
          { path: '/stdio', upstream: 'stdio' },
          { path: '/old', upstream: 'old' },
        ],
      },
    ],
    upstreams: {
      http: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }], credentials: { bearer: 'our-own-secret' } },
      stdio: {
        health: { kind: 'none' },
        instances: [{ id: 'a', command: process.execPath, args: [stdioServer], env: { TOOL_SERVER_LOG: stdioLog() } }],
      },
      old: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.sseUrl, transport: 'http-sse' }] },
    },
    limits: [
      { id: 'scarce', tier: 'endpoint', match: { tools: ['limit_*'] }, algorithm: 'sliding-window', limit: 1, per: '1h' },
      {
        id: 'watched',
        tier: 'endpoint',
        match: { tools: ['observed_*'] },
        algorithm: 'sliding-window',
        limit: 1,
        per: '1h',
        mode: 'shadow',
      },
    ],
    policies: [
      { id: 'all', effect: 'allow' },
      { id: 'forbidden', effect: 'deny', match: { tools: ['deny_*'] }, message: 'Not this one.' },
      { id: 'suspicious', effect: 'deny', match: { tools: ['shadow_*'] }, mode: 'shadow' },
    ],
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms', finish: '2s' },
  };
}

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  for (const auth of ['open', 'keys'] as const) {
    const gateway = await startGateway({ home: home.path, name: auth, config: configFor(auth) });
    gateways[auth] = gateway;
    gateway.connection.subscribe('gateway', {}, message => {
      topics[auth] = message;
    });
  }
});
afterAll(async () => {
  await Promise.all(Object.values(gateways).map(gateway => gateway[Symbol.asyncDispose]()));
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const gatewayOf = (auth: Auth): RunningGateway => {
  const gateway = gateways[auth];
  if (gateway === undefined) throw new Error('The gateway did not start');
  return gateway;
};

function callerOf({ transport, era, auth }: { transport: Transport; era: Era; auth: Auth }): Promise<Caller> {
  const gateway = gatewayOf(auth);
  const headers = authHeaders[auth];
  const connect = (path: string) => {
    const flags = auth === 'keys' ? ['--api-key-env', 'MATRIX_KEY'] : [];
    return stdioCaller([cliFile, 'connect', gateway.url(path), ...flags], era, { home: home.path, env: { MATRIX_KEY: key } });
  };
  switch (transport) {
    case 'http to http':
      return httpCaller(gateway.url('/http'), era, headers);
    case 'http to stdio':
      return httpCaller(gateway.url('/stdio'), era, headers);
    case 'http to http-sse':
      return httpCaller(gateway.url('/old'), era, headers);
    case 'connect to http':
      return connect('/http');
    case 'connect to stdio':
      return connect('/stdio');
    case 'wrap': {
      const words = ['wrap', '--data-dir', gateway.dataDir, '--name', 'wrapped', '--require-host', '--', process.execPath, stdioServer];
      return stdioCaller([cliFile, ...words], era, { home: home.path, env: { TOOL_SERVER_LOG: stdioLog() } });
    }
  }
}

/** Tools that some server really got a call for. */
function reallyCalled(): string[] {
  const lines = existsSync(stdioLog()) ? readFileSync(stdioLog(), 'utf8').split('\n') : [];
  return [
    ...server.called(),
    ...lines.flatMap(line => [...line.matchAll(/"method":"tools\/call".*?"name":"([^"]+)"/g)].map(found => found[1] ?? '')),
  ];
}

const isHttp = (transport: Transport) => transport.startsWith('http');

describe.each(cells)('$transport, $era, $kind, $auth', cell => {
  const name = slug(cell);
  const args = { as: cell.kind };
  let caller: Caller;
  beforeAll(async () => {
    caller = await callerOf(cell);
  });
  afterAll(() => caller[Symbol.asyncDispose]());

  test('what no guard minds passes, in the kind of answer that the server chose', async () => {
    const heard = await caller.call(`ok_${name}`, args);
    expect(heard.message.result).toMatchObject({ content: [{ type: 'text', text: `said ok_${name}` }] });
    if (isHttp(cell.transport)) expect([heard.status, heard.isEventStream]).toEqual([200, cell.kind === 'sse']);
    expect(reallyCalled()).toContain(`ok_${name}`);
  });

  test('apply-policy refuses, names the policy, and nothing reaches the server', async () => {
    const heard = await caller.call(`deny_${name}`, args);
    expect(heard.message.error).toMatchObject({ code: 40300, data: { policy_id: 'forbidden' } });
    expect(heard.message.error?.message).toContain('Not this one.');
    if (isHttp(cell.transport)) expect(heard.status).toBe(200);
    expect(reallyCalled()).not.toContain(`deny_${name}`);
  });

  test('apply-policy hides from lists what it would refuse', async () => {
    const heard = await caller.ask('tools/list');
    const tools = heard.message.result?.['tools'] as { name: string }[];
    expect(tools.map(tool => tool.name)).toEqual(['ok_tool', 'limit_tool']);
  });

  test('limit-rate admits exactly the limit, then says how long to wait', async () => {
    const heard: Heard[] = [];
    for (let turn = 0; turn < 3; turn += 1) heard.push(await caller.call(`limit_${name}`, args));
    expect(heard.map(outcomeOf)).toEqual(['ok', 42900, 42900]);
    expect(heard[1]?.message.error?.data).toMatchObject({ tier: 'endpoint', limit: 1 });
    if (isHttp(cell.transport)) {
      expect(heard[1]?.status).toBe(429);
      expect(Number(heard[1]?.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(reallyCalled().filter(tool => tool === `limit_${name}`)).toHaveLength(1);
  });

  test('shadow mode refuses nothing, of policies and of limits', async () => {
    const heard = [
      await caller.call(`shadow_${name}`, args),
      await caller.call(`observed_${name}`, args),
      await caller.call(`observed_${name}`, args),
    ];
    expect(heard.map(outcomeOf)).toEqual(['ok', 'ok', 'ok']);
  });
});

describe.each(cells.filter(({ transport, kind }) => transport === 'http to http' || (transport === 'http to stdio' && kind === 'json')))(
  'guards of HTTP alone: $transport, $era, $kind, $auth',
  ({ transport, era, auth }) => {
    const url = () => gatewayOf(auth).url(transport === 'http to http' ? '/http' : '/stdio');
    const version: Record<string, string> =
      era === 'modern' ? { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': 'other' } : {};
    const call = {
      jsonrpc: '2.0',
      id: 'g',
      method: 'tools/call',
      params: {
        name: 'ok',
        arguments: {},
        ...(era === 'modern' ? { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } : {}),
      },
    };

    test('authenticate: no key and a wrong one are 401 where keys are asked for, with where to go', async () => {
      if (auth === 'open') return;
      for (const headers of [{}, { 'X-API-Key': 'wrong' }, { Authorization: 'Bearer wrong' }]) {
        const heard = await post(url(), call, { ...version, 'Mcp-Name': 'ok', ...headers });
        expect([heard.status, outcomeOf(heard)]).toEqual([401, 40100]);
        expect(heard.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    });

    test('validate: headers that lie are refused with the number of the specification, unreadable bodies with 400', async () => {
      const lying = await post(url(), call, { ...version, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'other', ...authHeaders[auth] });
      expect([lying.status, outcomeOf(lying)]).toEqual([400, -32020]);
      const broken = await post(url(), '{"jsonrpc":', authHeaders[auth]);
      expect([broken.status, outcomeOf(broken)]).toEqual([400, 40000]);
    });

    test('bind-session: the legacy era needs a session, and one of its own', async () => {
      if (era === 'modern') return;
      const without = await post(url(), call, authHeaders[auth]);
      expect([without.status, outcomeOf(without)]).toEqual([400, 40000]);
      const foreign = await post(url(), call, { ...authHeaders[auth], 'Mcp-Session-Id': 'made-up-session-id' });
      expect([foreign.status, outcomeOf(foreign)]).toEqual([404, 40400]);
    });
  },
);

describe.each(['open', 'keys'] as const)('what was written, %s', auth => {
  const mine = cells.filter(cell => cell.auth === auth);
  let frames: FrameSummary[] = [];
  let metrics = '';
  beforeAll(async () => {
    // Records are written in batches after the answers went out.
    const last = `observed_${slug(mine.at(-1)!)}`;
    await until('the last calls are recorded', async () => {
      frames = await gatewayOf(auth).frames();
      const asked = frames.filter(({ target, kind }) => target === last && kind === 'request').map(({ exchangeId }) => exchangeId);
      return asked.length === 2 && frames.filter(({ exchangeId, kind }) => kind === 'result' && asked.includes(exchangeId)).length === 2;
    });
    metrics = await gatewayOf(auth).metrics();
  });

  test.each(mine.map(cell => ({ name: slug(cell), cell })))('$name is recorded with what was decided', ({ name }) => {
    const asked = (target: string) => frames.filter(frame => frame.target === target && frame.kind === 'request');
    const verdicts = (target: string) =>
      asked(target).flatMap(frame => frame.verdicts.map(verdict => `${verdict.stage} ${verdict.kind} ${verdict.id ?? ''}`));
    expect(asked(`ok_${name}`)).toHaveLength(1);
    expect(verdicts(`deny_${name}`)).toContain('apply-policy refused forbidden');
    expect(verdicts(`shadow_${name}`)).toContain('apply-policy shadow suspicious');
    expect(asked(`limit_${name}`)).toHaveLength(3);
    expect(verdicts(`limit_${name}`).filter(text => text === 'limit-rate refused scarce')).toHaveLength(2);
    expect(verdicts(`observed_${name}`)).toContain('limit-rate shadow watched');
    const [denied] = asked(`deny_${name}`);
    const answer = frames.find(
      frame => frame.sessionId === denied?.sessionId && frame.exchangeId === denied.exchangeId && frame.direction === 'fromServer',
    );
    expect(answer?.flags).toEqual(expect.arrayContaining(['own-error', 'refused']));
  });

  test('every refusal and every allowed call is in the audit, and the chain holds', async () => {
    const last = `shadow_${slug(mine.at(-1)!)}`;
    const rows = await until('the last rows of the audit', () => {
      const all = gatewayOf(auth).audit();
      return all.some(row => row['target'] === last) && all;
    });
    for (const cell of mine) {
      const name = slug(cell);
      const of = (target: string, kind: string, action: string) =>
        rows.filter(row => row['target'] === target && row['kind'] === kind && row['action'] === action).length;
      expect([
        name,
        of(`ok_${name}`, 'call', 'allowed'),
        of(`deny_${name}`, 'policy', 'refused'),
        of(`limit_${name}`, 'limit', 'refused'),
        of(`shadow_${name}`, 'policy', 'shadow'),
      ]).toEqual([name, 1, 1, 2, 1]);
    }
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  test('metrics and the live topic count the same', async () => {
    const sum = (pattern: RegExp) => [...metrics.matchAll(pattern)].reduce((total, found) => total + Number(found[1]), 0);
    expect(sum(/^shadowcat_policy_decisions_total\{[^}]*policy="forbidden"[^}]*outcome="refused"[^}]*\} (\d+)/gm)).toBe(mine.length);
    expect(sum(/^shadowcat_ratelimit_total\{[^}]*policy="scarce"[^}]*outcome="refused"[^}]*\} (\d+)/gm)).toBe(mine.length * 2);
    await expect.poll(() => topics[auth]?.counters.limited, { timeout: 5000 }).toBe(mine.length * 2);
    expect(topics[auth]?.counters.denied).toBe(mine.length);
  });
});

test('nothing of the clients arrives at any server: tokens, cookies, keys', () => {
  const everything = [JSON.stringify(server.captured), readFileSync(stdioLog(), 'utf8')].join('\n');
  for (const secret of [key, 'cookie-secret', 'proxy-secret', 'MATRIX_KEY']) expect(everything).not.toContain(secret);
  const fields = server.captured.flatMap(({ rawHeaders }) => rawHeaders.map(field => field.toLowerCase()));
  expect(fields).not.toContain('cookie');
  expect(fields).not.toContain('proxy-authorization');
  expect(fields).not.toContain('x-api-key');
  const authorizations = server.captured
    .filter(({ path }) => path === '/mcp')
    .map(({ rawHeaders }) => rawHeaders[rawHeaders.findIndex(field => field.toLowerCase() === 'authorization') + 1]);
  expect(new Set(authorizations)).toEqual(new Set(['Bearer our-own-secret']));
});
