/**
 * The hub is lost in every state that a line can be in. A session under an enforced deny or require refuses, every other goes on;
 * nothing is lost, nothing comes twice, and nobody is left without an answer.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  isGapless,
  linesOf,
  onlySession,
  received,
  recordedBy,
  request,
  scriptedServer,
  startHost,
  startWrapped,
  tempDataDir,
  until,
  wait,
  type HostProcess,
  type RecordedSession,
  type StdioClient,
} from '../kit/stdio-shim.ts';

const notification = '{"jsonrpc":"2.0","method":"notifications/fine"}';

interface Answer {
  readonly id: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data: Record<string, unknown> };
}

const answers = (client: StdioClient): Answer[] => client.lines.map(line => JSON.parse(line) as Answer);
const answered = (client: StdioClient, id: number): Promise<Answer> =>
  until(() => answers(client).find(one => one.id === id), `answer ${id}`);
const modes = ({ frames }: RecordedSession): string[] =>
  frames.flatMap(({ frame, body }) => {
    const fact = frame.kind === 'lifecycle' ? (JSON.parse(Buffer.from(body).toString()) as Record<string, string>) : {};
    return fact['event'] === 'mode' ? [`${fact['mode']} ${fact['cause']}`] : [];
  });
const notSent = { code: 50300, data: { reason: 'UNAVAILABLE', state: 'host-lost', may_have_executed: false } };
const withheld = { code: 50300, data: { reason: 'UNAVAILABLE', state: 'host-lost', may_have_executed: true } };

/** A host that is slow to answer leaves a session to itself at first. Waits until it decides, and everything asked for that is answered. */
async function isDecided(client: StdioClient, host: HostProcess): Promise<void> {
  let id = 1_000;
  await until(() => {
    if (host.heard.includes('ended complete')) return true;
    id += 1;
    client.write(`${request(id, 'watched')}\n`);
    return false;
  }, 'the host to decide');
  await answered(client, id);
}

describe.each(['closed', 'open'] as const)('%s', plan => {
  const isClosed = plan === 'closed';

  test('between ask and verdict, with decided lines behind it', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    const log = join(dir.path, 'server.log');
    await using client = startWrapped(dir.path, scriptedServer('--log', log));
    client.write(`${request(1, 'hold')}\n${request(2, 'echo')}\n${notification}\n${request(3, 'deny')}\n${request(4, 'hold')}\n`);
    await until(() => host.heard.filter(one => one === 'holding').length === 2, 'both holds');
    await wait(50);
    await host.kill('SIGKILL');
    for (const id of [1, 2, 3, 4]) await answered(client, id);
    // Further ones, whatever they ask.
    for (const [id, method] of [
      [5, 'echo'],
      [6, 'ping'],
      [7, 'initialize'],
    ] as const)
      client.write(`${request(id, method)}\n${notification}\n`);
    for (const id of [5, 6, 7]) await answered(client, id);
    const byId = new Map(answers(client).map(one => [one.id, one]));
    expect(answers(client)).toHaveLength(7);
    // What had been decided stands.
    expect(byId.get(2)?.result).toEqual({ method: 'echo' });
    expect(byId.get(3)?.error?.code).toBe(40300);
    for (const id of [1, 4, 5, 6, 7]) {
      if (isClosed) expect(byId.get(id)?.error).toMatchObject(notSent);
      else expect(byId.get(id)?.result).toBeDefined();
    }
    if (isClosed) expect(byId.get(1)?.error?.message).toMatch(/host that enforces the policies .* is gone.* Start Shadowcat again/s);
    const after = [5, 6, 7].flatMap(id => [request(id, id === 5 ? 'echo' : id === 6 ? 'ping' : 'initialize'), notification]);
    expect(received(log)).toEqual(
      isClosed ? [request(2, 'echo'), notification] : [request(1, 'hold'), request(2, 'echo'), notification, request(4, 'hold'), ...after],
    );

    await using second = await startHost(dir.path, { plan });
    await until(() => {
      if (second.heard.includes('ended complete')) return true;
      client.write(`${request(8, 'watched')}\n`);
      return false;
    }, 'the new host to decide');
    client.end();
    await client.exited;
    const session = onlySession(await recordedBy(second, dir.path));
    expect(isGapless(session)).toBe(true);
    expect(modes(session)).toEqual(['active host', `${isClosed ? 'closed' : 'transparent'} host-lost`, 'active host']);
    expect(linesOf(session, 'fromClient').slice(0, 5)).toEqual([
      request(1, 'hold'),
      request(2, 'echo'),
      notification,
      request(3, 'deny'),
      request(4, 'hold'),
    ]);
  });

  test('while the server works on a call whose answer is to be looked at, and while an answer waits for its verdict', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    const log = join(dir.path, 'server.log');
    await using client = startWrapped(dir.path, scriptedServer('--log', log));
    client.write(`${request(1, 'later', { ms: 3_000 })}\n${request(2, 'hold-answer', { tools: [{ name: 'hidden' }] })}\n`);
    client.write(`${request(3, 'stray', { text: 'behind it' })}\n`);
    await until(() => host.heard.includes('holding answer'), 'the answer');
    await until(() => received(log).length === 3, 'the server');
    expect(client.lines).toEqual([]);
    await host.kill('SIGKILL');
    await client.line(line => line.includes('"id":1,'));
    await client.line(line => line.includes('"id":3,'));
    expect(client.lines).toHaveLength(4);
    const [second, stray, third, first] = client.lines;
    expect(stray).toBe('behind it');
    expect(JSON.parse(third ?? '')).toEqual({ jsonrpc: '2.0', id: 3, result: {} });
    if (isClosed) {
      expect(JSON.parse(second ?? '')).toMatchObject({ id: 2, error: withheld });
      expect(JSON.parse(first ?? '')).toMatchObject({ id: 1, error: withheld });
    } else {
      expect(JSON.parse(second ?? '')).toMatchObject({ id: 2, result: { tools: [{ name: 'hidden' }] } });
      expect(JSON.parse(first ?? '')).toMatchObject({ id: 1, result: { ms: 3_000 } });
    }
  });

  test('while a split batch is half answered', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    await using client = startWrapped(dir.path, scriptedServer());
    await isDecided(client, host);
    const before = client.lines.length;
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { tools: [], isSplit: true } },
      { jsonrpc: '2.0', id: 2, method: 'later', params: { ms: 3_000 } },
    ];
    client.write(`${JSON.stringify(batch)}\n`);
    // The first answer is there and waits for the second, which is a long time away.
    await wait(500);
    expect(client.lines).toHaveLength(before);
    await host.kill('SIGKILL');
    await answered(client, 2);
    expect(
      answers(client)
        .slice(before)
        .map(({ id, error }) => [id, error?.code]),
    ).toEqual([
      [1, isClosed ? 50300 : undefined],
      [2, isClosed ? 50300 : undefined],
    ]);
  });

  test('while the first answer to a batch waits its turn behind an answer that is looked at', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    await using client = startWrapped(dir.path, scriptedServer());
    await isDecided(client, host);
    const before = client.lines.length;
    client.write(`${request(1, 'hold-answer', { tools: [] })}\n`);
    await until(() => host.heard.includes('holding answer'), 'the answer');
    const batch = [
      { jsonrpc: '2.0', id: 2, method: 'tools/list', params: { tools: [], isSplit: true } },
      { jsonrpc: '2.0', id: 3, method: 'later', params: { ms: 2_000 } },
    ];
    client.write(`${JSON.stringify(batch)}\n`);
    await wait(500);
    expect(client.lines).toHaveLength(before);
    await host.kill('SIGKILL');
    await answered(client, 3);
    const code = isClosed ? 50300 : undefined;
    expect(
      answers(client)
        .slice(before)
        .map(({ id, error }) => [id, error?.code]),
    ).toEqual([
      [1, code],
      [2, code],
      [3, code],
    ]);
  });

  test('after a batch was answered in parts of which the first had waited its turn: nothing of it comes again', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    await using client = startWrapped(dir.path, scriptedServer());
    await isDecided(client, host);
    const before = client.lines.length;
    client.write(`${request(1, 'hold-answer', { tools: [] })}\n`);
    await until(() => host.heard.includes('holding answer'), 'the answer');
    const listing = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/list', params: { tools: [], isSplit: true } });
    client.write(`${JSON.stringify([listing(2), listing(3)])}\n`);
    await wait(500);
    expect(client.lines).toHaveLength(before);
    host.tell({ release: true });
    await client.line(line => line.startsWith('['));
    await host.kill('SIGKILL');
    client.write(`${request(4, 'echo')}\n`);
    await answered(client, 4);
    const after = client.lines.slice(before).flatMap(line => JSON.parse(line) as Answer | Answer[]);
    expect(after.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  test('while it is silent: stopped, not dead', async () => {
    using dir = tempDataDir();
    await using host = await startHost(dir.path, { plan });
    const log = join(dir.path, 'server.log');
    await using client = startWrapped(dir.path, scriptedServer('--log', log));
    await isDecided(client, host);
    process.kill(host.pid, 'SIGSTOP');
    const from = performance.now();
    client.write(`${request(2, 'echo')}\n`);
    const answer = await answered(client, 2);
    expect(performance.now() - from).toBeLessThan(4_000);
    if (isClosed) expect(answer.error).toMatchObject(notSent);
    else expect(answer.result).toEqual({ method: 'echo' });
    process.kill(host.pid, 'SIGCONT');
    let id = 10;
    await until(() => {
      id += 1;
      client.write(`${request(id, 'deny')}\n`);
      return answers(client).some(one => one.error?.code === 40300);
    }, 'the host to decide again');
  });

  test('before the welcome: nobody has said anything yet, so the session goes on after 1 s and is taken in later', async () => {
    using dir = tempDataDir();
    const host = await startHost(dir.path, { plan });
    process.kill(host.pid, 'SIGSTOP');
    const from = performance.now();
    await using client = startWrapped(dir.path, scriptedServer());
    client.write(`${request(1, 'deny')}\n`);
    expect((await answered(client, 1)).result).toEqual({ method: 'deny' });
    expect(performance.now() - from).toBeGreaterThan(900);
    await host.kill('SIGKILL');
    client.write(`${request(2, 'deny')}\n`);
    expect((await answered(client, 2)).result).toEqual({ method: 'deny' });
    await using second = await startHost(dir.path, { plan });
    let id = 10;
    await until(() => {
      id += 1;
      client.write(`${request(id, 'deny')}\n`);
      return answers(client).some(one => one.error?.code === 40300);
    }, 'the host to decide');
    client.end();
    await client.exited;
    const session = onlySession(await recordedBy(second, dir.path));
    expect(isGapless(session)).toBe(true);
    expect(modes(session)).toEqual(['active host']);
  });

  test('at any moment under load, also while modes switch and while the session resumes: one answer for each request, in order, none twice', async () => {
    using dir = tempDataDir();
    let host = await startHost(dir.path, { plan });
    const log = join(dir.path, 'server.log');
    await using client = startWrapped(dir.path, scriptedServer('--log', log));
    const methods = ['echo', 'tools/list', 'watched', 'gathered', 'slow'];
    let sent = 0;
    const load = setInterval(() => {
      for (let n = 0; n < 5; n += 1) {
        sent += 1;
        client.write(`${request(sent, methods[sent % methods.length] ?? '', { tools: [], ms: 1 })}\n${notification}\n`);
      }
    }, 10);
    try {
      for (let round = 0; round < 4; round += 1) {
        await until(() => host.heard.length > 10, 'the host to decide');
        // In the odd rounds the configuration changes at the very moment of the loss.
        if (round % 2 === 1) host.tell({ plan: 'none' });
        await host.kill('SIGKILL');
        await wait(round * 50);
        host = await startHost(dir.path, { plan });
        // The shim is on its way back to it just now.
        if (round === 2) {
          await wait(30);
          await host.kill('SIGKILL');
          host = await startHost(dir.path, { plan });
        }
      }
      await until(() => host.heard.length > 10, 'the last host to decide');
    } finally {
      clearInterval(load);
    }
    const count = sent;
    await until(() => client.lines.length >= count, 'all answers', 30_000);
    client.end();
    await client.exited;
    const got = answers(client);
    expect(got.map(({ id }) => id).toSorted((one, other) => one - other)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    const lines = received(log).filter(line => line.includes('"id"'));
    const ids = lines.map(line => (JSON.parse(line) as Answer).id);
    expect(ids).toEqual(ids.toSorted((one, other) => one - other));
    expect(new Set(ids).size).toBe(ids.length);
    const notSentIds = new Set(got.filter(({ error }) => error?.data['may_have_executed'] === false).map(({ id }) => id));
    expect(new Set([...ids, ...notSentIds]).size).toBe(count);
    expect(ids.filter(id => notSentIds.has(id))).toEqual([]);
    expect(got.filter(({ error }) => error !== undefined && error.code !== 50300)).toEqual([]);
    if (!isClosed) {
      expect(got.filter(({ error }) => error !== undefined)).toEqual([]);
      expect(received(log).filter(line => line === notification)).toHaveLength(count);
    } else expect(notSentIds.size).toBeGreaterThan(0);
    const session = onlySession(await recordedBy(host, dir.path));
    expect(isGapless(session)).toBe(true);
    expect(linesOf(session, 'fromClient').filter(line => line.includes('"id"'))).toHaveLength(count);
    expect(session.session.pendingCount).toBe(0);
  }, 90_000);
});
