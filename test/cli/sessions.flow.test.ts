/** Sessions from the command line, with and without a host: listed, shown, named, exported, deleted. */
import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readTape, type TapeItem } from '../../src/main/tapes/read.ts';
import { FrameSummary } from '../../src/shared/model/frame.ts';
import { Check } from '../../src/shared/model/host.ts';
import { SessionSummary } from '../../src/shared/model/session.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { commandLine, wrapOnce } from './command-line.ts';

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
  expect(await cli.run('session', 'show', '')).toMatchObject({ code: 3, stderr: expect.stringContaining('2 sessions begin with') });
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
