/** When lines wait and when they stream: at the start, when the configuration changes, under load, and between versions. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame, isMarkedFrame, type ShimFrame } from '../../src/shared/shim/frame-coding.ts';
import { jsonBytes, readHello, readWelcome } from '../../src/shared/shim/json-message.ts';
import { encodeMessage, MessageReader, type Message } from '../../src/shared/shim/message-coding.ts';
import { messageType, type ShimHello } from '../../src/shared/shim/protocol.ts';
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
  type RecordedSession,
  type StdioClient,
} from '../kit/stdio-shim.ts';

const idsOf = (lines: readonly string[]): number[] =>
  lines.flatMap(line => (line.includes('"id"') ? [(JSON.parse(line) as { id: number }).id] : []));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const facts = ({ frames }: RecordedSession): Record<string, unknown>[] =>
  frames.flatMap(({ frame, body }) =>
    frame.kind === 'lifecycle' ? [JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>] : [],
  );
const answerTo = (client: StdioClient, id: number): Promise<string> => client.line(line => line.includes(`"id":${id},`));

test.each([[[]], [['--require-host']]])('where a host is reachable, not even the first line passes undecided (%j)', async options => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  const log = join(dir.path, 'server.log');
  for (let round = 0; round < 6; round += 1) {
    await using client = startWrapped(dir.path, scriptedServer('--log', log), options);
    client.write(`${request(1, 'deny')}\n`);
    expect(JSON.parse(await answerTo(client, 1))).toMatchObject({ error: { code: 40300 } });
    client.end();
    await client.exited;
  }
  expect(received(log)).toEqual([]);
  expect(await recordedBy(host, dir.path)).toHaveLength(6);
});

test('--require-host starts nothing under a host that does not say how lines are treated', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  process.kill(host.pid, 'SIGSTOP');
  await using client = startWrapped(dir.path, ['sh', '-c', 'echo ran'], ['--require-host']);
  expect(await client.exited).toMatchObject({ code: 125 });
  expect(client.stdout.length).toBe(0);
});

test('with no plan that can apply, lines stream: a part of a line passes before its end', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'none' });
  await using client = startWrapped(dir.path, ['cat']);
  client.write('no line');
  await until(() => client.stdout.toString() === 'no line', 'the part');
  // From the end of that line on it is another matter.
  host.tell({ plan: 'open' });
  // Nothing tells that the shim has heard it before it acts on it.
  await wait(1_000);
  client.write(' yet\n{"jsonrpc":"2.0",');
  await until(() => client.stdout.toString() === 'no line yet\n', 'the rest of the line');
  await wait(100);
  expect(client.stdout.toString()).toBe('no line yet\n');
  // And with the plan gone, what has come of it goes on at once.
  host.tell({ plan: 'none' });
  await until(() => client.stdout.toString() === 'no line yet\n{"jsonrpc":"2.0",', 'the start of the next line');
  client.write('"method":"x"}\n');
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stdout.toString()).toBe('no line yet\n{"jsonrpc":"2.0","method":"x"}\n');
  const session = onlySession(await recordedBy(host, dir.path));
  expect(linesOf(session, 'fromClient')).toEqual(['no line yet', '{"jsonrpc":"2.0","method":"x"}']);
  expect(facts(session).filter(({ event }) => event === 'mode')).toEqual([
    { event: 'mode', mode: 'active', cause: 'host' },
    { event: 'mode', mode: 'transparent', cause: 'host' },
  ]);
});

test('the configuration changes in mid-session, again and again under load: no line is lost, doubled or out of order', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'none' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  const methods = ['echo', 'tools/list', 'watched', 'slow', 'gathered'];
  let sent = 0;
  let rest = '';
  // Cut anywhere, so that a change comes in the middle of a line as well.
  const load = setInterval(() => {
    for (let n = 0; n < 6; n += 1) {
      sent += 1;
      rest += `${request(sent, methods[sent % methods.length] ?? '', { tools: [], ms: 2, pad: 'p'.repeat(sent % 300) })}\n`;
    }
    const cut = Math.floor(rest.length * 0.7);
    client.write(rest.slice(0, cut));
    rest = rest.slice(cut);
  }, 4);
  await answerTo(client, 1);
  for (let round = 0; round < 20; round += 1) {
    host.tell({ plan: (['open', 'none', 'closed', 'none'] as const)[round % 4] ?? 'none' });
    await wait(40);
  }
  clearInterval(load);
  client.write(rest);
  await until(() => client.lines.length >= sent, 'all answers');
  host.tell({ plan: 'open' });
  // Some may pass before the change arrives.
  let last = sent;
  for (let answer = ''; !answer.includes('40300'); answer = await answerTo(client, last)) {
    last += 1;
    client.write(`${request(last, 'deny')}\n`);
  }
  client.end();
  await client.exited;
  expect(idsOf(client.lines)).toEqual(upTo(last));
  expect(idsOf(received(log)).filter(id => id <= sent)).toEqual(upTo(sent));
  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(idsOf(linesOf(session, 'fromClient'))).toEqual(upTo(last));
  expect(linesOf(session, 'fromServer')).toHaveLength(last);
});

test('2,000 lines at once keep their order both ways, whatever their verdicts take', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--log', log));
  await client.request('echo');
  const methods = ['echo', 'tools/list', 'slow', 'deny', 'watched', 'rewrite', 'gathered'];
  const count = 2_000;
  const method = (id: number): string => methods[id % methods.length] ?? '';
  const lines = upTo(count).flatMap(id => [
    request(id, method(id), { tools: [], ms: id % 3 }),
    '{"jsonrpc":"2.0","method":"notifications/fine"}',
  ]);
  const from = performance.now();
  client.write(`${lines.join('\n')}\n`);
  await until(() => client.lines.length > count, 'all answers', 40_000);
  process.stderr.write(`${count} requests through an active hub: ${((performance.now() - from) / count).toFixed(3)} ms each\n`);
  const roundTrips: number[] = [];
  for (let id = count + 1; id <= count + 100; id += 1) {
    const startedAt = performance.now();
    const line = new Promise<void>(resolve => client.child.stdout?.once('data', () => resolve()));
    client.write(`${request(id, 'watched')}\n`);
    await line;
    roundTrips.push(performance.now() - startedAt);
  }
  roundTrips.sort((one, other) => one - other);
  process.stderr.write(
    `one at a time, line and answer decided: p50 ${roundTrips[50]?.toFixed(2)} ms, p95 ${roundTrips[95]?.toFixed(2)} ms\n`,
  );

  const all = client.lines.slice(1).map(line => JSON.parse(line) as { id: number; error?: unknown });
  // Refusals overtake what the server still works on; what the server said comes in its order.
  expect(all.filter(({ error }) => error === undefined).map(({ id }) => id)).toEqual(
    upTo(count + 100).filter(id => id > count || method(id) !== 'deny'),
  );
  expect(all.filter(({ error }) => error !== undefined).map(({ id }) => id)).toEqual(upTo(count).filter(id => method(id) === 'deny'));
  expect(idsOf(received(log).slice(1))).toEqual(upTo(count + 100).filter(id => id > count || method(id) !== 'deny'));
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromClient').slice(1, -100)).toEqual(lines);
}, 90_000);

test('a line that is held for 5 s passes then, and those behind it after it', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  await using client = startWrapped(dir.path, scriptedServer());
  const from = performance.now();
  client.write(`${request(1, 'slow', { ms: 5_000 })}\n${request(2, 'echo')}\n`);
  await answerTo(client, 2);
  expect(performance.now() - from).toBeGreaterThan(4_900);
  expect(client.lines.map(line => (JSON.parse(line) as { result: object }).result)).toEqual([
    { method: 'slow', ms: 5_000 },
    { method: 'echo' },
  ]);
  client.end();
  await client.exited;
  expect(facts(onlySession(await recordedBy(host, dir.path))).filter(({ event }) => event === 'mode')).toHaveLength(1);
});

test('stdin may end while lines and answers are still to be decided: all of them are, also the last one without a line feed', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  const log = join(dir.path, 'server.log');
  await using client = startWrapped(dir.path, scriptedServer('--exit-code', '7', '--log', log));
  const last = request(4, 'deny');
  client.write(
    `${request(1, 'slow', { ms: 400 })}\n${request(2, 'deny')}\n${request(3, 'gathered', { tools: [{ name: 'hidden' }] })}\n${last}`,
  );
  client.end();
  expect(await client.exited).toMatchObject({ code: 7 });
  expect(idsOf(client.lines).toSorted()).toEqual([1, 2, 3, 4]);
  expect(client.lines.find(line => line.includes('"id":3'))).toContain('"tools":[]');
  expect(idsOf(received(log))).toEqual([1, 3]);
  const session = onlySession(await recordedBy(host, dir.path));
  expect(linesOf(session, 'fromClient').at(-1)).toBe(last);
  expect(facts(session).at(-1)).toMatchObject({ event: 'exited', code: 7 });
});

test('a server that ends while its client still waits for verdicts: what waits is recorded, and the end is the last frame', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  await using client = startWrapped(dir.path, scriptedServer());
  client.write(`${request(1, 'exit', { code: 3 })}\n`);
  client.write(`${request(2, 'hold')}\n${request(3, 'echo')}\n`);
  expect(await client.exited).toMatchObject({ code: 3 });
  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(idsOf(linesOf(session, 'fromClient'))).toEqual([1, 2, 3]);
  expect(facts(session).at(-1)).toMatchObject({ event: 'exited', code: 3 });
  expect(session.frames.at(-1)?.frame.kind).toBe('lifecycle');
});

test('a shim from before the active mode stays transparent, and its session says that nothing was enforced', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path, { plan: 'closed' });
  const { hubPath, secret } = JSON.parse(readFileSync(join(dir.path, 'host.json'), 'utf8')) as { hubPath: string; secret: string };
  const hub = await connected(hubPath);
  const { modes, ...hello }: ShimHello = {
    protocolVersion: 1,
    secret,
    session: {
      id: 'an-older-shim-1',
      startedAt: Date.now(),
      pid: process.pid,
      pidMark: '',
      name: 'old',
      command: ['cat'],
      clientName: 'c',
    },
    lastSeq: 0,
    isOver: false,
    wasOffline: false,
    modes: [],
  };
  expect(modes).toEqual([]);
  hub.socket.write(encodeMessage(messageType.hello, [jsonBytes(hello)], crc32));
  const welcome = await hub.next();
  expect(readWelcome(welcome.payload)).toEqual({
    protocolVersion: 1,
    committedSeq: 0,
    modes: ['transparent', 'active', 'active-server', 'active-arrays'],
  });
  const frames = [
    { delivery: 'lifecycle', text: '{"event":"started","pid":1}' },
    { delivery: 'line', text: request(1, 'deny') },
    { delivery: 'lifecycle', text: '{"event":"exited","code":0,"signal":null}' },
  ] as const;
  for (const [index, { delivery, text }] of frames.entries()) {
    const body = Buffer.from(text);
    const head = {
      seq: index + 1,
      at: 1,
      monotonicUs: 1,
      direction: 'fromClient',
      delivery,
      sizeBytes: body.length,
      isDropped: false,
    } as const;
    for (const part of encodeFrame(head, [body], crc32)) hub.socket.write(part);
  }
  await until(
    () => hub.messages.some(({ type, payload }) => type === messageType.ack && Buffer.from(payload).readDoubleBE() === 3),
    'the ack',
  );
  hub.socket.destroy();
  const session = onlySession(await recordedBy(host, dir.path));
  expect(facts(session)).toEqual([
    { event: 'started', pid: 1, unenforced: true },
    { event: 'exited', code: 0, signal: null, unenforced: true },
  ]);
  expect(linesOf(session, 'fromClient')).toEqual([request(1, 'deny')]);
  expect(host.stderr()).toContain('its shim is too old');
});

test('a hub from before the active mode gets frames as it knows them, and nothing is asked of it', async () => {
  using dir = tempDataDir();
  const newer = await startHost(dir.path, { plan: 'closed' });
  await using client = startWrapped(dir.path, scriptedServer());
  await client.request('echo');
  await newer.kill('SIGKILL');
  // Frames with marks, which nobody has taken in yet.
  client.write(`${request(2, 'echo')}\n`);
  expect(JSON.parse(await answerTo(client, 2))).toMatchObject({ error: { code: 50300 } });
  const hubPath = join(dir.path, 'older.sock');
  const frames: ShimFrame[] = [];
  const hellos: ShimHello[] = [];
  const otherTypes: number[] = [];
  const older = createServer(socket => {
    readMessages(socket, ({ type, payload }) => {
      if (type === messageType.hello) {
        hellos.push(readHello(payload) as ShimHello);
        const committedSeq = frames.at(-1)?.seq ?? 0;
        socket.write(encodeMessage(messageType.welcome, [jsonBytes({ protocolVersion: 1, committedSeq, modes: ['transparent'] })], crc32));
      } else if (type === messageType.frame) {
        expect(isMarkedFrame(payload)).toBe(false);
        frames.push(decodeFrame(payload) as ShimFrame);
      } else otherTypes.push(type);
    });
  });
  await new Promise<void>(resolve => older.listen(hubPath, resolve));
  try {
    const before = JSON.parse(readFileSync(join(dir.path, 'host.json'), 'utf8')) as object;
    writeFileSync(join(dir.path, 'host.json'), JSON.stringify({ ...before, hubPath }));
    let id = 2;
    await until(() => {
      id += 1;
      client.write(`${request(id, 'deny')}\n`);
      return client.lines.some(line => line.includes('"result":{"method":"deny"}'));
    }, 'the session to stream again');
    client.end();
    await client.exited;
    expect(hellos[0]?.modes).toEqual(['transparent', 'active', 'active-server', 'active-arrays']);
    expect(otherTypes).toEqual([]);
    const texts = frames.filter(({ delivery }) => delivery === 'line').map(({ body }) => Buffer.from(body).toString());
    expect(texts).toContain(request(2, 'echo'));
    expect(texts).toContain(request(id, 'deny'));
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => (frames[0]?.seq ?? 0) + index));
  } finally {
    older.close();
  }
});

function readMessages(socket: Socket, onMessage: (message: Message) => void): void {
  const reader = new MessageReader(crc32);
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    reader.push(chunk);
    for (let message = reader.next(); message !== undefined; message = reader.next()) onMessage(message);
  });
}

async function connected(path: string): Promise<{ socket: Socket; messages: Message[]; next: () => Promise<Message> }> {
  const socket = connect(path);
  const messages: Message[] = [];
  readMessages(socket, message => messages.push({ ...message, payload: Uint8Array.from(message.payload) }));
  await new Promise(resolve => socket.once('connect', resolve));
  return { socket, messages, next: () => until(() => messages[0], 'a message') };
}
