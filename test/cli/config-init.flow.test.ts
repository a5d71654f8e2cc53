/** `config init`: from the files that clients really have to a gateway that serves the same servers, with no secret in its file. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { expressionChecks } from '../../src/main/gateway/expression-checks.ts';
import { readConfig } from '../../src/main/settings/read-config.ts';
import type { Config } from '../../src/shared/config/schema.ts';
import { httpCaller, outcomeOf } from '../gateway/kit/callers.ts';
import { startGateway } from '../gateway/kit/running-gateway.ts';
import { startToolServer } from '../gateway/kit/tool-server.ts';
import { type Finished, runToEnd, startProcess } from '../peers/child-process.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { cliFile } from './command-line.ts';

let home: ScratchHome;
let count = 0;
beforeAll(async () => {
  home = await scratchHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const run = (...args: readonly string[]) => runToEnd({ args: [cliFile, ...args], home: home.path });

interface Said {
  readonly routes: readonly { readonly server: string; readonly upstream: string; readonly url: string }[];
  readonly secrets: readonly { readonly reference: string; readonly place: string }[];
  readonly notes: readonly string[];
  readonly client: unknown;
}

interface Made {
  readonly said: Said;
  readonly text: string;
  readonly out: string;
  readonly upstreams: Config['upstreams'];
}

/** Writes a client's file, makes a configuration of it, and reads that as the gateway does. */
async function made(name: string, contents: string | object): Promise<Made> {
  count += 1;
  const directory = join(home.path, `client-${count}`);
  mkdirSync(directory);
  const from = join(directory, name);
  writeFileSync(from, typeof contents === 'string' ? contents : JSON.stringify(contents, undefined, 2));
  const before = readFileSync(from, 'utf8');
  const out = join(directory, 'gateway.yaml');
  const { code, stdout, stderr } = await run('config', 'init', '--from', from, '--out', out, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readFileSync(from, 'utf8')).toBe(before);
  const text = readFileSync(out, 'utf8');
  // Values that the tests call secret must not have come along, in any form.
  expect(text + stdout).not.toMatch(/s3cret/);
  const read = readConfig(text, { checks: expressionChecks });
  if (!read.ok) throw new Error(`It cannot be used: ${JSON.stringify(read.problems)}`);
  return { said: JSON.parse(stdout) as Said, text, out, upstreams: read.config.upstreams };
}

const url = (route: string) => `http://127.0.0.1:7380/mcp/${route}`;
const references = ({ secrets }: Said) => secrets.map(({ reference }) => reference);

test('Claude Desktop: commands, wrapped ones as what they wrap, and bridges as the servers that they lead to', async () => {
  const { said, out, upstreams } = await made('claude_desktop_config.json', {
    globalShortcut: '',
    mcpServers: {
      filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/Users/ada/My Documents'] },
      github: {
        command: 'docker',
        args: ['run', '-i', '--rm', '-e', 'GITHUB_PERSONAL_ACCESS_TOKEN', 'ghcr.io/github/github-mcp-server'],
        env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'ghp_s3cret', GITHUB_TOOLSETS: 'repos,issues', COST: '${5}' },
      },
      'my notes': { command: 'npx', args: ['shadowcat', 'wrap', '--name', 'n', '--', 'npx', '-y', 'mcp-notes', '--token', 's3cret'] },
      database: {
        command: 'npx',
        args: ['-y', 'mcp-postgres', 'postgresql://ada:s3cret@db.example/tides'],
        env: { DATABASE_URL: 'postgres://ada:s3cret@${DB_HOST}/tides', OTHER_URL: 'postgres://ada:${DB_PASSWORD}@db/tides' },
      },
      twice: { command: '/opt/node', args: ['/d/bin/shim.mjs', '--data-dir', '/d', '--', 'npx', 'shadowcat', '--', 'node', 'server.js'] },
      crm: { command: 'C:\\shadowcat.cmd', args: ['connect', 'https://crm.example/mcp', '--bearer-env', 'T'], env: { T: 's3cret' } },
      linear: {
        command: 'npx',
        args: ['-y', 'mcp-remote', 'https://l.example/sse', '--header', 'Authorization:${A}'],
        env: { A: 'Bearer s3cret' },
      },
      signed: { command: 'npx', args: ['mcp-remote@0.1.2', 'https://s.example/mcp'] },
    },
  });
  expect(Object.fromEntries(Object.entries(upstreams).map(([name, { instances }]) => [name, instances[0]]))).toMatchObject({
    filesystem: { id: 'local', command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/Users/ada/My Documents'] },
    github: {
      env: { GITHUB_PERSONAL_ACCESS_TOKEN: '${vault:github-GITHUB_PERSONAL_ACCESS_TOKEN}', GITHUB_TOOLSETS: 'repos,issues', COST: '$${5}' },
    },
    'my-notes': { command: 'npx', args: ['-y', 'mcp-notes', '--token', 'SECRET-REMOVED'] },
    database: {
      args: ['-y', 'mcp-postgres', 'postgresql://ada:SECRET-REMOVED@db.example/tides'],
      env: { DATABASE_URL: '${vault:database-DATABASE_URL}', OTHER_URL: 'postgres://ada:${env:DB_PASSWORD}@db/tides' },
    },
    twice: { command: 'node', args: ['server.js'] },
    crm: { id: 'remote', url: 'https://crm.example/mcp' },
    linear: { url: 'https://l.example/sse', transport: 'http-sse' },
    signed: { command: 'npx', args: ['mcp-remote@0.1.2', 'https://s.example/mcp'] },
  });
  expect([upstreams['crm']?.credentials, upstreams['linear']?.credentials]).toEqual([
    { bearer: '${vault:crm-Authorization}' },
    { bearer: '${vault:linear-Authorization}' },
  ]);
  expect(await run('config', 'check', out)).toMatchObject({ code: 0, stderr: '' });
  expect(references(said)).not.toContain('${env:DB_HOST}');
  expect(said.notes).toEqual(
    ['my notes', 'database'].map(name => expect.stringMatching(`^mcpServers.${name}: a secret .* args`) as unknown),
  );
  // It takes no URLs, and its names stay.
  expect(said.client).toMatchObject({
    mcpServers: {
      filesystem: { command: process.execPath, args: [cliFile, 'connect', url('filesystem')] },
      'my notes': { args: [cliFile, 'connect', url('my-notes')] },
    },
  });
});

test('VS Code: comments, inputs, types and headers', async () => {
  const { said, upstreams } = await made(
    'mcp.json',
    `{
  // what the editor asks for
  "inputs": [{ "type": "promptString", "id": "gh-token", "password": true }],
  "servers": {
    "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp/", "headers": { "Authorization": "Bearer \${input:gh-token}", "X-MCP-Readonly": "true" } },
    "old": { "type": "sse", "url": "https://old.example/events" /* 2024 */ },
    "here": { "type": "stdio", "command": "node", "args": ["\${workspaceFolder}/server.js"], "env": { "KEY": "\${env:MY_KEY}", "ROOT": "\${workspaceFolder}/x" }, "envFile": ".env" },
    "socket": { "url": "unix:///tmp/x.sock" },
  },
}`,
  );
  expect(upstreams).toMatchObject({
    github: { instances: [{ url: 'https://api.githubcopilot.com/mcp/' }], credentials: { bearer: '${vault:gh-token}' } },
    old: { instances: [{ transport: 'http-sse' }] },
    here: { instances: [{ env: { KEY: '${env:MY_KEY}', ROOT: '$${workspaceFolder}/x' } }] },
  });
  expect(references(said)).toEqual(['${vault:gh-token}', '${env:MY_KEY}']);
  expect(said.notes.join('\n')).toMatch(/servers\.socket was left out.*\n.*envFile has no place.*\n.*workspaceFolder/);
  expect(said.client).toMatchObject({
    servers: {
      github: { type: 'http', url: url('github'), headers: { 'X-MCP-Readonly': 'true' } },
      here: { type: 'http', url: url('here') },
    },
  });
});

test('Cursor, Windsurf, Gemini CLI, Zed and OpenCode say the same in words of their own', async () => {
  const cursor = await made('mcp.json', {
    mcpServers: {
      a: { url: 'https://a.example/mcp?api_key=s3cret', headers: { 'X-Acme-Key': 's3cret', Cookie: 's3cret' } },
      'a!': { url: 'https://user:s3cret@b.example/mcp', disabled: true },
      self: { url: 'http://localhost:7380/mcp/a' },
    },
  });
  expect(cursor.upstreams).toMatchObject({
    a: {
      instances: [{ url: 'https://a.example/mcp?api_key=SECRET-REMOVED' }],
      credentials: { header: { name: 'X-Acme-Key', value: '${vault:a-X-Acme-Key}' } },
    },
    'a-2': { instances: [{ url: 'https://b.example/mcp', disabled: true }] },
  });
  expect(cursor.said.notes.join('\n')).toMatch(/mcpServers\.self: leads to a gateway/);
  expect(cursor.said.notes.join('\n')).toMatch(/one header of credentials; Cookie was left out/);
  expect(cursor.said.client).toEqual({ mcpServers: { a: { url: url('a') }, 'a!': { url: url('a-2') } } });

  const claude = await made('.mcp.json', {
    mcpServers: {
      c: { command: 'node', args: ['c.js'], env: { LEVEL: '${LEVEL:-info}', API_KEY: '${API_KEY}', TOKEN: '${TOKEN:-s3cret}' } },
      api: { type: 'http', url: '${BASE:-https://api.example.com}/mcp', headers: { Authorization: 'Bearer ${API_KEY}' } },
    },
  });
  expect(claude.upstreams).toMatchObject({
    c: { instances: [{ env: { LEVEL: 'info', API_KEY: '${env:API_KEY}', TOKEN: '${env:TOKEN}' } }] },
    api: { instances: [{ url: 'https://api.example.com/mcp' }], credentials: { bearer: '${env:API_KEY}' } },
  });
  expect(claude.said.client).toEqual({ mcpServers: { c: { type: 'http', url: url('c') }, api: { type: 'http', url: url('api') } } });

  const windsurf = await made('mcp_config.json', { mcpServers: { w: { serverUrl: 'https://w.example/mcp' } } });
  expect(windsurf.said.client).toMatchObject({ mcpServers: { w: { serverUrl: url('w') } } });

  const gemini = await made('settings.json', {
    mcpServers: {
      old: { url: 'https://g.example/mcp' },
      new: { httpUrl: 'https://g.example/mcp', timeout: 5 },
      own: { command: 'node', env: { API_KEY: '$MY_KEY' } },
    },
  });
  expect(gemini.upstreams).toMatchObject({
    old: { instances: [{ transport: 'http-sse' }] },
    new: { instances: [{ transport: 'streamable-http' }] },
    own: { instances: [{ env: { API_KEY: '${env:MY_KEY}' } }] },
  });
  expect(gemini.said.client).toMatchObject({ mcpServers: { own: { httpUrl: url('own') } } });

  const zed = await made('settings.json', {
    context_servers: { z: { command: { path: 'node', args: ['z.js'], env: { TOKEN: 's3cret' } } } },
  });
  expect(zed.upstreams['z']?.instances[0]).toMatchObject({ command: 'node', args: ['z.js'], env: { TOKEN: '${vault:z-TOKEN}' } });
  expect(zed.said.client).toEqual({ context_servers: { z: { url: url('z') } } });

  const open = await made('opencode.json', {
    mcp: {
      o: { type: 'local', command: ['bun', 'x', 'o'], environment: { A: 'b' }, enabled: false },
      r: { type: 'remote', url: 'https://r.example/mcp' },
    },
  });
  expect(open.upstreams['o']?.instances[0]).toMatchObject({ command: 'bun', args: ['x', 'o'], env: { A: 'b' }, disabled: true });
  expect(open.said.client).toMatchObject({ mcp: { o: { type: 'remote', url: url('o') } } });
});

test('Goose: extensions in YAML, with what it keeps of their variables elsewhere; its own parts stay with it', async () => {
  const { said, out, upstreams } = await made(
    'config.yaml',
    `# what goose wrote
GOOSE_PROVIDER: anthropic
extensions:
  developer: { enabled: true, type: builtin, name: developer, bundled: true, timeout: 300 }
  github:
    enabled: true
    type: stdio
    name: GitHub
    cmd: npx
    args: [-y, "@modelcontextprotocol/server-github", --port, 8080]
    envs: { GITHUB_TOKEN: ghp_s3cret, LOG: debug }
    env_keys: [GITHUB_APP_KEY]
    timeout: 300
    available_tools: []
  notes:
    enabled: false
    type: streamable_http
    name: notes
    uri: https://notes.example/mcp
    headers: { Authorization: Bearer s3cret, X-Team: tides }
  old: { enabled: true, type: sse, name: old, uri: https://old.example/events }
`,
  );
  expect(Object.fromEntries(Object.entries(upstreams).map(([name, { instances }]) => [name, instances[0]]))).toMatchObject({
    github: {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-github', '--port', '8080'],
      env: { GITHUB_TOKEN: '${vault:github-GITHUB_TOKEN}', LOG: 'debug', GITHUB_APP_KEY: '${vault:GITHUB_APP_KEY}' },
    },
    notes: { url: 'https://notes.example/mcp', transport: 'streamable-http', disabled: true },
    old: { transport: 'http-sse' },
  });
  expect(upstreams['notes']?.credentials).toEqual({ bearer: '${vault:notes-Authorization}' });
  expect(said.secrets.map(({ place }) => place)).toContain('extensions.github.envs.GITHUB_TOKEN');
  expect(said.notes).toEqual(['extensions.developer was left out: it is a part of the client itself.']);
  expect(said.client).toEqual({
    extensions: {
      github: { enabled: true, type: 'streamable_http', name: 'GitHub', uri: url('github') },
      notes: { enabled: false, type: 'streamable_http', name: 'notes', uri: url('notes'), headers: { 'X-Team': 'tides' } },
      old: { enabled: true, type: 'streamable_http', name: 'old', uri: url('old') },
    },
  });
  expect(await run('config', 'check', out)).toMatchObject({ code: 0 });
});

test('Continue: a list in YAML, with secrets that it fills in; people read the entries as YAML, too', async () => {
  const contents = `name: mine
version: 1.0.0
models: []
mcpServers:
  - name: SQLite
    command: uvx
    args: [mcp-server-sqlite, --db-path, /tmp/a.db]
    env: { API_KEY: "\${{ secrets.SQLITE_KEY }}" }
  - name: far away
    type: streamable-http
    url: https://far.example/mcp
    requestOptions: { headers: { Authorization: "Bearer s3cret", X-Team: tides }, timeout: 5 }
`;
  const { said, upstreams } = await made('config.yaml', contents);
  expect(upstreams).toMatchObject({
    SQLite: { instances: [{ command: 'uvx', env: { API_KEY: '${vault:SQLITE_KEY}' } }] },
    'far-away': { instances: [{ url: 'https://far.example/mcp' }], credentials: { bearer: '${vault:far-away-Authorization}' } },
  });
  expect(said.notes).toEqual(['mcpServers.far away: requestOptions.timeout has no place in a gateway and was left out.']);
  const entries = {
    mcpServers: [
      { name: 'SQLite', type: 'streamable-http', url: url('SQLite') },
      { name: 'far away', type: 'streamable-http', url: url('far-away'), requestOptions: { headers: { 'X-Team': 'tides' } } },
    ],
  };
  expect(said.client).toEqual(entries);
  const from = join(home.path, 'continue.yml');
  writeFileSync(from, contents);
  const { stdout } = await run('config', 'init', '--from', from, '--out', join(home.path, 'continue-gateway.yaml'));
  expect(parse(stdout.slice(stdout.indexOf('mcpServers:')))).toEqual(entries);
});

test('an example is written where nothing is named; no file is ever replaced; what is no file of a client is said', async () => {
  const dataDir = join(home.path, 'fresh', 'data');
  const path = join(dataDir, 'shadowcat.yaml');
  expect(await run('config', 'init', '--data-dir', dataDir)).toMatchObject({ code: 0, stdout: expect.stringContaining(path) as unknown });
  expect(await run('config', 'check', '--data-dir', dataDir)).toMatchObject({ code: 0 });
  expect(statSync(path).mode & 0o077).toBe(0);
  const text = readFileSync(path, 'utf8');
  expect(await run('config', 'init', '--data-dir', dataDir)).toMatchObject({
    code: 1,
    stderr: `shadowcat: ${path} is there already, and is not replaced. Name another file with --out.\n`,
  });
  expect(readFileSync(path, 'utf8')).toBe(text);

  const out = join(home.path, 'never.yaml');
  const from = join(home.path, 'odd.json');
  for (const [contents, words] of [
    ['{ "token": "s3cret" ', 'it is no JSON'],
    ['[mcp_servers.x]\n', 'it is no JSON'],
    ['{ "token": "s3cret" }', 'it has no mcpServers, servers or context_servers'],
    ['{ "mcpServers": {} }', 'has no server to take over'],
  ] as const) {
    writeFileSync(from, contents);
    const finished = await run('config', 'init', '--from', from, '--out', out);
    expect(finished).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(words) as unknown });
    expect(finished.stderr).not.toContain('s3cret');
  }
  const yaml = join(home.path, 'odd.yaml');
  for (const [contents, words] of [
    ['extensions:\n  a: {token: s3cret\n', 'it is no YAML that can be read, as line '],
    ['- s3cret\n', 'it holds no mapping'],
    ['token: s3cret\n', 'it has no mcpServers or extensions'],
    ['extensions: {}\n', 'has no server to take over'],
  ] as const) {
    writeFileSync(yaml, contents);
    const finished = await run('config', 'init', '--from', yaml, '--out', out);
    expect(finished).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(words) as unknown });
    expect(finished.stderr).not.toContain('s3cret');
  }
  expect(existsSync(out)).toBe(false);
});

test('what was made serves: the secret that it names is kept, and reaches the server', async () => {
  await using server = await startToolServer();
  const env = { SHADOWCAT_VAULT_KEY: randomBytes(32).toString('base64') };
  const stdio = join(import.meta.dirname, '../gateway/kit/tool-server-stdio.ts');
  const { said, text } = await made('mcp.json', {
    mcpServers: {
      remote: { url: server.url, headers: { Authorization: 'Bearer s3cret' } },
      local: { command: process.execPath, args: [stdio] },
    },
  });
  const [wanted] = said.secrets;
  const name = /^\$\{vault:(.*)\}$/.exec(wanted?.reference ?? '')?.[1] ?? '';
  const kept: Finished = await piped('tide-token', env, 'secret', 'set', name, '--data-dir', join(home.path, 'served'));
  expect(kept).toMatchObject({ code: 0 });
  await using gateway = await startGateway({
    home: home.path,
    name: 'served',
    config: text,
    env: { ...env, SHADOWCAT__LISTENERS__0__PORT: '0', SHADOWCAT__ADMIN__PORT: '0' },
  });
  for (const path of ['/mcp/remote', '/mcp/local']) {
    const caller = await httpCaller(gateway.url(path), 'modern');
    expect(outcomeOf(await caller.call('add'))).toBe('ok');
  }
  expect(server.captured.at(-1)?.rawHeaders).toContain('Bearer tide-token');
});

async function piped(value: string, env: Record<string, string>, ...args: readonly string[]): Promise<Finished> {
  const running = startProcess({ args: [cliFile, ...args], home: home.path, env });
  running.child.stdin?.end(value);
  const exit = await running.exited;
  return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
}
