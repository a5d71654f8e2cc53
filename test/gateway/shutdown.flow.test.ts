/** How a gateway stops, what survives it, and how a single session is ended. */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cliFile } from '../cli/command-line.ts';
import { runToEnd } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf, post } from './kit/callers.ts';
import { listeningStream, newSession } from './kit/listening-stream.ts';
import { isAlive } from '../kit/is-alive.ts';
import { calledOverStdio, pidsIn } from './kit/stdio-log.ts';
import { readAudit, type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { freePort } from './kit/tap.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { until } from './kit/until.ts';

const stdioServer = join(import.meta.dirname, 'kit/tool-server-stdio.ts');

let home: ScratchHome;
let server: ToolServer;
let port: number;
let count = 0;

beforeAll(async () => {
  home = await scratchHome();
  mkdirSync(join(home.path, 'stdio'));
  server = await startToolServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});
beforeEach(async () => {
  count += 1;
  port = await freePort();
});

const stdioLog = () => join(home.path, 'stdio', `${count}.log`);
/** The same name starts again where it stopped. */
const start = (shutdown: { readonly readyDelay: string; readonly finish: string }): Promise<RunningGateway> =>
  startGateway({
    home: home.path,
    name: `shutdown-${count}`,
    config: {
      version: 1,
      listeners: [
        {
          name: 'main',
          port,
          routes: [
            { path: '/http', upstream: 'http' },
            { path: '/stdio', upstream: 'stdio' },
          ],
        },
      ],
      upstreams: {
        http: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] },
        stdio: {
          health: { kind: 'none' },
          instances: [{ id: 'a', command: process.execPath, args: [stdioServer], env: { TOOL_SERVER_LOG: stdioLog() } }],
        },
      },
      limits: [],
      admin: { port: 0 },
      shutdown,
    },
  });
const shadowcat = (...words: string[]) =>
  runToEnd({ args: [cliFile, ...words, '--data-dir', join(home.path, `shutdown-${count}`)], home: home.path });

/** Once a tool was called as often, at whichever server. */
const underWay = (tool: string, callCount: number) =>
  until(`${callCount} calls of ${tool} are under way`, () => {
    const called = [...server.called(), ...calledOverStdio(stdioLog())];
    return called.filter(name => name === tool).length >= callCount;
  });
const connects = (): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
const ready = async (adminUrl: string) => (await fetch(`${adminUrl}/health/ready`)).status;

test('SIGTERM: not ready, then no new connections, then calls finish, streams end, children go, everything is written', async () => {
  // Long enough for what is asked of it meanwhile, and the calls last longer still.
  const gateway = await start({ readyDelay: '2s', finish: '10s' });
  const { adminUrl } = gateway;
  const http = await httpCaller(gateway.url('/http'), 'legacy');
  const stdio = await httpCaller(gateway.url('/stdio'), 'legacy');
  await stdio.call('warm');
  const [pid = 0] = pidsIn(stdioLog());
  const streams = await Promise.all(
    ['/http', '/stdio'].map(async path => listeningStream(gateway.url(path), await newSession(gateway.url(path)))),
  );
  expect(await ready(adminUrl)).toBe(200);
  const long = [http, stdio].flatMap(caller => ['json', 'sse'].map(as => caller.call(`long_${as}`, { as, waitMs: 4500 })));
  await underWay('long_json', 2);
  await underWay('long_sse', 2);
  gateway.process.child.kill('SIGTERM');

  await until('it is not ready', async () => (await ready(adminUrl)) === 503);
  // Whoever balances in front of it may not know yet.
  expect(await connects()).toBe(true);
  expect(outcomeOf(await http.call('meanwhile'))).toBe('ok');
  expect(streams.map(({ state }) => state)).toEqual(['open', 'open']);
  await until('nobody gets in', async () => !(await connects()));
  expect(isAlive(pid)).toBe(true);
  expect((await Promise.all(long)).map(outcomeOf)).toEqual(['ok', 'ok', 'ok', 'ok']);
  await Promise.all(streams.map(({ over }) => over));
  expect(streams.map(({ state }) => state)).toEqual(['ended', 'ended']);
  expect(await gateway.process.exited).toEqual({ code: 0, signal: null });
  expect(pidsIn(stdioLog()).filter(isAlive)).toEqual([]);
  gateway.connection.close();

  const audit = readAudit(gateway.dataDir);
  const calls = audit.filter(row => row['kind'] === 'call').map(row => row['target']);
  expect(calls.toSorted()).toEqual(['long_json', 'long_json', 'long_sse', 'long_sse', 'meanwhile', 'warm']);
  expect(audit.filter(row => row['kind'] === 'lifecycle').map(row => row['action'])).toEqual(['started', 'draining', 'stopped']);
  expect((await shadowcat('audit', 'verify')).code).toBe(0);
  await using again = await start({ readyDelay: '0ms', finish: '1s' });
  const frames = await again.frames();
  const ids = frames
    .filter(({ target, kind }) => kind === 'request' && target?.startsWith('long_') === true)
    .map(frame => frame.exchangeId);
  expect(ids).toHaveLength(4);
  expect(frames.filter(({ exchangeId, kind }) => ids.includes(exchangeId) && kind === 'result')).toHaveLength(4);
  const { sessions } = await again.connection.call('session.list', { search: '', limit: 100 });
  expect(sessions.filter(({ state }) => state === 'interrupted')).toEqual([]);
});

test('a request that comes over a connection from before is told to come again elsewhere', async () => {
  await using gateway = await start({ readyDelay: '0ms', finish: '3s' });
  const http = await httpCaller(gateway.url('/http'), 'modern');
  const long = http.call('long_late', { waitMs: 1500 });
  await underWay('long_late', 1);
  await http.call('warm');
  gateway.process.child.kill('SIGTERM');
  await until('nobody gets in', async () => !(await connects()));
  const late = await http.call('late').catch((error: unknown) => error);
  // Its connection was closed while it was idle, or it is told so.
  if (!(late instanceof Error)) {
    const { status, headers, message } = late as Awaited<ReturnType<typeof http.call>>;
    expect([status, message.error?.code, headers.get('connection'), Number(headers.get('retry-after')) > 0]).toEqual([
      503,
      50300,
      'close',
      true,
    ]);
  }
  expect(outcomeOf(await long)).toBe('ok');
  expect(await gateway.process.exited).toEqual({ code: 0, signal: null });
  expect(server.called()).not.toContain('late');
});

test('calls that take too long are answered as lost, and the stop is as orderly as ever', async () => {
  await using gateway = await start({ readyDelay: '0ms', finish: '300ms' });
  const callers = [await httpCaller(gateway.url('/http'), 'legacy'), await httpCaller(gateway.url('/stdio'), 'legacy')];
  const peer = callers.flatMap(caller =>
    ['json', 'sse'].map(as => caller.call('endless', { as, waitMs: 60_000 }).catch((error: unknown) => error)),
  );
  await underWay('endless', 4);
  const startedAt = performance.now();
  gateway.process.child.kill('SIGTERM');
  const heard = await Promise.all(peer);
  expect(await gateway.process.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(heard.map(one => (one instanceof Error ? 'torn' : outcomeOf(one as Awaited<ReturnType<typeof post>>)))).toEqual([
    expect.toBeOneOf([50300, 50200]),
    expect.toBeOneOf([50300, 50200]),
    expect.toBeOneOf([50300, 50200]),
    expect.toBeOneOf([50300, 50200]),
  ]);
  expect(pidsIn(stdioLog()).filter(isAlive)).toEqual([]);
});

test('a second signal ends it at once, and no child is left', async () => {
  await using gateway = await start({ readyDelay: '20s', finish: '20s' });
  const stdio = await httpCaller(gateway.url('/stdio'), 'legacy');
  await stdio.call('warm');
  gateway.process.child.kill('SIGTERM');
  await until('it is not ready', async () => (await ready(gateway.adminUrl)) === 503);
  const startedAt = performance.now();
  gateway.process.child.kill('SIGTERM');
  expect(await gateway.process.exited).toEqual({ code: 143, signal: null });
  // And not after the twenty seconds.
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await until('its child is gone', () => pidsIn(stdioLog()).every(pid => !isAlive(pid)));
});

test('Ctrl-C does not wait for anybody who balances in front of it', async () => {
  await using gateway = await start({ readyDelay: '20s', finish: '20s' });
  const http = await httpCaller(gateway.url('/http'), 'modern');
  const long = http.call('long_quit', { waitMs: 800 });
  await underWay('long_quit', 1);
  const startedAt = performance.now();
  gateway.process.child.kill('SIGINT');
  expect(outcomeOf(await long)).toBe('ok');
  expect(await gateway.process.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('a session id of a server over HTTP survives a restart, that of a process does not', async () => {
  const ids: Record<string, Record<string, string>> = {};
  let ended: Record<string, string>;
  {
    await using gateway = await start({ readyDelay: '0ms', finish: '1s' });
    for (const path of ['/http', '/stdio']) ids[path] = await newSession(gateway.url(path));
    const theirs = server.captured.flatMap(({ rawHeaders }) => rawHeaders);
    expect(theirs).not.toContain(ids['/http']?.['Mcp-Session-Id']);
    ended = await newSession(gateway.url('/http'));
    const { status } = await fetch(gateway.url('/http'), { method: 'DELETE', headers: ended });
    expect(status).toBeLessThan(300);
  }
  await using gateway = await start({ readyDelay: '0ms', finish: '1s' });
  const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'survivor', arguments: {} } };
  const http = await post(gateway.url('/http'), call, ids['/http']);
  expect([http.status, outcomeOf(http)]).toEqual([200, 'ok']);
  // What its client ended stays ended, whatever its server still knows of it.
  const revived = await post(gateway.url('/http'), { ...call, params: { name: 'revived', arguments: {} } }, ended);
  expect([revived.status, outcomeOf(revived)]).toEqual([404, 40400]);
  expect(server.captured.some(({ body }) => body.includes('revived'))).toBe(false);
  const stdio = await post(gateway.url('/stdio'), call, ids['/stdio']);
  expect([stdio.status, outcomeOf(stdio)]).toEqual([404, 40400]);
  // The upstream was asked with its own id, the one that it gave out before the restart.
  const survivor = server.captured.find(({ body }) => body.includes('survivor'));
  const first = server.captured.find(({ body }) => body.includes('"initialize"') && body.includes('"stream"'));
  expect([first, survivor].every(request => request !== undefined)).toBe(true);
  expect(survivor?.rawHeaders.map(field => field.toLowerCase())).toContain('mcp-session-id');
  const { sessionCount } = await gateway.connection.call('gateway.status', {});
  expect(sessionCount).toBe(1);
});

describe('a session that is killed', () => {
  let gateway: RunningGateway;
  beforeEach(async () => {
    gateway = await start({ readyDelay: '0ms', finish: '1s' });
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  const idOf = async (url: string) => {
    const { sessions } = (await (await fetch(`${gateway.adminUrl}/api/sessions`)).json()) as {
      sessions: { id: string; upstream: string }[];
    };
    const upstream = new URL(url).pathname.slice(1);
    return sessions.filter(session => session.upstream === upstream).at(-1)?.id ?? '';
  };
  const ways: Record<string, (id: string) => Promise<unknown>> = {
    'the contract': id => gateway.connection.call('session.kill', { id, reason: 'by a test' }),
    async 'the command line'(id) {
      const { code, stderr } = await shadowcat('session', 'kill', id, '--reason', 'by a test');
      if (code !== 0) throw new Error(stderr);
    },
    async 'the admin listener'(id) {
      const response = await fetch(`${gateway.adminUrl}/api/sessions/kill`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ id, reason: 'by a test' }),
      });
      if (!response.ok) throw new Error(await response.text());
    },
  };

  test('is ended also before it is recorded, and where nothing is', async () => {
    await gateway.connection.call('recording.set', { isOn: false });
    const url = gateway.url('/http');
    const own = await newSession(url);
    await gateway.connection.call('session.kill', { id: await idOf(url), reason: 'by a test' });
    expect(outcomeOf(await post(url, { jsonrpc: '2.0', id: 1, method: 'ping' }, own))).toBe(40400);
    await expect(gateway.connection.call('session.kill', { id: 'nobody', reason: '' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  const deletesSeen = () => server.captured.filter(({ method }) => method === 'DELETE');
  /** By one request more, with the id that the server itself gave out. */
  const isTold = (before: number) => {
    const [told, ...more] = deletesSeen().slice(before);
    const fields = told?.rawHeaders ?? [];
    return more.length === 0 && /^[0-9a-f-]{36}$/.test(fields[fields.findIndex(name => name.toLowerCase() === 'mcp-session-id') + 1] ?? '');
  };

  test.for(Object.keys(ways))('through %s: its streams are cut, its calls are answered as lost, its id is dead', async name => {
    for (const path of ['/http', '/stdio']) {
      const url = gateway.url(path);
      const own = await newSession(url);
      const id = await idOf(url);
      const other = await newSession(url);
      const stream = await listeningStream(url, own);
      const otherStream = await listeningStream(url, other);
      const tool = `cut ${name} ${path}`;
      const call = { jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: tool, arguments: { as: 'sse', waitMs: 30_000 } } };
      const cut = post(url, { ...call, params: { ...call.params, _meta: { progressToken: 'p' } } }, own);
      await underWay(tool, 1);
      const deletes = deletesSeen().length;
      await ways[name]?.(id);
      await stream.over;
      expect(outcomeOf(await cut)).toBe(40400);
      for (const turn of [1, 2]) {
        const dead = await post(url, { jsonrpc: '2.0', id: turn, method: 'ping' }, own);
        expect([path, dead.status, outcomeOf(dead)]).toEqual([path, 404, 40400]);
      }
      expect(outcomeOf(await post(url, { jsonrpc: '2.0', id: 3, method: 'ping' }, other))).toBe('ok');
      expect(otherStream.state).toBe('open');
      otherStream.close();
      // One is the other session's.
      await until('its process is gone', () => pidsIn(stdioLog()).filter(isAlive).length <= 1);
      if (path === '/http') await until('its server is told', () => isTold(deletes));
      const rows = await until('it is in the audit', () => {
        const found = gateway.audit().filter(row => row['session_id'] === id && row['action'] === 'killed');
        return found.length > 0 && found;
      });
      expect(rows).toMatchObject([{ kind: 'session', reason: 'by a test' }]);
    }
  });
});
