/** Whatever starts, crashes or restarts in whatever order: no frame of a wrapped session is lost or doubled, and its client notices nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { quickest } from '../kit/quickest.ts';
import {
  isGapless,
  linesOf,
  onlySession,
  recorded,
  recordedBy,
  scriptedServer,
  spoolFiles,
  startHost,
  startWrapped,
  tempDataDir,
  until,
  type StdioClient,
} from '../kit/stdio-shim.ts';
import { isAlive } from '../kit/is-alive.ts';

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({ jsonrpc: '2.0', method: 'n', params: { n: from + index, pad: 'p'.repeat(100) } }),
  );

/** What a running host has in its store already: one value. */
function storedIn(dataDir: string, query: string): unknown {
  const store = new DatabaseSync(join(dataDir, 'traffic.db'), { readOnly: true });
  try {
    return store.prepare(query).get()?.['value'];
  } finally {
    store.close();
  }
}

/** Writes lines to a `cat` behind the shim, as fast as they come back. */
async function play(client: StdioClient, lines: readonly string[]): Promise<void> {
  client.write(`${lines.join('\n')}\n`);
  await client.line(line => line === lines.at(-1));
}

test('with no host at all, a session is spooled and taken in by the next host: every frame once, marked as offline', async () => {
  using dir = tempDataDir();
  const client = startWrapped(dir.path, ['cat']);
  const lines = numbered(2_000);
  await play(client, lines);
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  const [spool] = spoolFiles(dir.path);
  expect(statSync(spool ?? '').mode & 0o777).toBe(0o600);

  await using host = await startHost(dir.path);
  await until(() => spoolFiles(dir.path).length === 0, 'the spool to be taken in');
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.session).toMatchObject({ wasOffline: true, state: 'closed', exitCode: 0, frameCount: 2 * lines.length + 3 });
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromClient')).toEqual(lines);
  expect(linesOf(session, 'fromServer')).toEqual(lines);
});

test('a host that appears later gets the session so far and goes on live', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['cat']);
  const lines = numbered(600);
  await play(client, lines.slice(0, 300));
  await until(() => spoolFiles(dir.path).length === 1, 'the spool');
  await using host = await startHost(dir.path);
  await play(client, lines.slice(300));
  // All is committed, so the shim keeps nothing.
  await until(() => spoolFiles(dir.path).length === 0, 'the end of the spool');
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.session).toMatchObject({ wasOffline: true, state: 'closed' });
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromServer')).toEqual(lines);
});

test('the host is killed and started again under load, twice: the client gets every answer, the store every frame once', async () => {
  using dir = tempDataDir();
  let host = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['cat']);
  const lines = numbered(40_000);
  let sent = 0;
  const load = setInterval(() => {
    const next = lines.slice(sent, sent + 250);
    sent += next.length;
    if (next.length > 0) client.write(`${next.join('\n')}\n`);
  }, 20);
  for (let round = 0; round < 2; round += 1) {
    await until(() => sent > (round + 1) * 10_000, 'load');
    await host.kill('SIGKILL');
    await until(() => sent > (round + 1) * 10_000 + 5_000, 'load without a host');
    host = await startHost(dir.path);
  }
  await client.line(line => line === lines.at(-1));
  clearInterval(load);
  client.end();
  expect(await client.exited).toMatchObject({ code: 0, signal: null });
  expect(client.stderr.length).toBe(0);
  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromClient')).toEqual(lines);
  expect(linesOf(session, 'fromServer')).toEqual(lines);
  expect(session.session).toMatchObject({ state: 'closed', exitCode: 0 });
}, 90_000);

test('a request that was pending when the host was killed is linked to its answer afterwards', async () => {
  using dir = tempDataDir();
  const first = await startHost(dir.path);
  await using client = startWrapped(dir.path, [
    'sh',
    '-c',
    'read request; read go; echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":1,\\"result\\":{}}"; cat',
  ]);
  client.write('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}\n');
  await new Promise(resolve => {
    setTimeout(resolve, 500);
  });
  await first.kill('SIGKILL');
  await using second = await startHost(dir.path);
  client.write('go\n');
  await client.line(line => line.includes('result'));
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(second, dir.path));
  const [request, result] = ['request', 'result'].map(kind => session.frames.find(({ frame }) => frame.kind === kind)?.frame);
  expect(result?.exchangeId).toBe(request?.exchangeId);
  expect(session.session).toMatchObject({ state: 'closed', pendingCount: 0 });
});

test('a host that is stopped in good order and started again goes on with the session', async () => {
  using dir = tempDataDir();
  const first = await startHost(dir.path);
  await using client = startWrapped(dir.path, ['cat']);
  const lines = numbered(30);
  await play(client, lines.slice(0, 10));
  await first.kill('SIGTERM');
  await play(client, lines.slice(10, 20));
  await using second = await startHost(dir.path);
  await play(client, lines.slice(20));
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(second, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromServer')).toEqual(lines);
  expect(session.session).toMatchObject({ state: 'closed', exitCode: 0 });
});

test('the shim is killed with no host: what it had spooled is there, in order, and the session is interrupted', async () => {
  using dir = tempDataDir();
  const client = startWrapped(dir.path, ['cat']);
  const lines = numbered(500);
  await play(client, lines);
  const last = lines.at(-1) ?? '';
  await until(() => spoolFiles(dir.path).some(file => readFileSync(file, 'utf8').split(last).length === 3), 'both to be spooled');
  client.child.kill('SIGKILL');
  await client.exited;
  await using host = await startHost(dir.path);
  await until(() => spoolFiles(dir.path).length === 0, 'the spool to be taken in');
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.session).toMatchObject({ state: 'interrupted', endReason: 'the shim was killed', wasOffline: true });
  expect(isGapless(session)).toBe(true);
  expect(linesOf(session, 'fromServer')).toEqual(lines);
});

test('the shim is killed beside a living host: all it had sent is there, and the session ends as interrupted', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  const client = startWrapped(dir.path, scriptedServer());
  const { pid } = (await client.request('pid')) as { pid: number };
  await client.request('echo', { n: 2 });
  await until(() => storedIn(dir.path, 'SELECT count(*) AS value FROM frame') === 5, 'the frames to be stored');
  client.child.kill('SIGKILL');
  await client.exited;
  await until(() => !isAlive(pid), 'the server to see the end of its stdin');
  await until(() => storedIn(dir.path, 'SELECT state AS value FROM session') === 'interrupted', 'the host to notice');
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.session).toMatchObject({ state: 'interrupted', endReason: 'the shim was killed' });
  expect(linesOf(session, 'fromServer')).toHaveLength(2);
});

test('a spool file that was cut in the middle of a frame gives all that is whole', async () => {
  using dir = tempDataDir();
  const client = startWrapped(dir.path, ['cat']);
  const lines = numbered(200);
  await play(client, lines);
  client.end();
  await client.exited;
  const [spool = ''] = spoolFiles(dir.path);
  const bytes = readFileSync(spool);
  writeFileSync(spool, bytes.subarray(0, Math.floor(bytes.length / 2)));
  await using host = await startHost(dir.path);
  await until(() => spoolFiles(dir.path).length === 0, 'the spool to be taken in');
  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  const got = linesOf(session, 'fromClient');
  expect(got.length).toBeGreaterThan(50);
  expect(got).toEqual(lines.slice(0, got.length));
  expect(session.session.state).toBe('interrupted');
});

test('a damaged spool file gives what stands before the damage and is set aside, not deleted', async () => {
  using dir = tempDataDir();
  const client = startWrapped(dir.path, ['cat']);
  await play(client, numbered(200));
  client.end();
  await client.exited;
  const [spool = ''] = spoolFiles(dir.path);
  const bytes = readFileSync(spool);
  bytes.fill(0xff, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 20);
  writeFileSync(spool, bytes);
  await using host = await startHost(dir.path);
  await until(() => existsSync(`${spool}.damaged`), 'the file to be set aside');
  const session = onlySession(await recordedBy(host, dir.path));
  expect(isGapless(session)).toBe(true);
  expect(session.frames.length).toBeGreaterThan(50);
});

test('what is no file in the spool directory is left alone, said once, and keeps nothing waiting', async () => {
  using dir = tempDataDir();
  const client = startWrapped(dir.path, ['cat']);
  await play(client, numbered(20));
  client.end();
  await client.exited;
  const [spool = ''] = spoolFiles(dir.path);
  const spoolDir = join(dir.path, 'spool');
  const odd = ['00-pipe.spool', '01-link.spool', '02-directory.spool'].map(name => join(spoolDir, name));
  const [pipe = '', link = '', directory = ''] = odd;
  execFileSync('mkfifo', [pipe]);
  writeFileSync(join(dir.path, 'elsewhere'), readFileSync(spool));
  symlinkSync(join(dir.path, 'elsewhere'), link);
  mkdirSync(directory);
  await using host = await startHost(dir.path);
  await until(() => !existsSync(spool), 'the spool to be taken in');
  // A connection that ends makes the hub look again.
  const second = startWrapped(dir.path, ['cat']);
  await play(second, numbered(3));
  second.end();
  await second.exited;
  await new Promise(resolve => {
    setTimeout(resolve, 500);
  });
  const from = performance.now();
  await host.kill('SIGTERM');
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(spoolFiles(dir.path).toSorted()).toEqual(odd);
  for (const path of odd) expect(host.stderr().split(basename(path))).toHaveLength(2);
  expect(await recorded(dir.path)).toHaveLength(2);
});

test('a spool file is not touched while its shim lives', async () => {
  using dir = tempDataDir();
  await using client = startWrapped(dir.path, ['cat']);
  await play(client, numbered(20));
  await until(() => spoolFiles(dir.path).length === 1, 'the spool');
  // A host that this shim cannot reach: its host.json is never the one of the shim's directory.
  await using host = await startHost(dir.path, { isHidden: true });
  await new Promise(resolve => {
    setTimeout(resolve, 1_500);
  });
  expect(spoolFiles(dir.path)).toHaveLength(1);
  client.end();
  await client.exited;
  const session = onlySession(await recordedBy(host, dir.path));
  expect(session.session).toMatchObject({ state: 'closed', wasOffline: true });
  expect(isGapless(session)).toBe(true);
});

test('the hub lets in only who knows the secret, and its socket is its owner\u2019s alone', async () => {
  using dir = tempDataDir();
  await using host = await startHost(dir.path);
  const hubPath = join(dir.path, 'hub.sock');
  expect(statSync(hubPath).mode & 0o777).toBe(0o600);
  writeFileSync(join(dir.path, 'host.json'), JSON.stringify({ hubPath, secret: 'guessed' }));
  const client = startWrapped(dir.path, ['cat']);
  await play(client, numbered(3));
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(spoolFiles(dir.path)).toHaveLength(1);

  // Bytes that are no protocol of ours end the connection and nothing else.
  const socket = connect(hubPath);
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket
    .on('error', () => undefined)
    .resume()
    .write('GET / HTTP/1.1\r\n\r\n'.repeat(20));
  await closed;
  expect(isAlive(host.pid)).toBe(true);
});

test('a host without a reachable hub costs the exit of a session nothing', async () => {
  using dir = tempDataDir();
  writeFileSync(join(dir.path, 'host.json'), JSON.stringify({ hubPath: join(dir.path, 'nobody.sock'), secret: 'x' }));
  let sessionCount = 0;
  const endedWithinMs = await quickest(300, async () => {
    const client = startWrapped(dir.path, ['cat']);
    await play(client, numbered(3));
    const from = performance.now();
    client.end();
    await client.exited;
    sessionCount += 1;
    return performance.now() - from;
  });
  expect(endedWithinMs).toBeLessThan(300);
  expect(spoolFiles(dir.path)).toHaveLength(sessionCount);
});

test('a data directory that cannot be written costs the record, not the traffic', async () => {
  using dir = tempDataDir();
  writeFileSync(join(dir.path, 'file'), '');
  const client = startWrapped(join(dir.path, 'file', 'below'), ['cat']);
  const lines = numbered(3_000);
  await play(client, lines);
  client.end();
  expect(await client.exited).toMatchObject({ code: 0 });
  expect(client.stdout.toString()).toBe(`${lines.join('\n')}\n`);
  expect(await recorded(dir.path)).toEqual([]);
});
