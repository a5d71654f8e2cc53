/** The processes behind a bridge: how they start, crash, are restarted, stopped and counted; nothing outlives its connection. */
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { TrafficError } from '../../src/shared/errors/error-table.ts';
import { FakeClock } from '../kit/fake-clock.ts';
import { bridged, eventually, legacy, modern, type Bridged } from '../kit/bridged.ts';
import { isAlive } from '../kit/is-alive.ts';

const failure = async (promise: Promise<unknown>): Promise<TrafficError> => {
  const error = await promise.then(
    () => new Error('It did not fail'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof TrafficError) return error;
  throw error;
};

async function raw(bridge: Bridged, sessionId?: string) {
  const text = sessionId === undefined ? await bridge.text(modern(1, 'raw')) : await bridge.text(legacy(1, 'raw'), { sessionId });
  return (JSON.parse(text) as { result: { pid: number; env: Record<string, string>; cwd: string } }).result;
}

test('a child gets a small environment, what is configured, and its directory', async () => {
  process.env['SHADOWCAT_TEST_SECRET'] = 'ours';
  try {
    await using bridge = bridged({ env: { GIVEN: 'yes' }, cwd: tmpdir() });
    const { env, cwd } = await raw(bridge);
    expect(env).toMatchObject({ PATH: process.env['PATH'], GIVEN: 'yes' });
    expect(env['SHADOWCAT_TEST_SECRET']).toBeUndefined();
    expect(cwd).toBe(realpathSync(tmpdir()));
  } finally {
    delete process.env['SHADOWCAT_TEST_SECRET'];
  }
});

test.each([
  ['a command that is not there', { command: '/no/such/command', args: [] }, '/no/such/command cannot be started: there is no such file'],
  [
    'a command that is not installed',
    { command: 'no-such-command', args: [] },
    'no-such-command cannot be started: it was not found on the PATH',
  ],
  ['a directory that is not there', { cwd: '/no/such/directory' }, 'its directory /no/such/directory is not there'],
])('%s fails with the reason, and nothing was executed', async (_what, options, message) => {
  await using bridge = bridged(options);
  const error = await failure(bridge.text(modern(1, 'raw')));
  expect(error).toMatchObject({ code: 'UPSTREAM_DOWN', message: expect.stringContaining(message), facts: { may_have_executed: false } });
  expect(bridge.connection.childCount()).toBe(0);
});

test.each([
  ['exits', 'exit', { code: 7 }, 'it exited with code 7'],
  ['is killed', 'die', {}, 'it was ended by SIGKILL'],
  ['leaves half a line', 'cut', {}, 'it exited with code 9'],
])('a child that %s fails everything it was asked, and its session is lost', async (_what, method, params, reason) => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const { pid } = await raw(bridge, sessionId);
  const stream = await bridge.ask({ method: 'GET', sessionId });
  const waiting = failure(bridge.text(legacy(2, 'silent'), { sessionId }));
  const call = await failure(bridge.text(legacy(3, method, params), { sessionId }));
  expect(call).toMatchObject({ code: 'UPSTREAM_BROKE', message: expect.stringContaining(reason), facts: { may_have_executed: true } });
  expect((await waiting).code).toBe('UPSTREAM_BROKE');
  await stream.until(({ end }) => end instanceof TrafficError);
  expect((await failure(bridge.text(legacy(4, 'raw'), { sessionId }))).code).toBe('SESSION_LOST');
  expect(bridge.exits).toEqual([expect.stringContaining(reason)]);
  expect(bridge.events).toMatchObject([
    { what: 'started', pid },
    { what: 'exited', pid, reason, upstream: 'test', instance: 'one' },
  ]);
  expect([isAlive(pid), bridge.connection.childCount()]).toEqual([false, 0]);
});

test('a stream that had begun tells the client what became of its call, and then breaks', async () => {
  await using bridge = bridged();
  const answer = await bridge.ask({ body: modern('x', 'progress', { steps: 100, everyMs: 10 }, { progressToken: 1 }) });
  await answer.until(({ events }) => events.length > 1);
  await failure(bridge.text(modern(2, 'exit', { code: 1 })));
  await answer.until(({ end }) => end instanceof TrafficError);
  expect(JSON.parse(answer.events.at(-1) as string)).toMatchObject({
    id: 'x',
    error: { code: 50200, data: { reason: 'UPSTREAM_BROKE', may_have_executed: true } },
  });
});

test('a shared child is started again on demand, later and later', async () => {
  await using bridge = bridged();
  await failure(bridge.text(modern(1, 'exit')));
  const { pid } = await raw(bridge);
  expect(isAlive(pid)).toBe(true);
  await failure(bridge.text(modern(1, 'exit')));
  const early = await failure(bridge.text(modern(1, 'raw')));
  expect(early).toMatchObject({
    code: 'UNAVAILABLE',
    facts: { may_have_executed: false, state: 'restarting', retry_after_ms: expect.any(Number) },
  });
  await new Promise(resolve => setTimeout(resolve, Number(early.facts['retry_after_ms'])));
  expect((await raw(bridge)).pid).not.toBe(pid);
});

test('more children than are allowed are refused, and room is made by those that end', async () => {
  await using bridge = bridged({ stdio: { maxChildren: 2 } });
  const sessionId = await bridge.initialize('a');
  await bridge.text(modern(1, 'raw'));
  expect(await failure(bridge.initialize('b'))).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'full', may_have_executed: false } });
  expect(bridge.events.at(-1)).toMatchObject({ type: 'child', what: 'refused' });
  await bridge.ask({ method: 'DELETE', sessionId });
  await eventually(() => bridge.connection.childCount() === 1);
  await bridge.initialize('b');
});

test('idle children are stopped; a GET stream keeps its own', async () => {
  await using bridge = bridged({ stdio: { idle: 4000 } });
  const [kept, left] = await Promise.all([bridge.initialize('a'), bridge.initialize('b')]);
  await bridge.text(modern(1, 'raw'));
  const stream = await bridge.ask({ method: 'GET', sessionId: kept });
  expect(bridge.connection.childCount()).toBe(3);
  await eventually(() => bridge.connection.childCount() === 1);
  expect((await failure(bridge.text(legacy(1, 'raw'), { sessionId: left }))).code).toBe('SESSION_LOST');
  expect(await bridge.text(legacy(1, 'raw'), { sessionId: kept })).toContain('"id":1');
  expect(stream.end).toBe('open');
});

test('close ends children that heed nothing, and everything they started', async () => {
  const bridge = bridged({ flags: ['--ignore-eof', '--ignore-sigterm'], stdio: { stop: 100 } });
  const sessionId = await bridge.initialize();
  const pids = [(await raw(bridge, sessionId)).pid, (await raw(bridge)).pid];
  const grandchild = (JSON.parse(await bridge.text(legacy(1, 'grandchild'), { sessionId })) as { result: { pid: number } }).result.pid;
  expect([...pids, grandchild].map(isAlive)).toEqual([true, true, true]);
  await bridge.connection.close();
  await eventually(() => !isAlive(grandchild));
  expect([...pids, grandchild].map(isAlive)).toEqual([false, false, false]);
  await eventually(() => bridge.events.filter(event => event.type === 'child' && event.what === 'killed').length === 2);
  expect(bridge.exits).toEqual([]);
  expect((await failure(bridge.text(modern(1, 'raw')))).code).toBe('SHUTTING_DOWN');
});

test('what a crashed child left behind is ended', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const grandchild = (JSON.parse(await bridge.text(legacy(1, 'grandchild'), { sessionId })) as { result: { pid: number } }).result.pid;
  await failure(bridge.text(legacy(2, 'die'), { sessionId }));
  expect(await eventually(() => !isAlive(grandchild))).toBe(true);
});

test('a line without an end costs the child its life, and us no more than the bound', async () => {
  await using bridge = bridged();
  const sessionId = await bridge.initialize();
  const error = await failure(bridge.text(legacy(1, 'endless-line'), { sessionId }));
  expect(error).toMatchObject({ code: 'UPSTREAM_BROKE', message: expect.stringContaining('a line of more than') });
  expect(bridge.events.at(-1)).toMatchObject({ what: 'killed' });
});

test('at the limit, the child that was idle for longest gives way; one with a GET stream, a call under way or a recent one stays', async () => {
  const clock = new FakeClock();
  const reclaimed: string[] = [];
  const reclaim = (id: string, reason: string) => reclaimed.push(`${id}: ${reason}`) > 0;
  await using bridge = bridged({ stdio: { maxChildren: 4 }, options: { clock, reclaim } });
  const [listens, calls] = [await bridge.initialize('a'), await bridge.initialize('b')];
  const idlest = await bridge.initialize('c');
  await bridge.ask({ method: 'GET', sessionId: listens });
  const call = failure(bridge.text(legacy(1, 'silent'), { sessionId: calls }));
  const { pid } = await raw(bridge, idlest);
  clock.pass(25_000);
  const recent = await bridge.initialize('d');
  clock.pass(25_000);
  await bridge.initialize('e');
  expect(reclaimed).toEqual([
    `${idlest}: idle for 50 s, and gave way to another: test/one had all 4 processes that stdio.maxChildren allows in use`,
  ]);
  expect([isAlive(pid), bridge.connection.childCount()]).toEqual([false, 4]);
  expect((await failure(bridge.text(legacy(1, 'raw'), { sessionId: idlest }))).code).toBe('SESSION_LOST');
  const full = await failure(bridge.initialize('f'));
  expect(full).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('all 4 processes that stdio.maxChildren allows') });
  expect(full.facts['retry_after_ms']).toSatisfy((ms: number) => ms > 3000 && ms <= 5000);
  await raw(bridge, recent);
  await bridge.connection.close();
  await call;
});

test('the process that modern clients share gives way as well, and a session of which something is under way does not', async () => {
  const clock = new FakeClock();
  await using bridge = bridged({ stdio: { maxChildren: 2 }, options: { clock, reclaim: () => false } });
  const kept = await bridge.initialize('a');
  const shared = await raw(bridge);
  clock.pass(31_000);
  await bridge.initialize('b');
  expect(isAlive(shared.pid)).toBe(false);
  clock.pass(31_000);
  expect(await failure(bridge.text(modern(1, 'raw')))).toMatchObject({ code: 'UNAVAILABLE', facts: { retry_after_ms: 5000 } });
  await raw(bridge, kept);
});

test('clients that come at once share what room there is, and never start more than is allowed', async () => {
  const clock = new FakeClock();
  await using bridge = bridged({ stdio: { maxChildren: 2 }, options: { clock, reclaim: () => true } });
  await Promise.all([bridge.initialize('a'), bridge.initialize('b')]);
  clock.pass(31_000);
  const counts: number[] = [];
  const came = await Promise.allSettled(
    ['c', 'd', 'e'].map(async name => {
      const id = await bridge.initialize(name);
      counts.push(bridge.connection.childCount());
      return id;
    }),
  );
  expect(came.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(Math.max(...counts)).toBe(2);
});
