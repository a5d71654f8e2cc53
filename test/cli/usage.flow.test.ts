/** Help, mistakes and exit codes: what a person meets who does not know the commands by heart. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runToEnd } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { cliFile, commandLine } from './command-line.ts';

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const run = (...args: readonly string[]) => runToEnd({ args: [cliFile, ...args], home: home.path });

test('help and version need no data directory and make none', async () => {
  const { stdout } = await run('--help');
  for (const name of ['serve', 'wrap', 'proxy', 'session list', 'session show', 'tape export', 'doctor'])
    expect(stdout).toContain(`  ${name} `);
  expect(await run('help')).toMatchObject({ code: 0, stdout });
  expect(await run('proxy', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--upstream URL') });
  for (const words of [
    ['audit', '--help'],
    ['help', 'audit'],
  ])
    expect(await run(...words)).toMatchObject({ code: 0, stdout: expect.stringContaining('audit verify  check that') });
  expect(await run('help', 'session', 'show')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: shadowcat session show ID'),
  });
  expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(existsSync(`${home.path}/.local`)).toBe(false);
});

test.each([
  [['sesion', 'list'], 'Did you mean "session"?'],
  [['session', 'lst'], 'Did you mean "session list"?'],
  [['session'], 'Use one of: session list, session show'],
  [['serve', '--prot', '1'], 'Unknown flag --prot. Did you mean --port?'],
  [['serve', '--port', 'seven'], '--port needs a number'],
  [['serve', '--port', '70000'], '--port needs a number'],
  [['serve', 'extra'], 'Usage: shadowcat serve'],
  [['serve', '--port'], "'--port <value>' argument missing"],
  [['session', 'show'], 'Usage: shadowcat session show ID'],
  [['session', 'delete', ''], 'The ID of the session is empty'],
  [['--data-dir'], '--data-dir needs a value'],
  [['session', 'list', '--data-dir', ''], '--data-dir needs the path'],
  [['proxy'], '--upstream URL'],
  [['proxy', '--upstream', 'localhost:3000'], 'needs an http or https URL'],
  [['session', 'list', '--limit', '0'], '--limit needs a number above 0'],
  [['session', 'list', '--log-level', 'loud'], '--log-level is one of'],
  [['--json', '--', 'node'], 'only flags of wrap'],
  [['ftp://127.0.0.1/'], 'Unknown command'],
  [['completions', 'cmd'], 'bash, zsh and fish'],
])('%j is a mistake that is named, with exit code 2', async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr.startsWith('shadowcat: ')).toBe(true);
});

test('a URL alone is proxy, and dashes alone are wrap', async () => {
  const cli = commandLine(home, 'short');
  const { process: proxy, line } = await cli.ready('http://127.0.0.1:9/mcp', '--port', '0', '--name', 'tides');
  expect(line).toMatchObject({ event: 'ready', listeners: [{ name: 'tides', url: expect.stringMatching(/:\d+\/mcp$/) }] });
  await proxy.stop();

  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1))); process.exitCode = 7';
  const wrapped = [process.execPath, '-e', script, '--', 'a', '--json'];
  expect(await run('--data-dir', cli.dataDir, '--name', 'short', '--', ...wrapped)).toMatchObject({ code: 7, stdout: '["a","--json"]' });
  expect(await run('--', ...wrapped)).toMatchObject({ code: 7, stdout: '["a","--json"]' });
  expect(await cli.json('session', 'list')).toMatchObject([{ transport: 'stdio', serverName: 'short', exitCode: 7 }]);
});

test('global flags may stand before the command', async () => {
  const cli = commandLine(home, 'leading');
  expect(await run('--json', '--data-dir', cli.dataDir, 'session', 'list')).toMatchObject({ code: 0, stdout: '[]\n' });
});

test('a session that is not there has its own exit code', async () => {
  const cli = commandLine(home, 'missing');
  for (const args of [
    ['session', 'show', 'nope'],
    ['session', 'rename', 'nope', 'x'],
    ['session', 'delete', 'nope'],
    ['tape', 'export', 'nope'],
  ])
    expect(await cli.run(...args)).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('There is no session nope') });
});

test('a reader that leaves early is no error', () => {
  const output = execFileSync('sh', ['-c', `"${process.execPath}" "${cliFile}" --help | head -1`], { encoding: 'utf8' });
  expect(output).toBe('Shadowcat shows and records what MCP clients and servers really say to each other.\n');
});

test.each(['bash', 'zsh', 'fish'])('completions for %s name every command', async shell => {
  const { code, stdout } = await run('completions', shell);
  expect(code).toBe(0);
  for (const word of ['serve', 'proxy', 'session', 'list', 'export', 'upstream']) expect(stdout).toContain(word);
});

test('bash accepts and uses the completions', async () => {
  const script = `source <("${process.execPath}" "${cliFile}" completions bash); COMP_WORDS=(shadowcat session sh); COMP_CWORD=2; _shadowcat; echo "\${COMPREPLY[*]}"`;
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('show\n');
});
