/**
 * One of three servers behind a gateway process fails in every way there is, while clients go on calling: what may be repeated
 * is never lost, what may have had effects is never sent twice, and the way of the breaker is told in the audit, the metrics, the
 * live topics and the timeline alike. Each way has an upstream of its own, so that they fail side by side.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TopicMessage } from '../../src/shared/contract/topics.ts';
import type { InstanceState } from '../../src/shared/model/gateway-state.ts';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { connectSdkV1 } from '../peers/sdk-v1-client.ts';
import { type Caller, type Heard, httpCaller, outcomeOf } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { sleep, until } from './kit/until.ts';

/** How a server fails, and how it comes back. */
interface Manner {
  readonly name: string;
  /** What a breaker or a check says of it. */
  readonly says: RegExp;
  begin(server: ToolServer): Promise<void> | void;
  end(server: ToolServer): Promise<void> | void;
}

const well = (server: ToolServer) => {
  server.fault = undefined;
};
/** Streams break off in the middle, everything else before its first byte. */
const cutStreams: NonNullable<ToolServer['fault']> = (request, response, body) => {
  if (body.includes('"tools/call"') && body.includes('"as":"sse"')) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"a moment"}}\n\n');
    setTimeout(() => request.socket.destroy(), 5);
  } else if (request.method === 'POST' && body.includes('"id"')) request.socket.destroy();
  else return false;
  return true;
};

const manners: readonly Manner[] = [
  { name: 'refuses', says: /refused|ECONNREFUSED|closed before/i, begin: server => server.goDown(), end: server => server.comeBack() },
  {
    name: 'unavailable',
    says: /HTTP 503|503/,
    begin(server) {
      server.fault = (_request, response) => response.writeHead(503).end() !== undefined;
    },
    end: well,
  },
  {
    name: 'hangs',
    says: /did not begin to answer|within/,
    begin(server) {
      server.fault = () => true;
    },
    end: well,
  },
  {
    name: 'cuts',
    says: /closed before it answered|before the result|broke|closed/,
    begin(server) {
      server.fault = cutStreams;
    },
    end: well,
  },
  {
    name: 'recovers-slowly',
    says: /did not begin to answer|within/,
    begin(server) {
      server.delayMs = 3000;
    },
    async end(server) {
      server.delayMs = 150;
      await sleep(300);
      server.delayMs = 0;
    },
  },
];

const checks = {
  none: { kind: 'none', timeout: '2s' },
  discover: { kind: 'discover', interval: '500ms', fastInterval: '250ms', timeout: '2s', fall: 2, rise: 2 },
};
type Check = keyof typeof checks;

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

/** A retriable call, or one of a tool that is named but once. */
interface Said {
  readonly method: string;
  readonly tool?: string;
  readonly heard: Heard;
}

/** Calls again and again, with a short pause, until it is told to stop. */
async function keepCalling(caller: Caller, turn: (caller: Caller) => Promise<Said>, isOver: () => boolean): Promise<Said[]> {
  const all: Said[] = [];
  while (!isOver()) {
    all.push(await turn(caller));
    await sleep(100);
  }
  return all;
}

const turns: ((caller: Caller) => Promise<Said>)[] = [
  async caller => ({ method: 'tools/list', heard: await caller.ask('tools/list') }),
  async caller => ({ method: 'resources/read', heard: await caller.ask('resources/read', { uri: 'test://a' }) }),
  ...(['json', 'sse'] as const).map(as => async (caller: Caller) => {
    const tool = `tool-${randomUUID()}`;
    return { method: 'tools/call', tool, heard: await caller.call(tool, { as }) };
  }),
];

/** Between two calls that find out whether a server is back: what `open` of the breaker says, less what it may vary. */
const shortestPauseMs = 200;
const isAnswered = ({ heard }: Said) => heard.message.result !== undefined;

describe.for(['none', 'discover'] as const)('health %s', check => {
  const servers = new Map<string, readonly [ToolServer, ToolServer, ToolServer]>();
  const changes = new Map<string, TopicMessage<'gateway'>['changes'][number]>();
  const words = new Map<string, Set<string>>();
  let gateway: RunningGateway;

  beforeAll(async () => {
    for (const { name } of manners) servers.set(name, await Promise.all([startToolServer(), startToolServer(), startToolServer()]));
    gateway = await startGateway({ home: home.path, name: check, config: configFor(check, servers) });
    gateway.connection.subscribe('gateway', {}, message => {
      for (const change of message.changes) changes.set(`${change.at} ${change.subject} ${change.text}`, change);
    });
    gateway.connection.subscribe('upstreams', {}, ({ upstreams }) => {
      for (const { name, instances } of upstreams)
        for (const { id, breaker } of instances) words.set(`${name}/${id}`, (words.get(`${name}/${id}`) ?? new Set()).add(breaker.word));
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    for (const server of [...servers.values()].flat()) await server[Symbol.asyncDispose]();
  });

  const troubled = async (upstream: string): Promise<InstanceState> => {
    const { upstreams } = await gateway.connection.call('gateway.upstreams', {});
    return upstreams.find(({ name }) => name === upstream)?.instances.find(({ id }) => id === 'b') as InstanceState;
  };
  const isOut = ({ breaker, isHealthy }: InstanceState) => breaker.word !== 'closed' || !isHealthy;
  const becomes = (upstream: string, what: string, isSo: (state: InstanceState) => boolean) =>
    until(`b of ${upstream} ${what}`, async () => isSo(await troubled(upstream)));

  test.concurrent.for(manners)('a server that $name', { timeout: 60_000 }, async ({ name, begin, end, says }) => {
    const three = servers.get(name) ?? [];
    const failing = three[1] as ToolServer;
    let isOver = false;
    const loops = Promise.all(
      turns.map(async turn => keepCalling(await httpCaller(gateway.url(`/${name}`), 'modern'), turn, () => isOver)),
    );
    await sleep(200);
    await begin(failing);
    await becomes(name, 'is out', isOut);
    // Long enough to be looked at again, and found as bad as before.
    await becomes(name, 'is found bad again', ({ breaker, isHealthy }) => breaker.consecutiveOpens >= 2 || !isHealthy);
    const sentWhileOut = failing.called().length;
    const lookedAt = performance.now();
    await sleep(200);
    const mostTrials = Math.ceil((performance.now() - lookedAt) / shortestPauseMs);
    expect(failing.called().length - sentWhileOut).toBeLessThanOrEqual(mostTrials);
    await end(failing);
    await becomes(name, 'is back', state => !isOut(state));
    const before = failing.called().length;
    await until('it gets calls again', () => failing.called().length > before);
    isOver = true;
    const said = (await loops).flat();

    const lost = said.filter(one => one.tool === undefined && !isAnswered(one));
    expect(lost.map(({ method, heard }) => [method, heard.status, heard.message])).toEqual([]);
    expect(said.filter(({ tool }) => tool === undefined).length).toBeGreaterThan(10);

    const sent = new Map<string, number>();
    for (const tool of three.flatMap(server => server.called())) sent.set(tool, (sent.get(tool) ?? 0) + 1);
    expect([...sent].filter(([, count]) => count > 1)).toEqual([]);
    for (const one of said) {
      if (one.tool === undefined) continue;
      if (isAnswered(one)) expect([one.tool, sent.get(one.tool)]).toEqual([one.tool, 1]);
      // The server's own 503 passes as it is.
      else if (one.heard.message.error !== undefined) {
        expect(outcomeOf(one.heard)).toBeOneOf([50200, 50400]);
        // Whatever was certainly not executed went to another server.
        expect([one.tool, one.heard.message.error.data?.['may_have_executed']]).toEqual([one.tool, true]);
      }
    }
    await expectTold(gateway, { upstream: name, says, changes, words });
  });

  test('the servers beside it were never out', async () => {
    const { upstreams } = await gateway.connection.call('gateway.upstreams', {});
    for (const { instances } of upstreams)
      expect(instances.flatMap(({ id, breaker }) => (breaker.lastTripAt === undefined ? [] : [id]))).toEqual(
        check === 'none' ? ['b'] : expect.not.arrayContaining(['a', 'c']),
      );
  });
});

describe('by hand', () => {
  const servers: ToolServer[] = [];
  let gateway: RunningGateway;
  beforeAll(async () => {
    servers.push(await startToolServer(), await startToolServer());
    gateway = await startGateway({
      home: home.path,
      name: 'by-hand',
      config: {
        version: 1,
        listeners: [{ name: 'main', port: 0, routes: [{ path: '/tools', upstream: 'tools' }] }],
        upstreams: {
          tools: {
            affinity: 'none',
            health: { kind: 'none' },
            breaker: { open: '30s', successes: 1, slowStart: '0ms' },
            instances: servers.map(({ url }, at) => ({ id: 'ab'[at], url })),
          },
        },
        limits: [],
        admin: { port: 0 },
        shutdown: { readyDelay: '0ms' },
      },
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  type Action = 'trip' | 'reset' | 'isolate' | 'rejoin';
  /** Both answer with what stands afterwards. */
  const ways: Record<string, (action: Action, instance?: string) => Promise<unknown>> = {
    'the contract': (action, instance = 'b') => gateway.connection.call('breaker.set', { upstream: 'tools', instance, action }),
    async 'the admin listener'(action, instance = 'b') {
      const response = await fetch(`${gateway.adminUrl}/api/breakers/${action}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ upstream: 'tools', instance }),
      });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return response.json();
    },
  };
  const wordOf = async (id: string) => {
    const { upstreams } = await gateway.connection.call('gateway.upstreams', {});
    return upstreams[0]?.instances.find(instance => instance.id === id)?.breaker.word;
  };
  /** Calls eight times; how many went to each server. */
  const spread = async () => {
    const caller = await httpCaller(gateway.url('/tools'), 'modern');
    const before = servers.map(server => server.called().length);
    for (let turn = 0; turn < 8; turn += 1) expect(outcomeOf(await caller.call('any'))).toBe('ok');
    return servers.map((server, at) => server.called().length - (before[at] ?? 0));
  };

  test.for(Object.keys(ways))('trips, resets, isolates and takes back through %s', async name => {
    const set = ways[name] as (typeof ways)[string];
    const rowCount = gateway.audit().length;
    expect(await spread()).toEqual([4, 4]);
    await set('trip');
    expect([await wordOf('b'), await spread()]).toEqual(['open', [8, 0]]);
    await set('reset');
    expect([await wordOf('b'), await spread()]).toEqual(['closed', [4, 4]]);
    await set('isolate');
    expect([await wordOf('b'), await spread()]).toEqual(['isolated', [8, 0]]);
    // Nothing but its opposite takes it back.
    await set('trip');
    expect(await wordOf('b')).toBe('isolated');
    await set('rejoin');
    expect([await wordOf('b'), await spread()]).toEqual(['closed', [4, 4]]);
    const rows = await until('its audit', () => {
      const told = gateway
        .audit()
        .slice(rowCount)
        .filter(({ kind }) => kind === 'admin' || kind === 'breaker');
      return told.length >= 9 && told;
    });
    const steps = rows.flatMap(({ kind, action, details }) =>
      kind === 'breaker' ? [`${(details as { from: string }).from} → ${String(action)}`] : [],
    );
    expect(steps).toEqual(['closed → open', 'open → closed', 'closed → isolated', 'isolated → closed']);
    const byHand = rows.filter(({ kind }) => kind === 'admin');
    expect(byHand.map(({ action }) => String(action).replace('breaker.', ''))).toEqual(['trip', 'reset', 'isolate', 'trip', 'rejoin']);
    for (const row of byHand) expect(row).toMatchObject({ details: { target: 'tools/b', actor: expect.stringMatching(/./) as unknown } });
    const { changes } = await gateway.connection.call('gateway.status', {});
    expect(changes.map(({ text }) => text).join('\n')).toMatch(/breaker closed → open: tripped by hand/);
  });

  test.for(Object.keys(ways))('an instance that is not there is said to be so through %s', async name => {
    const rowCount = gateway.audit().length;
    await expect((ways[name] as (typeof ways)[string])('trip', 'c')).rejects.toThrow(/no instance c/);
    await sleep(200);
    expect(
      gateway
        .audit()
        .slice(rowCount)
        .filter(({ kind }) => kind === 'breaker'),
    ).toEqual([]);
  });

  test('a session stays with its instance: it waits while that is tripped, and goes on afterwards', async () => {
    await using caller = await httpCaller(gateway.url('/tools'), 'legacy');
    await caller.call('first');
    const own = 'ab'[servers.findIndex(server => server.called().includes('first'))];
    await gateway.connection.call('breaker.set', { upstream: 'tools', instance: own ?? '', action: 'trip' });
    const waiting = await caller.call('second');
    expect([waiting.status, outcomeOf(waiting), waiting.message.error?.data]).toMatchObject([
      503,
      50300,
      { upstream: 'tools', state: 'open', may_have_executed: false },
    ]);
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(20);
    await gateway.connection.call('breaker.set', { upstream: 'tools', instance: own ?? '', action: 'reset' });
    expect(outcomeOf(await caller.call('third'))).toBe('ok');
    expect(servers.map(server => server.called().filter(tool => ['second', 'third'].includes(tool)).length).toSorted()).toEqual([0, 1]);
  });

  test('a client whose stream breaks off hears at once that its call may have had effects', async () => {
    await using peer = await connectSdkV1({ kind: 'http', url: gateway.url('/tools') }, {});
    for (const server of servers) server.fault = cutStreams;
    const startedAt = performance.now();
    const lost = await peer.callTool({ name: 'lost', arguments: { as: 'sse' } }).catch((error: unknown) => error);
    for (const server of servers) server.fault = undefined;
    expect(lost).toMatchObject({ code: 50200, data: { reason: 'UPSTREAM_BROKE', upstream: 'tools', may_have_executed: true } });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(servers.flatMap(server => server.called()).filter(tool => tool === 'lost')).toHaveLength(1);
    await gateway.connection.call('breaker.set', { upstream: 'tools', instance: 'a', action: 'reset' });
    await gateway.connection.call('breaker.set', { upstream: 'tools', instance: 'b', action: 'reset' });
  });

  test('the session of an instance that is gone is gone too, and a new one works', async () => {
    await using caller = await httpCaller(gateway.url('/tools'), 'legacy');
    await caller.call('mine');
    const server = servers.find(one => one.called().includes('mine')) as ToolServer;
    await server.goDown();
    for (let turn = 0; turn < 5; turn += 1) await caller.call('again').catch(() => undefined);
    const lost = await caller.call('late');
    expect([lost.status, outcomeOf(lost)]).toEqual([404, 40400]);
    await using again = await httpCaller(gateway.url('/tools'), 'legacy');
    expect(outcomeOf(await again.call('elsewhere'))).toBe('ok');
    await server.comeBack();
  });
});

function configFor(check: Check, servers: ReadonlyMap<string, readonly ToolServer[]>): object {
  return {
    version: 1,
    listeners: [{ name: 'main', port: 0, routes: [...servers.keys()].map(name => ({ path: `/${name}`, upstream: name })) }],
    upstreams: Object.fromEntries(
      [...servers].map(([name, three]) => [
        name,
        {
          affinity: 'none',
          health: checks[check],
          breaker: { consecutive: 3, open: '250ms', maxOpen: '500ms', slowStart: '0ms' },
          // A server that is well is never this late, however busy the machine: nobody else is to be taken for hanging.
          timeouts: { firstByte: '2s', listFirstByte: '1500ms' },
          instances: three.map(({ url }, at) => ({ id: 'abc'[at], url })),
        },
      ]),
    ),
    limits: [],
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms', finish: '2s' },
  };
}

interface Told {
  readonly upstream: string;
  readonly says: RegExp;
  readonly changes: ReadonlyMap<string, TopicMessage<'gateway'>['changes'][number]>;
  readonly words: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Audit, metrics, live topics and timeline say the same of the breaker, in the same order. */
async function expectTold(gateway: RunningGateway, { upstream, says, changes, words }: Told): Promise<void> {
  const audited = () =>
    gateway
      .audit()
      .filter(row => row['kind'] === 'breaker' && row['upstream'] === upstream)
      .map(row => ({
        instance: String(row['instance']),
        from: String((row['details'] as { from: string }).from),
        to: String(row['action']),
        reason: String(row['reason']),
      }));
  const subject = `${upstream}/b`;
  const live = () => [...changes.values()].filter(change => change.subject === subject).toSorted((one, other) => one.at - other.at);
  const breakerTexts = () => live().flatMap(({ kind, text }) => (kind === 'breaker' ? [text] : []));
  // Counted at once; the others follow in their own time.
  const counted = readOpenMetrics(await gateway.metrics())
    .get('shadowcat_circuit_transitions')
    ?.samples.filter(({ labels }) => labels['upstream'] === upstream)
    .flatMap(({ labels, value }) => Array.from({ length: value }, () => `${labels['instance']} ${labels['from']} → ${labels['to']}`));
  const count = counted?.length ?? 0;
  await until('as many rows in the audit', () => audited().length >= count);
  await until('as many changes in the live topic', () => breakerTexts().length >= count);
  await until('the live topic says that it is back', () => /half-open → closed|healthy again/.test(live().at(-1)?.text ?? ''));

  const transitions = audited();
  const steps = transitions.map(({ instance, from, to }) => `${instance} ${from} → ${to}`);
  const reasons = [...transitions.map(({ reason }) => reason), ...live().map(({ text }) => text)];
  expect(reasons.join('\n')).toMatch(says);
  if (steps.length > 0) {
    expect(steps[0]).toBe('b closed → open');
    expect(steps.at(-1)).toBe('b half-open → closed');
    for (let at = 1; at < transitions.length; at += 1) expect(transitions[at]?.from).toBe(transitions[at - 1]?.to);
    expect(transitions[0]?.reason).toMatch(/^3 failures in a row; the last: /);
    expect(transitions.at(-1)?.reason).toBe('3 calls succeeded');
    // Whole states at a steady pace: one that was short may have been left out.
    expect(words.get(subject)?.size).toBeGreaterThanOrEqual(2);
  }
  expect(breakerTexts().map(text => `b ${text.replace(/^breaker (.*?): [^]*$/, '$1')}`)).toEqual(steps);

  expect((counted ?? []).toSorted()).toEqual(steps.toSorted());

  const texts = live().map(({ text }) => `${subject}: ${text}`);
  await until('as many rows in the timeline', async () => (await timelineRows(gateway, upstream)).length >= texts.length);
  expect((await timelineRows(gateway, upstream)).toSorted()).toEqual(texts.toSorted());
}

/** What a window shows of the upstream itself, beside the calls. */
async function timelineRows(gateway: RunningGateway, upstream: string): Promise<string[]> {
  const { viewId, state } = await gateway.connection.call('timeline.open', {
    mode: 'frames',
    filter: '',
    scope: { clientName: 'gateway', serverName: upstream },
    requestsOnly: false,
    sort: { column: 'id', descending: false },
  });
  const { rows } = await gateway.connection.call('timeline.rows', { viewId, from: 0, count: Math.max(1, state.matched) });
  await gateway.connection.call('timeline.close', { viewId });
  return rows.flatMap(row => (row.row === 'frame' && row.frame.delivery === 'lifecycle' ? [row.frame.preview] : []));
}
