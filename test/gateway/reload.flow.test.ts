/** A configuration changes while clients are at work: nothing is lost, what did not change goes on, and what cannot be taken changes nothing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readOpenMetrics } from '../kit/open-metrics.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { type Caller, httpCaller, outcomeOf } from './kit/callers.ts';
import { listeningStream, newSession } from './kit/listening-stream.ts';
import { isAlive } from '../kit/is-alive.ts';
import { calledOverStdio, pidsIn } from './kit/stdio-log.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { sleep, until } from './kit/until.ts';

const stdioServer = join(import.meta.dirname, 'kit/tool-server-stdio.ts');

let home: ScratchHome;
let servers: ToolServer[];
let gateway: RunningGateway;
let count = 0;

beforeAll(async () => {
  home = await scratchHome();
  mkdirSync(join(home.path, 'stdio'));
  servers = [await startToolServer(), await startToolServer()];
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});
beforeEach(async () => {
  count += 1;
  gateway = await startGateway({ home: home.path, name: `reload-${count}`, config: configText() });
});
afterEach(() => gateway[Symbol.asyncDispose]());

// In a directory of its own: that of the configuration is watched.
const stdioLog = () => join(home.path, 'stdio', `${count}.log`);

/** The first line is a comment on purpose, and so is what stands beside values. */
function configText(): string {
  return `# Kept by hand: do not lose this line.
version: 1
listeners:
  - name: main
    port: 0 # any
    routes:
      - { path: /http, upstream: http }
      - { path: /stdio, upstream: stdio }
      - { path: /old, upstream: old }
upstreams:
  http:
    affinity: none
    health: { kind: none }
    breaker: { open: 1m }
    instances: # two of a kind
      - { id: a, url: '${servers[0]?.url}' }
      - { id: b, url: '${servers[1]?.url}' }
  stdio:
    health: { kind: none }
    instances:
      - { id: a, command: '${process.execPath}', args: ['${stdioServer}'], env: { TOOL_SERVER_LOG: '${stdioLog()}' } }
  old:
    health: { kind: none }
    instances: [{ id: a, url: '${servers[0]?.url}' }]
limits:
  - { id: few, tier: endpoint, match: { tools: ['few_*'] }, algorithm: token-bucket, capacity: 5, refill: 1, per: 1h } # five, and then one an hour
policies:
  - id: forbidden # nobody calls these
    effect: deny
    match: { tools: [deny_tool] }
    message: Not this one.
admin: { port: 0 }
shutdown: { readyDelay: 0ms, finish: 2s }
`;
}

const status = () => gateway.connection.call('gateway.status', {});
const textNow = () => readFileSync(gateway.configPath, 'utf8');
/** Writes the file as an editor does, and waits until it is in force. */
async function change(from: string, to: string): Promise<void> {
  const text = textNow();
  if (!text.includes(from)) throw new Error(`The configuration does not hold ${from}`);
  const { configHash } = await status();
  writeFileSync(gateway.configPath, text.replace(from, to));
  await until('the change is in force', async () => (await status()).configHash !== configHash);
}

const pids = () => pidsIn(stdioLog());
/** How often a tool was called, at whichever server. */
const called = (tool: string) =>
  [...servers.flatMap(server => server.called()), ...calledOverStdio(stdioLog())].filter(name => name === tool).length;

const remaining = async (limitId: string) => {
  const { keys } = await gateway.connection.call('gateway.limits', {});
  return keys.filter(key => key.limitId === limitId).map(key => Math.floor(key.remaining));
};
const breakerOf = async (id: string) => {
  const { upstreams } = await gateway.connection.call('gateway.upstreams', {});
  return upstreams.find(({ name }) => name === 'http')?.instances.find(instance => instance.id === id)?.breaker.word;
};
const reloads = async () =>
  Object.fromEntries(
    readOpenMetrics(await gateway.metrics())
      .get('shadowcat_config_reloads')
      ?.samples.flatMap(({ labels, value }) => (value === 0 ? [] : [[labels['outcome'], value]])) ?? [],
  );

test('calls, streams, sessions, children, buckets and breakers outlive changes of the file', async () => {
  await using http = await httpCaller(gateway.url('/http'), 'legacy');
  await using stdio = await httpCaller(gateway.url('/stdio'), 'legacy');
  const modern = await httpCaller(gateway.url('/http'), 'modern');
  for (let turn = 0; turn < 3; turn += 1) expect(outcomeOf(await modern.call('few_calls'))).toBe('ok');
  await stdio.call('warm');
  const [pid] = pids();
  const own = servers.findIndex(server => server.captured.some(({ body }) => body.includes('"initialize"')));
  const tripped = 'ba'[own] ?? '';
  await gateway.connection.call('breaker.set', { upstream: 'http', instance: tripped, action: 'trip' });
  const stream = await listeningStream(gateway.url('/http'), await newSession(gateway.url('/http')));
  expect(stream.status).toBe(200);
  const long = [http, stdio, modern].flatMap(caller => ['json', 'sse'].map(as => caller.call('long-6', { as, waitMs: 1800 })));
  let isOver = false;
  const busy = Promise.all(
    [http, stdio, modern].map(async caller => {
      const outcomes = [];
      while (!isOver) {
        outcomes.push(outcomeOf(await caller.call('busy')));
        await sleep(10);
      }
      return outcomes;
    }),
  );
  await until('they are under way', () => called('long-6') === 6);

  await change('Not this one.', 'Not this one either.');
  await change('algorithm: token-bucket, capacity: 5', 'mode: enforce, algorithm: token-bucket, capacity: 5');
  await change('policies:\n', 'policies:\n  - { id: another, effect: deny, match: { tools: [other_tool] } }\n');
  await change('{ path: /http, upstream: http }', '{ path: /http, upstream: http, refusal: tool-result }');
  isOver = true;

  const outcomes = (await busy).flat();
  expect(outcomes.length).toBeGreaterThan(30);
  expect(outcomes.filter(outcome => outcome !== 'ok')).toEqual([]);
  expect((await Promise.all(long)).map(outcomeOf)).toEqual(Array.from({ length: 6 }, () => 'ok'));
  expect(stream.state).toBe('open');
  expect(outcomeOf(await http.call('after'))).toBe('ok');
  expect(outcomeOf(await stdio.call('after'))).toBe('ok');
  expect(pids()).toEqual([pid]);
  expect(await remaining('few')).toEqual([2]);
  expect(await breakerOf(tripped)).toBe('open');
  // And each change acts.
  expect(await http.call('deny_tool')).toMatchObject({ message: { result: { isError: true } } });
  expect(JSON.stringify((await http.call('deny_tool')).message)).toContain('Not this one either.');
  expect(outcomeOf(await stdio.call('other_tool'))).toBe(40300);
  expect(await reloads()).toEqual({ applied: 5 });
  stream.close();
});

test('what is taken out is gone: routes answer 404, children end, and a call that is under way is finished', async () => {
  const caller = await httpCaller(gateway.url('/old'), 'modern');
  await using stdio = await httpCaller(gateway.url('/stdio'), 'legacy');
  await stdio.call('warm');
  const [pid = 0] = pids();
  const long = caller.call('long-2', { waitMs: 1200 });
  const inside = stdio.call('long-2', { waitMs: 1200 });
  await until('they are under way', () => called('long-2') === 2);
  const text = textNow();
  await change('      - { path: /old, upstream: old }\n', '');
  const late = await caller.call('late');
  expect([late.status, outcomeOf(late)]).toEqual([404, 40400]);
  expect(late.message.error?.message).toContain('/http, /stdio');
  await change('      - { path: /stdio, upstream: stdio }\n', '');
  expect([outcomeOf(await long), outcomeOf(await inside)]).toEqual(['ok', 'ok']);
  // Its route is gone, its upstream stands.
  expect(isAlive(pid)).toBe(true);
  const from = textNow().indexOf('  stdio:\n');
  await change(textNow().slice(from, textNow().indexOf('  old:\n')), '');
  await until('the child has ended', () => !isAlive(pid));
  const { upstreams } = await gateway.connection.call('gateway.upstreams', {});
  expect(upstreams.map(({ name }) => name)).toEqual(['http', 'old']);
  // Back again, as if it had never been away.
  const { configHash } = await status();
  writeFileSync(gateway.configPath, text);
  await until('the former file is in force', async () => (await status()).configHash !== configHash);
  expect(outcomeOf(await caller.call('again'))).toBe('ok');
});

test('a bad file changes nothing, and says why in status, log, metric and audit', async () => {
  await using caller = await httpCaller(gateway.url('/http'), 'legacy');
  const good = textNow();
  const before = await status();
  writeFileSync(gateway.configPath, good.replace('effect: deny', 'efect: deny').replace('Not this one.', 'Never in force.'));
  const { configProblems, configHash } = await until('it is refused', async () => {
    const now = await status();
    return now.configProblems.length > 0 && now;
  });
  const line = good.split('\n').findIndex(text => text.includes('effect: deny')) + 1;
  expect(configProblems.join('\n')).toContain(`line ${line}: `);
  expect(configProblems.join('\n')).toMatch(/"?efect"?.*effect/);
  expect(configHash).toBe(before.configHash);
  expect(outcomeOf(await caller.call('still'))).toBe('ok');
  expect((await caller.call('deny_tool')).message.error?.message).toContain('Not this one.');
  expect(await reloads()).toEqual({ applied: 1, rejected: 1 });
  await until('it is in the log', () => /"Configuration rejected".*efect/.test(gateway.process.stderr()));
  await until('it is in the audit', () => gateway.audit().some(row => row['kind'] === 'config' && row['action'] === 'rejected'));
  await until('it is among the changes', async () =>
    (await status()).changes.some(({ kind, text }) => kind === 'config' && /rejected/.test(text)),
  );
  writeFileSync(gateway.configPath, good.replace('Not this one.', 'Mended.'));
  await until('it is mended', async () => (await status()).configProblems.length === 0);
  expect((await caller.call('deny_tool')).message.error?.message).toContain('Mended.');
});

test('a port that is taken refuses the whole change, and the listeners go on', async () => {
  const taken = createServer();
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  try {
    const good = textNow();
    const caller = await httpCaller(gateway.url('/http'), 'modern');
    const second = `  - { name: second, port: ${port}, routes: [{ path: /second, upstream: http }] }\nupstreams:`;
    const third = `  - { name: third, port: 0, routes: [{ path: /third, upstream: http }] }\n${second}`;
    writeFileSync(gateway.configPath, good.replace('upstreams:', third).replace('Not this one.', 'Never in force.'));
    await until('it is refused', async () =>
      (await status()).configProblems.some(text => text.includes(`Port ${port} of 127.0.0.1 is taken`)),
    );
    const { listeners } = await status();
    expect(listeners.map(({ name }) => name)).toEqual(['main']);
    expect((await caller.call('deny_tool')).message.error?.message).toContain('Not this one.');
    // By the contract it is the answer to the call, and the file stays as it was.
    writeFileSync(gateway.configPath, good);
    const file = await gateway.connection.call('config.read', {});
    const written = gateway.connection.call('config.write', { text: good.replace('upstreams:', second), expectedHash: file.hash });
    await expect(written).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(`Port ${port}`) as string });
    expect(textNow()).toBe(good);
  } finally {
    taken.close();
  }
});

test('the contract reads, edits, writes, remembers and rolls back; comments stay', async () => {
  const { connection } = gateway;
  const caller = await httpCaller(gateway.url('/http'), 'modern');
  const message = async () => (await caller.call('deny_tool')).message.error?.message ?? '';
  const first = await connection.call('config.read', {});
  expect(first).toMatchObject({ path: gateway.configPath, text: textNow(), exists: true, problems: [] });

  const edited = await connection.call('config.edit', {
    edits: [
      { path: ['policies', 0, 'message'], value: 'Edited.' },
      { path: ['upstreams', 'http', 'affinity'], value: 'session' },
    ],
    expectedHash: first.hash,
    reason: 'by a test',
  });
  expect(await message()).toContain('Edited.');
  expect(textNow()).toBe(edited.text);
  expect(textNow()).toBe(first.text.replace('Not this one.', 'Edited.').replace('affinity: none', 'affinity: session'));

  const stale = connection.call('config.write', { text: first.text, expectedHash: first.hash });
  await expect(stale).rejects.toMatchObject({ code: 'CONFLICT' });
  const wrong = connection.call('config.write', { text: 'version: 2\n', expectedHash: edited.hash });
  await expect(wrong).rejects.toMatchObject({ code: 'BAD_CALL' });
  expect(textNow()).toBe(edited.text);
  await expect(connection.call('config.check', { text: 'version: 2\n' })).resolves.toMatchObject({ problems: [{ line: 1 }] });

  const written = await connection.call('config.write', {
    text: edited.text.replace('Edited.', 'Written.'),
    expectedHash: edited.hash,
    reason: 'by a test again',
  });
  expect(await message()).toContain('Written.');
  const { versions } = await connection.call('config.history', {});
  expect(versions.map(({ hash, reason, isInForce }) => [hash, reason, isInForce])).toEqual([
    [written.hash, 'by a test again', true],
    [edited.hash, 'by a test', false],
    [first.hash, 'loaded', false],
  ]);
  const { text: diff } = await connection.call('config.diff', { from: first.hash, to: written.hash });
  expect(diff).toMatch(/^-.*Not this one\.$/m);
  expect(diff).toMatch(/^\+.*Written\.$/m);

  const back = await connection.call('config.rollback', { hash: first.hash });
  expect(back.text).toBe(first.text);
  expect(textNow()).toBe(first.text);
  expect(await message()).toContain('Not this one.');
  expect((await connection.call('config.history', {})).versions[0]).toMatchObject({ hash: first.hash, isInForce: true });
  expect(await reloads()).toEqual({ applied: 3, 'rolled-back': 1, rejected: 1 });
  // What it wrote itself is not taken a second time.
  await sleep(600);
  expect(await reloads()).toEqual({ applied: 3, 'rolled-back': 1, rejected: 1 });
});

test('a changed instance is another one, and its sibling keeps what is known of it', async () => {
  const caller: Caller = await httpCaller(gateway.url('/http'), 'modern');
  for (let turn = 0; turn < 4; turn += 1) await caller.call('before');
  await gateway.connection.call('breaker.set', { upstream: 'http', instance: 'a', action: 'isolate' });
  await gateway.connection.call('breaker.set', { upstream: 'http', instance: 'b', action: 'trip' });
  await using another = await startToolServer();
  await change(`{ id: b, url: '${servers[1]?.url}' }`, `{ id: b, url: '${another.url}' }`);
  expect([await breakerOf('a'), await breakerOf('b')]).toEqual(['isolated', 'closed']);
  expect(outcomeOf(await caller.call('new'))).toBe('ok');
  expect(another.called()).toEqual(['new']);
});
