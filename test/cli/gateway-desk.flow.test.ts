/** What an operator does from the command line: earlier configurations compared and brought back, a draft tried on recorded calls. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { type CommandLine, commandLine, wrapOnce } from './command-line.ts';

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

interface Version {
  readonly hash: string;
  readonly reason: string;
  readonly isInForce: boolean;
}
const versions = async (cli: CommandLine) => (await cli.json('config', 'history')) as Version[];
const configuration = (message: string) => `version: 1
admin: { port: 0 }
policies:
  - { id: no-calls, effect: deny, match: { methods: [tools/call] }, message: ${message}, mode: shadow }
`;

test('an earlier configuration is listed, compared, and brought back into force and into the file', async () => {
  const cli = commandLine(home, 'history');
  const file = join(home.path, 'history.yaml');
  writeFileSync(file, configuration('First'));
  expect(await cli.run('config', 'history')).toMatchObject({ code: 0, stdout: 'No configuration was in force here yet.\n' });
  expect(await cli.run('config', 'rollback', 'previous')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('No host runs') as unknown,
  });

  const { process: host } = await cli.ready('gateway', '--config', file);
  writeFileSync(file, configuration('Second'));
  await vi.waitFor(async () => expect(await versions(cli)).toHaveLength(2), { timeout: 15_000, interval: 100 });
  const [, first] = await versions(cli);
  const { stdout } = await cli.run('config', 'history', '--diff', first?.hash.slice(0, 8) ?? '');
  expect(stdout.split('\n').filter(line => /^[-+] /.test(line))).toEqual([
    expect.stringMatching(/^- .*First/),
    expect.stringMatching(/^\+ .*Second/),
  ]);

  expect(await cli.run('config', 'rollback', 'ffffffffffff')).toMatchObject({ code: 1 });
  expect(await cli.run('config', 'rollback', 'previous')).toMatchObject({
    code: 0,
    stdout: `${first?.hash.slice(0, 12) ?? ''} is in force again, and in ${file}.\n`,
  });
  expect(readFileSync(file, 'utf8')).toBe(configuration('First'));
  expect((await versions(cli))[0]).toMatchObject({ hash: first?.hash, isInForce: true });
  expect((await cli.run('config', 'history')).stdout.match(/in force/g)).toHaveLength(1);
  host.child.kill('SIGINT');
  expect(await host.exited).toMatchObject({ code: 0 });
});

test('a dry run says which recorded calls a draft would deny, and takes nothing into force', async () => {
  const cli = commandLine(home, 'dry-run');
  await wrapOnce(cli, home, 'harbour');
  const draft = join(home.path, 'draft.yaml');
  writeFileSync(draft, configuration('Not now').replace(', mode: shadow', ''));
  const { code, stdout } = await cli.run('policy', 'dry-run', draft);
  expect({ code, lines: stdout.trimEnd().split('\n') }).toEqual({
    code: 0,
    lines: [
      '2 calls: 1 would be allowed, 1 denied; 1 otherwise than now.',
      '',
      expect.stringMatching(/^TIME .*NOW +DRAFT +BY +REASON/),
      expect.stringMatching(/ harbour +anonymous +tools\/call \S+ +allow +deny +no-calls +Not now/),
    ],
  });
  expect((await cli.run('policy', 'dry-run', draft, '--all', '--session', 'last')).stdout.split('\n')).toHaveLength(6);
  expect(await versions(cli)).toEqual([]);

  writeFileSync(draft, 'version: 1\npolices: []\n');
  expect(await cli.run('policy', 'dry-run', draft)).toMatchObject({
    code: 1,
    stdout: `${draft}:2:1: Unknown key "polices"; did you mean policies?\n`,
  });
});

test('beside a running host the gateway says that the host keeps what it took', async () => {
  const cli = commandLine(home, 'beside');
  const file = join(home.path, 'beside.yaml');
  writeFileSync(file, configuration('First'));
  const { process: host, line } = await cli.ready('serve', '--port', '0');
  const gateway = cli.start('gateway', '--config', file);
  await gateway.firstLine('stdout', text => (text.includes(`The host (process ${line.pid}) serves this from now on`) ? true : undefined));
  gateway.child.kill('SIGINT');
  expect(await gateway.exited).toMatchObject({ code: 0 });
  expect(await versions(cli)).toMatchObject([{ isInForce: true }]);
  host.child.kill('SIGINT');
  await host.exited;
});

test('without --config the usual file of the data directory is taken, and where there is none it says how to come by one', async () => {
  const cli = commandLine(home, 'usual');
  const path = join(cli.dataDir, 'shadowcat.yaml');
  const missed = await cli.run('gateway');
  expect(missed).toMatchObject({ code: 2, stdout: '' });
  expect(missed.stderr).toContain(
    `There is no file ${path}. Name one with --config FILE, or write a first one with shadowcat config init.`,
  );
  mkdirSync(cli.dataDir, { recursive: true });
  writeFileSync(path, configuration('Usual'));
  const { process: gateway } = await cli.ready('gateway');
  expect(await cli.json('status')).toMatchObject({ gateway: { configPath: path } });
  await gateway.stop();
});
