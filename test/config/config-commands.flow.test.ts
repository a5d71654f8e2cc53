/** `config check`, `config print` and `config schema` as a person and a pipeline use them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cliFile, commandLine, root } from '../cli/command-line.ts';
import { runToEnd } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { readConfig } from '../../src/main/settings/read-config.ts';
import { sampleConfig } from './sample-config.ts';

let home: ScratchHome;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const run = (args: readonly string[], env: Record<string, string> = {}) => runToEnd({ args: [cliFile, ...args], home: home.path, env });
const written = (name: string, text: string | Uint8Array) => {
  const path = join(home.path, name);
  writeFileSync(path, text);
  return path;
};

test('a configuration that can be used ends with 0, with its warnings', async () => {
  const good = written('good.yaml', sampleConfig);
  const env = { GITHUB_TOKEN: 'x' };
  expect(await run(['config', 'check', good], env)).toMatchObject({ code: 0, stdout: `${good} can be used.\n`, stderr: '' });
  expect(await run(['config', 'check', good])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/good\.yaml:\d+:\d+: warning: GITHUB_TOKEN is not set in this environment\. Set it where/) as unknown,
  });
  const literal = written('literal.yaml', 'version: 1\nadmin:\n  token: hunter2\n');
  const { code, stdout } = await run(['config', 'check', literal]);
  expect({ code, lines: stdout.split('\n') }).toEqual({
    code: 0,
    lines: [
      expect.stringMatching(/literal\.yaml:3:10: warning: The secret itself stands in the file/),
      `${literal} can be used (1 warning).`,
      '',
    ],
  });
});

test('mistakes end with 1 and stand in lines that an editor can jump to', async () => {
  const bad = written('bad.yaml', 'version: 1\nadmin: { prot: 1 }\nlisteners:\n  - name: main\n    routes: []\n');
  expect(await run(['config', 'check', bad])).toMatchObject({
    code: 1,
    stdout: `${bad}:2:10: Unknown key "prot"; did you mean port?\n${bad}:5:13: Add an entry: at least 1 must be there.\n`,
    stderr: `shadowcat: ${bad} cannot be used: 2 problems.\n`,
  });
  const { code, stdout } = await run(['config', 'check', bad, '--json']);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    ok: false,
    file: bad,
    problems: [
      { line: 2, column: 10, path: 'admin.prot', message: 'Unknown key "prot"; did you mean port?' },
      { line: 5, column: 13, path: 'listeners[0].routes', message: 'Add an entry: at least 1 must be there.' },
    ],
    warnings: [],
  });
});

test('what a file holds cannot steer the terminal', async () => {
  const { stdout } = await run(['config', 'check', written('escape.yaml', 'version: 1\n"a\\e[31mb\\u202E": 1\n')]);
  // oxlint-disable-next-line no-control-regex -- that is what must not be there
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

test('variables lie on top, and a mistake in one is told by its name', async () => {
  const path = written('env.yaml', 'version: 1\n');
  expect(await run(['config', 'check', path], { SHADOWCAT__ADMIN__PROT: '1' })).toMatchObject({
    code: 1,
    stdout: 'SHADOWCAT__ADMIN__PROT: admin has no key "PROT"; did you mean port?\n',
  });
  const { stdout } = await run(['config', 'print', path, '--origin'], { SHADOWCAT__ADMIN__PORT: '0' });
  expect(stdout).toContain('version: 1 # line 1\n');
  expect(stdout).toContain('  host: 127.0.0.1 # default\n  port: 0 # SHADOWCAT__ADMIN__PORT\n');
});

test('what is printed is the same configuration, as YAML and as JSON', async () => {
  const path = written('print.yaml', sampleConfig);
  const config = (text: string) => {
    const read = readConfig(text);
    return read.ok ? read.config : read.problems;
  };
  const yaml = await run(['config', 'print', path], { GITHUB_TOKEN: 'hunter2' });
  expect(yaml.stdout).not.toContain('hunter2');
  expect(yaml.stdout).toContain('bearer: ${env:GITHUB_TOKEN}\n');
  expect(config(yaml.stdout)).toEqual(config(sampleConfig));
  const json = await run(['config', 'print', path, '--json']);
  expect(config(json.stdout)).toEqual(config(sampleConfig));
  const origins = JSON.parse((await run(['config', 'print', path, '--origin', '--json'])).stdout) as { origins: Record<string, string> };
  expect(origins.origins['admin.port']).toBe('line 73');
});

test('a configuration that cannot be used is not printed', async () => {
  const path = written('unprintable.yaml', 'version: 1\nadmin: { port: x }\n');
  expect(await run(['config', 'print', path])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `shadowcat: ${path} cannot be used.\n${path}:2:16: Write a number for port, not "x".\n`,
  });
});

test('without a name it is the file of the data directory, which is not made for it', async () => {
  const cli = commandLine(home, 'data');
  expect(await cli.run('config', 'check')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `shadowcat: There is no configuration at ${join(cli.dataDir, 'shadowcat.yaml')}. Write one with shadowcat config init, or name a file.\n`,
  });
  mkdirSync(cli.dataDir);
  writeFileSync(join(cli.dataDir, 'shadowcat.yaml'), 'version: 1\nadmin: { port: 9 }\n');
  expect(await cli.run('config', 'check')).toMatchObject({ code: 0 });
  expect(await cli.json('config', 'print')).toMatchObject({ admin: { port: 9 } });
});

test.each([
  [['config', 'check', '/no/such/file'], 1, '/no/such/file cannot be read: it is not there.'],
  [['config', 'check', '/'], 1, '/ cannot be read: it is a directory.'],
  [['config', 'check', 'a', 'b'], 2, 'Usage: shadowcat config check [FILE]'],
  [['config', 'chek'], 2, 'Did you mean "config check"?'],
  [['config'], 2, 'Use one of: config init, config check, config print, config schema, config history, config rollback.'],
  [['config', 'print', '--orign'], 2, 'Did you mean --origin?'],
])('%j ends with %d', async (args, code, message) => {
  expect(await run(args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
});

test('bytes that are no text and files beyond all measure are told, not read', async () => {
  expect(await run(['config', 'check', written('binary', Uint8Array.from([0x76, 0xff, 0x0a]))])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(':1:1: This line is not UTF-8'),
  });
  expect(await run(['config', 'check', '/dev/zero'])).toMatchObject({ code: 1, stdout: expect.stringContaining('larger than 4 MiB') });
});

test('the schema that is printed is the one that is published', async () => {
  const { code, stdout } = await run(['config', 'schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(root, 'resources/shadowcat.schema.json'), 'utf8')));
});
