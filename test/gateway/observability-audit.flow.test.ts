/** The audit as an operator meets it: written by one process, killed, falsified, and checked by `shadowcat audit verify`. */
import { appendFileSync, existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditRow } from '../../src/shared/model/audit.ts';
import { type CommandLine, commandLine } from '../cli/command-line.ts';
import { runToEnd, startProcess } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';

const writer = join(import.meta.dirname, '../kit/audit-process.ts');

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

/** A data directory with an audit of several files, written and closed in order. */
async function written(name: string, count = 2000): Promise<CommandLine> {
  const cli = commandLine(home, name);
  const finished = await runToEnd({ args: [writer, cli.dataDir, name, String(count)], home: home.path });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  return cli;
}

const fileIn = ({ dataDir }: CommandLine, name: string) => join(dataDir, 'audit', name);
const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);

interface Report {
  readonly ok: boolean;
  readonly rowCount: number;
  readonly fileCount: number;
  readonly aheadCount: number;
  readonly tornBytes: number;
  readonly hasDatabase: boolean;
  readonly problems: readonly { readonly what: string; readonly file?: string; readonly line?: number; readonly seq?: number }[];
}

/** Runs the command; its exit code must be that of the report. */
async function verify(cli: CommandLine): Promise<Report> {
  const { code, stdout, stderr } = await cli.run('audit', 'verify', '--json');
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as Report;
  expect({ code, ok: report.ok }).toEqual(report.ok ? { code: 0, ok: true } : { code: 1, ok: false });
  return report;
}

test('an audit that nobody touched is whole', async () => {
  const cli = await written('whole');
  const report = await verify(cli);
  expect(report).toMatchObject({ ok: true, problems: [], hasDatabase: true, aheadCount: 0, tornBytes: 0 });
  expect(report.fileCount).toBeGreaterThan(2);
  expect(report.rowCount).toBe(2000 + report.fileCount);
  for (const name of readdirSync(join(cli.dataDir, 'audit'))) expect(statSync(fileIn(cli, name)).mode & 0o777).toBe(0o600);
  const said = await cli.run('audit', 'verify');
  expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/^✓ \d+ rows in \d+ files, 20/) });
});

test.each([
  [
    'a removed row',
    (cli: CommandLine) => {
      const path = fileIn(cli, 'audit-000002.jsonl');
      writeFileSync(path, `${linesOf(path).toSpliced(10, 1).join('\n')}\n`);
    },
    { what: 'removed-rows', file: 'audit-000002.jsonl', line: 11 },
  ],
  [
    'an edited row',
    (cli: CommandLine) => {
      const path = fileIn(cli, 'audit-000002.jsonl');
      const lines = linesOf(path).map((line, at) => (at === 10 ? line.replace('"status":200', '"status":201') : line));
      writeFileSync(path, `${lines.join('\n')}\n`);
    },
    { what: 'changed-row', file: 'audit-000002.jsonl', line: 11 },
  ],
  [
    'a cut tail',
    (cli: CommandLine) => {
      const path = fileIn(cli, 'audit.jsonl');
      // Its first row stays, however short the newest file happens to be.
      const lines = linesOf(path);
      writeFileSync(path, `${lines.slice(0, Math.max(1, lines.length - 3)).join('\n')}\n`);
    },
    { what: 'cut-tail' },
  ],
  [
    'a swapped file',
    (cli: CommandLine) => {
      const [one, other] = [fileIn(cli, 'audit-000001.jsonl'), fileIn(cli, 'audit-000002.jsonl')];
      renameSync(one, `${one}.tmp`);
      renameSync(other, one);
      renameSync(`${one}.tmp`, other);
    },
    { what: 'swapped-file', file: 'audit-000001.jsonl', line: 1 },
  ],
])('%s is found, and where', async (name, falsify, problem) => {
  const cli = await written(name.replaceAll(' ', '-'));
  falsify(cli);
  expect((await verify(cli)).problems[0]).toMatchObject(problem);
  const said = await cli.run('audit', 'verify');
  expect(said).toMatchObject({ code: 1, stdout: expect.stringContaining('The audit is not what was written: it breaks first at row') });
});

test('a file of another gateway is found, although it is whole in itself', async () => {
  // A file in the middle: how many there are, and at which row each begins, differs from run to run.
  const cli = await written('mine');
  const other = await written('theirs');
  writeFileSync(fileIn(cli, 'audit-000002.jsonl'), readFileSync(fileIn(other, 'audit-000002.jsonl')));
  expect((await verify(cli)).problems[0]).toMatchObject({ what: 'swapped-file', file: 'audit-000002.jsonl', line: 1 });
});

test('kill -9 in the middle of writing loses nothing that was waited for, and the chain goes on', async () => {
  const cli = commandLine(home, 'killed');
  const kept: string[] = [];
  for (let round = 1; round <= 4; round += 1) {
    const run = `round-${round}`;
    await using running = startProcess({ args: [writer, cli.dataDir, run], home: home.path });
    await running.firstLine('stdout', line => (line === 'kept 750' ? true : undefined));
    // Somewhere between two waits, a different place each round.
    await new Promise(resolve => setTimeout(resolve, round * 17));
    running.child.kill('SIGKILL');
    expect((await running.exited).signal).toBe('SIGKILL');
    const lines = running
      .stdout()
      .split('\n')
      .filter(line => line.startsWith('kept '));
    kept.push(`${run}-${lines.at(-1)?.slice(5) ?? ''}`);
    // Before anybody has mended anything.
    expect((await verify(cli)).problems).toEqual([]);
    // What a kill of the whole machine leaves more often than one of the process: half a line.
    if (round === 2) {
      const path = fileIn(cli, 'audit.jsonl');
      // Between two files there is none of this name.
      const last = existsSync(path) ? linesOf(path).at(-1) : undefined;
      appendFileSync(path, (last ?? '{"seq":1,"at":').slice(0, 100));
      expect(await verify(cli)).toMatchObject({ ok: true, tornBytes: expect.any(Number) });
    }
  }
  await written('killed', 1);
  const report = await verify(cli);
  expect(report).toMatchObject({ ok: true, problems: [], aheadCount: 0, tornBytes: 0 });
  const { stdout } = await cli.run('audit', 'export');
  const rows = stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as AuditRow);
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at + 1));
  const targets = new Set(rows.map(({ target }) => target));
  for (const target of kept) expect(targets).toContain(target);
  expect(rows.filter(({ kind }) => kind === 'recovered').length).toBeGreaterThan(0);
  expect(readdirSync(join(cli.dataDir, 'audit')).filter(name => name.startsWith('audit-torn-')).length).toBeGreaterThan(0);
});

test('rows are listed and exported by what they are', async () => {
  const cli = await written('listed', 300);
  const [newest] = (await cli.json('audit', 'list', '--limit', '1')) as AuditRow[];
  expect(newest).toMatchObject({ kind: 'call', target: 'listed-300', principal_id: 'key:ci', method: 'tools/call' });
  expect(await cli.json('audit', 'list', '--kind', 'auth')).toEqual([]);
  expect(await cli.json('audit', 'list', '--since', '1h', '--text', 'listed-7"')).toMatchObject([{ target: 'listed-7' }]);
  expect(await cli.json('audit', 'list', '--until', '2020-01-01')).toEqual([]);
  const text = await cli.run('audit', 'list', '--limit', '2');
  expect(text.stdout).toMatch(/SEQ +TIME +KIND +ACTION +PRINCIPAL +UPSTREAM +WHAT/);
  expect(text.stderr).toContain('There are older rows');
  const whole = readdirSync(join(cli.dataDir, 'audit'))
    .sort()
    .map(name => readFileSync(fileIn(cli, name), 'utf8'))
    .join('');
  expect((await cli.run('audit', 'export')).stdout).toBe(whole);
  for (const args of [
    ['--kind', 'odd'],
    ['--since', 'yesterday'],
    ['--limit', '0'],
  ])
    expect(await cli.run('audit', 'list', ...args)).toMatchObject({ code: 2, stdout: '' });
  expect(await commandLine(home, 'nothing').run('audit', 'verify')).toMatchObject({ code: 0, stdout: 'There is no audit yet.\n' });
});
