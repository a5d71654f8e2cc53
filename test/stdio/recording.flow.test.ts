/** What is recorded of a wrapped session, with a host at hand. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  isGapless,
  linesOf,
  onlySession,
  recordedBy,
  scriptedServer,
  spoolFiles,
  startHost,
  startWrapped,
  StdioClient,
  shimFile,
  tempDataDir,
  until,
} from '../kit/stdio-shim.ts';

test('a session is recorded frame by frame: lines, stderr, stray stdout, facts, names and exit code', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, scriptedServer('--exit-code', '7'));
  client.write(
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"probe-client","version":"9"}}}\n',
  );
  await client.line(line => line.includes('"id":0'));
  await client.request('stderr', { text: 'one\ntwo' });
  await client.request('stray', { text: 'hello, not json' });
  await until(() => client.stderr.length > 0, 'stderr');
  client.end();
  expect(await client.exited).toMatchObject({ code: 7 });

  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(session.session).toMatchObject({
    transport: 'stdio',
    state: 'closed',
    exitCode: 7,
    clientName: 'probe-client',
    serverName: 'scripted',
    protocolVersion: '2025-11-25',
    wasOffline: false,
  });
  expect(linesOf(session, 'fromServer')).toEqual(client.stdout.toString().split('\n').slice(0, -1));
  const kinds = session.frames.map(({ frame }) => frame.kind);
  expect(kinds[0]).toBe('lifecycle');
  expect(kinds.at(-1)).toBe('lifecycle');
  const texts = (kind: string) => session.frames.filter(({ frame }) => frame.kind === kind).map(({ body }) => Buffer.from(body).toString());
  expect(texts('stderr')).toEqual(['one', 'two']);
  expect(texts('stdout')).toEqual(['hello, not json']);
  expect(texts('lifecycle').map(text => (JSON.parse(text) as { event: string }).event)).toEqual(['started', 'stdin-ended', 'exited']);
  expect(spoolFiles(dir.path)).toEqual([]);
});

test('checklist 21: lines split anywhere, also inside a character, are one frame each', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['cat']);
  const lines = [
    '{"jsonrpc":"2.0","method":"a","params":{"t":"\u00e4\ud83d\ude00\u4e2d"}}',
    '',
    '{"jsonrpc":"2.0","method":"b"}\r',
    'no line feed at the end',
  ];
  for (const byte of Buffer.from(lines.join('\n'))) {
    client.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(linesOf(session, 'fromClient')).toEqual(lines);
  expect(linesOf(session, 'fromServer')).toEqual(lines);
});

test('checklist 23: the probe of an SDK v2 client is answered by the real server and shown as a probe', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  const probe = startWrapped(dir.path, scriptedServer());
  const real = startWrapped(dir.path, scriptedServer());
  const answer = await probe.request('server/discover');
  expect(answer).toMatchObject({ serverInfo: { name: 'scripted' } });
  probe.end();
  probe.child.kill('SIGTERM');
  await probe.exited;
  expect(await real.request('echo', { n: 1 })).toMatchObject({ n: 1 });
  real.end();
  expect(await real.exited).toMatchObject({ code: 0 });
  const sessions = await recordedBy(host, dir.path);
  expect(sessions.map(({ session }) => session.isProbe).toSorted()).toEqual([false, true]);
  expect(sessions.map(({ session }) => session.state)).toEqual(['closed', 'closed']);
});

test('checklist 30: a cancellation is forwarded at once, and the late answer belongs to its request', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['cat']);
  const lines = [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
  ];
  // The server here says back what it hears, so its last line is an answer after the cancellation.
  client.write(`${lines.join('\n')}\n`);
  await client.line(line => line === lines[1]);
  client.write('{"jsonrpc":"2.0","id":1,"result":{}}\n');
  await client.line(line => line.includes('result'));
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  const cancelled = session.frames.find(({ frame }) => frame.direction === 'fromClient' && frame.method === 'notifications/cancelled');
  const request = session.frames.find(({ frame }) => frame.direction === 'fromClient' && frame.method === 'tools/call');
  const late = session.frames.find(({ frame }) => frame.direction === 'fromServer' && frame.kind === 'result');
  expect(request?.frame.exchangeId).toBeDefined();
  expect(cancelled?.frame.exchangeId).toBe(request?.frame.exchangeId);
  expect(late?.frame.exchangeId).toBe(request?.frame.exchangeId);
});

test('checklist 37: a 50 MB line is recorded as a copy that says it is one, with size, hash and request', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, scriptedServer());
  const { text } = (await client.request('big', { bytes: 50_000_000 })) as { text: string };
  expect(text.length).toBe(50_000_000);
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  const frame = session.frames.find(one => one.frame.sizeBytes > 50_000_000);
  expect(frame?.frame).toMatchObject({ kind: 'result', idText: '1', storedBytes: 1024 * 1024, flags: ['body-truncated'] });
  expect(frame?.frame.contentHash).toBe(createHash('sha256').update(client.stdout.subarray(0, -1)).digest('hex'));
  expect(frame?.frame.latencyMs).toBeGreaterThan(0);
  expect(frame?.frame.exchangeId).toBe(session.frames.find(one => one.frame.method === 'big')?.frame.exchangeId);
});

test('a prompt on stderr without a line feed is recorded while the server waits', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['sh', '-c', 'printf "Password: " >&2; read answer; printf "thanks\\n" >&2']);
  await until(() => client.stderr.toString() === 'Password: ', 'the prompt');
  await new Promise(resolve => {
    setTimeout(resolve, 1_000);
  });
  client.write('x\n');
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.frames.filter(({ frame }) => frame.kind === 'stderr').map(({ body }) => Buffer.from(body).toString())).toEqual([
    'Password: ',
    'thanks',
  ]);
});

test('names: --name stays whatever the server says of itself; without it the command is shown', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  const named = startWrapped(dir.path, scriptedServer(), ['--name', 'my server']);
  await named.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } });
  const unnamed = startWrapped(dir.path, ['cat']);
  unnamed.write('hello\n');
  await unnamed.line(line => line === 'hello');
  for (const client of [named, unnamed]) {
    client.end();
    await client.exited;
  }
  const sessions = await recordedBy(host, dir.path);
  expect(sessions.map(({ session }) => session.serverName).toSorted()).toEqual(['cat', 'my server']);
  expect(sessions.find(({ session }) => session.serverName === 'cat')?.session).toMatchObject({
    upstream: 'cat',
    clientName: readFileSync('/proc/self/comm', 'utf8').trim(),
  });
});

test('a server that cannot be started is a session too, with its reason', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['/nowhere/server', '--key', 'value']);
  expect(await client.exited).toMatchObject({ code: 127 });
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.session).toMatchObject({ exitCode: 127, upstream: '/nowhere/server --key value' });
  expect(session.frames.map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as { event: string }).event)).toEqual([
    'not-started',
    'exited',
  ]);
});

test('--require-host starts nothing without a host, and the server as usual with one', async () => {
  using dir = tempDataDir();
  await using refused = startWrapped(dir.path, ['sh', '-c', 'echo ran'], ['--require-host']);
  expect(await refused.exited).toMatchObject({ code: 125 });
  expect(refused.stdout.length).toBe(0);
  expect(refused.stderr.toString()).toContain('no Shadowcat host answered');
  await using host = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['sh', '-c', 'echo ran'], ['--require-host']);
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stdout.toString()).toBe('ran\n');
  expect(await recordedBy(host, dir.path)).toHaveLength(1);
});

test('the data directory comes from the environment or the home directory when no argument names it', async () => {
  using dir = tempDataDir();
  const run = [shimFile(), '--', 'cat'];
  for (const [env, spoolDir] of [
    [{ SHADOWCAT_DATA_DIR: join(dir.path, 'named') }, 'named'],
    [{ HOME: dir.path }, '.local/share/shadowcat'],
  ] as const) {
    await using client = new StdioClient(process.execPath, run, env);
    client.end();
    await client.exited;
    expect(spoolFiles(join(dir.path, spoolDir))).toHaveLength(1);
  }
});
