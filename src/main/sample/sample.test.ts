/** The sample's own peers, speaking to each other directly: what is played must be real before it is proxied. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger, systemClock } from '../ports.ts';
import { playSample, type SamplePaths } from './play-sample.ts';
import { samplePlayer } from './sample-player.ts';

const resources = join(import.meta.dirname, '../../../resources/sample');
const noHost = {
  openProxy: async ({ upstream }: { upstream: string }) => ({ id: 'p', name: 'n', kind: 'proxy' as const, url: upstream, upstream }),
  closeProxy: async () => {},
};

let folder: string;
let paths: SamplePaths;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shadowcat-sample-'));
  // In place of the shim: forwards both ways and keeps what passed, so that the test sees the wire.
  const shim = join(folder, 'shim.mjs');
  writeFileSync(
    shim,
    `import { spawn } from 'node:child_process';
     import { appendFileSync } from 'node:fs';
     const [command, ...args] = process.argv.slice(process.argv.indexOf('--') + 1);
     const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
     const tee = (from, to, mark) => from.on('data', data => { appendFileSync(${JSON.stringify(join(folder, 'wire'))}, mark + data); to?.write(data); });
     tee(process.stdin, child.stdin, '> '); tee(child.stdout, process.stdout, '< '); tee(child.stderr, undefined, '! ');
     process.stdin.on('end', () => child.stdin.end());
     child.on('exit', code => process.exit(code));`,
  );
  paths = {
    dataDir: folder,
    node: process.execPath,
    env: { PATH: process.env['PATH'] },
    shim,
    stdioServer: join(resources, 'server.mjs'),
    httpServer: join(resources, 'http-server.mjs'),
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('plays all steps in about six seconds, and the conversation has something of everything', async () => {
  const steps: string[] = [];
  const startedAt = Date.now();
  await playSample(paths, noHost, new AbortController().signal, ({ step, done, total }) => steps.push(`${done}/${total} ${step}`));
  const tookMs = Date.now() - startedAt;
  expect(steps.map(step => step.split(' ')[0])).toEqual(Array.from({ length: 16 }, (_, at) => `${at}/15`));
  expect(tookMs).toBeGreaterThan(3_500);
  // Of a sample that hangs a person would think that nothing comes any more.
  expect(tookMs).toBeLessThan(20_000);
  const wire = readFileSync(join(folder, 'wire'), 'utf8');
  for (const part of [
    '"method":"initialize"',
    '"protocolVersion":"2025-11-25"',
    'Harbour office is open!\n',
    '! harbour-office: reading the log book',
    '"method":"notifications/progress"',
    '"isError":true',
    '"code":-32602',
    '"method":"notifications/resources/updated"',
    '"method":"elicitation/create"',
    '"action":"accept"',
    '"method":"notifications/cancelled"',
    'Berth 9 (deep) is booked',
  ])
    expect(wire).toContain(part);
});

test('stopping ends both peers at once and says so', async () => {
  const changes: boolean[] = [];
  const player = samplePlayer({
    paths,
    stage: noHost,
    clock: systemClock,
    log: silentLogger,
    onChanged: () => changes.push(player.state().isRunning),
    sessionsSince: async () => [],
  });
  const played = player.play();
  await expect(player.play()).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect.poll(() => player.state().done).toBeGreaterThan(2);
  const stoppedAt = Date.now();
  player.stop();
  await expect(played).rejects.toMatchObject({ code: 'CANCELLED' });
  // The steps that are left take longer.
  expect(Date.now() - stoppedAt).toBeLessThan(4_000);
  expect(player.state()).toEqual({ isRunning: false, step: '', done: 0, total: 0 });
  expect(changes[0]).toBe(true);
  expect(changes.at(-1)).toBe(false);
});

test('a sample that cannot start is told as a problem, and can be tried again', async () => {
  const player = samplePlayer({
    paths: { ...paths, shim: join(folder, 'missing.mjs') },
    stage: noHost,
    clock: systemClock,
    log: silentLogger,
    onChanged() {},
    sessionsSince: async () => [],
  });
  await expect(player.play()).rejects.toMatchObject({ code: 'UPSTREAM_BROKE' });
  expect(player.state()).toMatchObject({ isRunning: false, problem: expect.stringContaining('ended early') });
});

test('names only its own sessions among those that began meanwhile', async () => {
  const player = samplePlayer({
    paths,
    stage: noHost,
    clock: systemClock,
    log: silentLogger,
    onChanged() {},
    sessionsSince: async () => [
      { id: 'mine', serverName: 'x', upstream: `node ${paths.stdioServer}` },
      { id: 'other', serverName: 'y', upstream: 'npx server-everything' },
    ],
  });
  expect(await player.play()).toEqual(['mine']);
});

test('the HTTP server ends when its parent does', async () => {
  const server = spawn(process.execPath, [paths.httpServer], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  server.stdin.end();
  expect(await once(server, 'exit')).toEqual([0, null]);
});
