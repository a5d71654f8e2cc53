/** Hosts as processes: what `serve` and `proxy` say, who may be host of a directory, and how hosts end. */
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProcess, asJsonObject, type RunningProcess } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { commandLine, sampleHttpServer } from './command-line.ts';

let home: ScratchHome;
let upstream: RunningProcess;
let upstreamUrl: string;
beforeAll(async () => {
  home = await scratchHome();
  upstream = startProcess({ args: [sampleHttpServer], home: home.path });
  upstreamUrl = await upstream.firstLine('stdout', line => asJsonObject(line)?.['url'] as string | undefined);
});
afterAll(async () => {
  await upstream.stop();
  await home[Symbol.asyncDispose]();
});

/** One modern request, as a client would send it to a listener. */
async function ask(url: string, method: string, params: Record<string, unknown>): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
  };
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } });
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.text();
  return response.status;
}

const listTools = (url: string) => ask(url, 'tools/list', {});
const callTool = (url: string, name: string) => ask(url, 'tools/call', { name, arguments: {} });

test('serve says in its first line where its window is, and ends with 0 when told to', async () => {
  const cli = commandLine(home, 'serve');
  const { process: host, line } = await cli.ready('serve', '--port', '0');
  expect(Object.keys(line)).toEqual(['event', 'uiUrl', 'pid', 'dataDir', 'listeners']);
  expect(line).toEqual({
    event: 'ready',
    uiUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/),
    pid: host.pid,
    dataDir: cli.dataDir,
    listeners: [],
  });
  const page = await fetch(line.uiUrl ?? '');
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<title>Shadowcat</title>');
  expect(statSync(cli.dataDir).mode & 0o777).toBe(0o700);
  expect(statSync(join(cli.dataDir, 'host.json')).mode & 0o777).toBe(0o600);

  const stoppedAt = Date.now();
  host.child.kill('SIGTERM');
  expect(await host.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - stoppedAt).toBeLessThan(10_000);
  expect(existsSync(join(cli.dataDir, 'host.json'))).toBe(false);
  await expect(fetch(line.uiUrl ?? '')).rejects.toThrow('fetch failed');
});

test('Ctrl-C ends it as well; for people it says what to do', async () => {
  const cli = commandLine(home, 'people');
  const host = cli.start('serve', '--port', '0');
  await host.firstLine('stdout', line => (line.startsWith('Stop with Ctrl-C') ? true : undefined));
  expect(host.stdout()).toMatch(/Window {5}http:\/\/127\.0\.0\.1:\d+\/#token=/);
  expect(host.stdout()).toContain(cli.dataDir);
  expect(host.stderr()).toBe('');
  host.child.kill('SIGINT');
  expect(await host.exited).toEqual({ code: 0, signal: null });
});

test('a second serve on the same directory names the first one and a fresh address, and ends with 0', async () => {
  const cli = commandLine(home, 'twice');
  const { process: host, line: first } = await cli.ready('serve', '--port', '0');
  const second = await cli.json('serve');
  expect(second).toMatchObject({ event: 'already-running', pid: host.pid, dataDir: cli.dataDir });
  const { uiUrl } = second as { uiUrl: string };
  expect(new URL(uiUrl).origin).toBe(new URL(first.uiUrl ?? '').origin);
  expect(uiUrl).not.toBe(first.uiUrl);
  await host.stop();
});

test('two that start at the same moment: one becomes the host, the other finds it', async () => {
  const cli = commandLine(home, 'race');
  const both = [cli.start('serve', '--port', '0', '--json'), cli.start('serve', '--port', '0', '--json')];
  const lines = await Promise.all(both.map(host => host.firstLine('stdout', line => asJsonObject(line))));
  expect(lines.map(line => line['event']).toSorted()).toEqual(['already-running', 'ready']);
  expect(lines[0]?.['pid']).toBe(lines[1]?.['pid']);
  await Promise.all(both.map(host => host.stop()));
});

test('a host that was killed is no obstacle: its file is found stale, and what it recorded is there', async () => {
  const cli = commandLine(home, 'killed');
  const { process: first, line } = await cli.ready('proxy', '--upstream', upstreamUrl, '--port', '0');
  expect(await listTools(line.listeners[0]?.url ?? '')).toBe(200);
  await expect.poll(() => cli.json('session', 'list')).toMatchObject([{ frameCount: 2 }]);
  first.child.kill('SIGKILL');
  await first.exited;
  expect(existsSync(join(cli.dataDir, 'host.json'))).toBe(true);

  expect(await cli.json('session', 'list')).toMatchObject([{ state: 'interrupted', transport: 'streamable-http' }]);
  const { process: second } = await cli.ready('serve', '--port', '0');
  expect(JSON.parse(readFileSync(join(cli.dataDir, 'host.json'), 'utf8'))).toMatchObject({ pid: second.pid });
  await second.stop();
});

test('a named port that is taken is an error with its own exit code; an unnamed one moves on', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const cli = commandLine(home, 'ports');
  const refused = await cli.run('serve', '--port', String(port));
  expect(refused).toMatchObject({ code: 4, stderr: `shadowcat: Port ${port} is taken by another program.\n` });
  const refusedProxy = await cli.run('proxy', '--upstream', upstreamUrl, '--port', String(port));
  expect(refusedProxy).toMatchObject({
    code: 4,
    stdout: '',
    stderr: `shadowcat: Port ${port} is taken; name another one, or none to take the next that is free.\n`,
  });
  other.close();

  const one = await cli.ready('serve');
  const two = await commandLine(home, 'ports-two').ready('serve');
  expect(new URL(two.line.uiUrl ?? '').port).not.toBe(new URL(one.line.uiUrl ?? '').port);
  await Promise.all([one.process.stop(), two.process.stop()]);
});

test('proxy alone becomes the host and names its address, path included', async () => {
  const cli = commandLine(home, 'proxy');
  const { process: proxy, line } = await cli.ready('proxy', '--upstream', upstreamUrl, '--port', '0', '--name', 'tides');
  expect(line).toMatchObject({
    event: 'ready',
    pid: proxy.pid,
    listeners: [{ name: 'tides', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/) }],
  });
  expect(await listTools(line.listeners[0]?.url ?? '')).toBe(200);
  await expect.poll(() => cli.json('session', 'list'), { timeout: 10_000 }).toMatchObject([{ frameCount: 2 }]);
  proxy.child.kill('SIGINT');
  expect(await proxy.exited).toEqual({ code: 0, signal: null });
});

test('a session over HTTP shows its requests and answers without a message by method, path, status and type', async () => {
  const cli = commandLine(home, 'http');
  const { process: proxy, line } = await cli.ready('proxy', '--upstream', upstreamUrl, '--port', '0');
  const url = line.listeners[0]?.url ?? '';
  await listTools(url);
  await fetch(url, { headers: { accept: 'text/event-stream' } });
  await fetch(url, { method: 'DELETE' });
  await proxy.stop();

  const sessions = (await cli.json('session', 'list')) as { id: string }[];
  const shown = await Promise.all(sessions.map(async ({ id }) => (await cli.run('session', 'show', id)).stdout));
  const text = shown.join('');
  for (const row of ['→  http +GET /mcp ', '←  http +GET /mcp 405 ', '→  http +DELETE /mcp ', '←  http +DELETE /mcp 405 '])
    expect(text).toMatch(new RegExp(row));
});

test('proxy beside a running host uses it, and takes its listener along when it ends', async () => {
  const cli = commandLine(home, 'beside');
  const { process: host } = await cli.ready('serve', '--port', '0');
  const { process: proxy, line } = await cli.ready('proxy', '--upstream', upstreamUrl, '--port', '0');
  expect(line).toMatchObject({ event: 'ready', pid: host.pid, uiUrl: expect.stringContaining('#token=') });
  const url = line.listeners[0]?.url ?? '';
  expect(await listTools(url)).toBe(200);
  proxy.child.kill('SIGKILL');
  await proxy.exited;
  await expect
    .poll(
      () =>
        fetch(url).then(
          () => 'open',
          () => 'closed',
        ),
      { timeout: 5_000 },
    )
    .toBe('closed');
  await host.stop();
});

test('a proxy whose host goes away says so and ends with 4', async () => {
  const cli = commandLine(home, 'orphan');
  const { process: host } = await cli.ready('serve', '--port', '0');
  const { process: proxy } = await cli.ready('proxy', '--upstream', upstreamUrl, '--port', '0');
  await host.stop();
  expect(await proxy.exited).toEqual({ code: 4, signal: null });
  expect(proxy.stderr()).toContain('The host went away');
});

test('a second signal does not wait for an orderly end', async () => {
  const cli = commandLine(home, 'impatient');
  const { process: host, line } = await cli.ready('proxy', '--upstream', upstreamUrl, '--port', '0');
  // A call that nobody answers in time, which an orderly end gives a moment to finish.
  const slow = callTool(line.listeners[0]?.url ?? '', 'count_gulls').catch(() => 'cut');
  await expect.poll(() => cli.json('session', 'list')).toMatchObject([{ pendingCount: 1 }]);
  host.child.kill('SIGTERM');
  host.child.kill('SIGINT');
  // That of the one that came second; where both wait to be heard, the system decides which that is.
  expect(await host.exited).toEqual({ code: expect.toBeOneOf([128 + 2, 128 + 15]) as unknown, signal: null });
  expect(await slow).toBe('cut');
});

test('logs are JSON lines on stderr, and only when asked for', async () => {
  const cli = commandLine(home, 'logs');
  const { process: host } = await cli.ready('serve', '--port', '0', '--log-level', 'info');
  const entry = await host.firstLine('stderr', line => asJsonObject(line));
  expect(entry).toMatchObject({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    level: 'info',
    message: 'The host is ready',
    dataDir: cli.dataDir,
  });
  expect(host.stderr()).not.toContain('token');
  await host.stop();
});
