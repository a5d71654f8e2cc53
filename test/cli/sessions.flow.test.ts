/** Sessions from the command line, with and without a host: listed, shown, named, exported, deleted. */
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readTape, type TapeItem } from '../../src/main/tapes/read.ts';
import { FrameSummary } from '../../src/shared/model/frame.ts';
import { Check } from '../../src/shared/model/host.ts';
import { SessionSummary } from '../../src/shared/model/session.ts';
import { runToEnd } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { cliFile, commandLine, wrapOnce } from './command-line.ts';

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const list = z.array(SessionSummary);
const shown = z.object({ session: SessionSummary, frames: z.array(FrameSummary) });

async function tapeItems(text: string): Promise<TapeItem[]> {
  const items: TapeItem[] = [];
  for await (const item of readTape([Buffer.from(text)])) items.push(item);
  return items;
}

test('what was wrapped without a host is taken in by the first command that looks', async () => {
  const cli = commandLine(home, 'offline');
  expect(await cli.json('session', 'list')).toEqual([]);
  expect(await wrapOnce(cli, home, 'harbour')).toMatchObject({ code: 0 });

  const sessions = list.parse(await cli.json('session', 'list'));
  expect(sessions).toMatchObject([{ transport: 'stdio', state: 'closed', clientName: 'test-client', wasOffline: true, exitCode: 0 }]);
  const id = sessions[0]?.id ?? '';
  const { session, frames } = shown.parse(await cli.json('session', 'show', id));
  expect(session.id).toBe(id);
  expect(session.frameCount).toBe(frames.length);
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, at) => at + 1));
  expect(frames.filter(({ kind }) => kind === 'request').map(({ method }) => method)).toEqual(['initialize', 'tools/call']);

  const { stdout } = await cli.run('session', 'show', id);
  expect(stdout).toMatch(/lifecycle .* server started, pid \d+\n/);
  expect(stdout).toMatch(/lifecycle .* client closed stdin\n/);
  expect(stdout).toMatch(/lifecycle .* server exited with code 0\n$/);
  expect(stdout).toMatch(/ result +1 .* \{.{118}…\n/);

  const again = list.parse(await cli.json('session', 'list'));
  expect(again).toEqual(sessions);
});

test('every session command says the same through a running host as without one', async () => {
  const cli = commandLine(home, 'both');
  await wrapOnce(cli, home, 'one');
  const alone = {
    list: await cli.json('session', 'list'),
    show: await cli.json('session', 'show', 'last'),
    tape: (await cli.run('tape', 'export', 'last')).stdout,
  };
  const { process: host } = await cli.ready('serve', '--port', '0');
  expect(await cli.json('session', 'list')).toEqual(alone.list);
  expect(await cli.json('session', 'show', 'last')).toEqual(alone.show);
  const frameLines = (tape: string) => tape.split('\n').slice(1, -2);
  expect(frameLines((await cli.run('tape', 'export', 'last')).stdout)).toEqual(frameLines(alone.tape));
  await host.stop();
});

test('a session can be named and deleted; a beginning of its id is enough, if it is the only one', async () => {
  const cli = commandLine(home, 'naming');
  await wrapOnce(cli, home, 'one');
  await wrapOnce(cli, home, 'two');
  const sessions = list.parse(await cli.json('session', 'list'));
  const [newest] = sessions;
  expect(sessions).toHaveLength(2);
  expect(await cli.json('session', 'rename', newest?.id.slice(0, -1) ?? '', 'high water')).toMatchObject({
    id: newest?.id,
    name: 'high water',
  });
  // Ids of wrapped sessions begin with the time, so that these two share a beginning.
  const common = newest?.id.slice(0, 3) ?? '';
  expect(sessions[1]?.id.startsWith(common)).toBe(true);
  expect(await cli.run('session', 'show', common)).toMatchObject({ code: 3, stderr: expect.stringContaining('2 sessions begin with') });
  expect((await cli.run('session', 'list')).stdout).toMatch(/^ID +STARTED +STATE.*\n.*high water\n/);
  expect(await cli.json('session', 'delete', newest?.id ?? '')).toEqual({ deleted: [newest?.id] });
  expect(list.parse(await cli.json('session', 'list')).map(({ id }) => id)).toEqual([sessions[1]?.id]);
  expect(await cli.run('session', 'show', newest?.id ?? '')).toMatchObject({ code: 3 });
});

test('a tape is whole, masks secrets unless told otherwise, and appears only when complete', async () => {
  const cli = commandLine(home, 'tape');
  await wrapOnce(cli, home, 'one');
  const file = join(home.path, 'session.mcptape');
  expect(await cli.run('tape', 'export', 'last', '--output', file)).toMatchObject({ code: 0, stdout: '' });
  const masked = readFileSync(file, 'utf8');
  expect(masked).not.toContain('hunter2');
  const items = await tapeItems(masked);
  expect(items[0]).toMatchObject({ kind: 'header', header: { isMasked: true, session: { clientName: 'test-client' } } });
  expect(items.at(-1)).toMatchObject({ kind: 'verdict', verdict: { state: 'whole', problems: [] } });

  const { stdout } = await cli.run('tape', 'export', 'last', '--reveal');
  expect(stdout).toContain('hunter2');
  expect((await tapeItems(stdout)).at(-1)).toMatchObject({ verdict: { state: 'whole' } });

  const nowhere = join(home.path, 'missing', 'session.mcptape');
  expect(await cli.run('tape', 'export', 'last', '--output', nowhere)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('could not be written'),
  });
  expect(existsSync(nowhere)).toBe(false);
});

test('an export through a running host has bodies masked by the host; only --reveal asks for secrets, and the log says so', async () => {
  const cli = commandLine(home, 'masked');
  await wrapOnce(cli, home, 'one');
  const { process: host } = await cli.ready('serve', '--port', '0', '--log-level', 'info');
  const { stdout: masked } = await cli.run('tape', 'export', 'last');
  expect(masked).not.toContain('hunter2');
  expect(masked).toContain('"maskedCount":1');
  expect((await tapeItems(masked)).at(-1)).toMatchObject({ verdict: { state: 'whole' } });
  expect(host.stderr()).not.toContain('revealed');

  expect((await cli.run('tape', 'export', 'last', '--reveal')).stdout).toContain('hunter2');
  await host.firstLine('stderr', line => (line.includes('A body was revealed') ? true : undefined));
  await host.stop();

  const alone = await cli.run('tape', 'export', 'last', '--log-level', 'info');
  expect(alone.stdout).not.toContain('hunter2');
  expect(alone.stderr).not.toContain('revealed');
});

test('a tape of a large compressed body is the same with and without a host, and masked across slices', async () => {
  const cli = commandLine(home, 'large');
  // Unpacked, a secret lies across the end of the first slice of 4 MiB.
  const start = '{"jsonrpc":"2.0","id":1,"result":{"padding":"';
  const secret = '","password":"tell-nobody-of-this","after":"';
  const packed = gzipSync(`${start}${'x'.repeat(4 * 1024 * 1024 - start.length - 24)}${secret}${'y'.repeat(4096)}"}}`);
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const { process: host, line } = await cli.ready('proxy', '--upstream', upstream, '--port', '0');
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"token":"tell-nobody-either"}}';
  await (await fetch(line.listeners[0]?.url ?? '', { method: 'POST', headers, body })).text();
  await expect.poll(() => cli.json('session', 'list'), { timeout: 10_000 }).toMatchObject([{ frameCount: 2 }]);
  const [{ id } = { id: '' }] = list.parse(await cli.json('session', 'list'));

  const beside = {
    masked: (await cli.run('tape', 'export', id)).stdout,
    revealed: (await cli.run('tape', 'export', id, '--reveal')).stdout,
  };
  await host.stop();
  server.close();
  const alone = {
    masked: (await cli.run('tape', 'export', id)).stdout,
    revealed: (await cli.run('tape', 'export', id, '--reveal')).stdout,
  };

  const frameLines = (tape: string) => tape.split('\n').slice(1, -2);
  for (const version of ['masked', 'revealed'] as const) {
    const same = frameLines(beside[version]).map((text, at) => text === frameLines(alone[version])[at]);
    expect(same).toEqual([true, true]);
  }
  expect(beside.masked.match(/nobody/g)).toBeNull();
  expect(beside.masked.match(/"maskedCount":1\b/g)).toHaveLength(2);
  expect(beside.masked).toContain('x'.repeat(1000));
  expect(beside.revealed).toContain('tell-nobody-either');
  expect(frameLines(beside.revealed)[1]).toContain(packed.toString('base64'));
});

test('doctor finds everything in order, with and without a host', async () => {
  const cli = commandLine(home, 'doctor');
  const checks = z.object({ checks: z.array(Check) });
  const names = [
    'Node',
    'Data directory',
    'Port 7390 (window)',
    'Port 7381 (proxy)',
    'Browser',
    'Host',
    'Store',
    'Store integrity',
    'Free disk',
    'Hub socket',
  ];
  const alone = checks.parse(await cli.json('doctor'));
  expect(alone.checks.map(({ name }) => name)).toEqual(names);
  expect(alone.checks.filter(({ state }) => state === 'fail')).toEqual([]);
  const { process: host } = await cli.ready('serve', '--port', '0');
  const { checks: beside } = checks.parse(await cli.json('doctor'));
  expect(beside.find(({ name }) => name === 'Host')?.detail).toContain(`process ${host.pid}`);
  expect((await cli.run('doctor')).stdout).toMatch(/^✓ Node +Node 2\d/);
  await host.stop();
});

test('doctor reads the whole store: a file with a torn page fails, with what to do next, also while a host uses it', async () => {
  const cli = commandLine(home, 'torn');
  await wrapOnce(cli, home, 'one');
  expect(await cli.json('session', 'list')).toHaveLength(1);
  tearPageOf('frame', join(cli.dataDir, 'traffic.db'));

  const { code, stdout } = await cli.run('doctor', '--json');
  expect(code).toBe(1);
  const { checks } = z.object({ checks: z.array(Check) }).parse(JSON.parse(stdout));
  expect(checks.filter(({ state }) => state === 'fail')).toEqual([
    {
      name: 'Store integrity',
      state: 'fail',
      detail: expect.stringMatching(/problems? in .*traffic\.db: \S/),
      advice: expect.stringContaining('shadowcat tape export'),
    },
  ]);
  const { process: host } = await cli.ready('serve', '--port', '0');
  const beside = await cli.run('doctor');
  expect(beside.code).toBe(1);
  expect(beside.stdout).toMatch(/^✗ Store integrity .*\n +→ Save what still reads .* move \S+traffic\.db away/m);
  await host.stop();
});

test('doctor on a directory that cannot be one: whatever fails says what to do next', async () => {
  const path = join(home.path, 'a-file');
  writeFileSync(path, '');
  const { code, stdout } = await runToEnd({ args: [cliFile, 'doctor', '--json', '--data-dir', path], home: home.path });
  expect(code).toBe(1);
  const { checks } = z.object({ checks: z.array(Check) }).parse(JSON.parse(stdout));
  const failing = checks.filter(({ state }) => state === 'fail');
  expect(failing.map(({ name }) => name)).toContain('Host');
  for (const { advice } of failing) expect(advice).toMatch(/--data-dir/);
});

/** As a power cut in the middle of a write leaves it: the second half of a page never reached the disk. */
function tearPageOf(table: string, path: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  const { rootpage } = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table) as { rootpage: number };
  const { page_size: size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(size / 2), 0, size / 2, (rootpage - 1) * size + size / 2);
  closeSync(file);
}
