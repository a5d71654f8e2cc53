/** A draft is tried on recorded calls as whoever made them, and what is not recorded is said to be unknown. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLine } from '../cli/command-line.ts';
import { testIssuer, type TestIssuer } from '../kit/oidc-provider.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf } from './kit/callers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';

let home: ScratchHome;
let server: ToolServer;
let idp: TestIssuer;
let gateway: RunningGateway;
let token: string;
const outcomes: unknown[] = [];
const keys = { ci: 'key-of-ci-7d1f', ed: 'key-of-ed-93ab' } as const;
const audience = 'https://gw.example/mcp';

function configOf(policies: readonly object[]) {
  const apiKeys = Object.entries(keys).map(([id, key]) => ({
    id,
    hash: `sha256:${createHash('sha256').update(key).digest('hex')}`,
    roles: id === 'ed' ? ['editor'] : [],
    scopes: [`${id}:use`],
  }));
  const issuers = [{ issuer: idp.issuer, audiences: [audience], jwksUri: idp.jwksUri }];
  return {
    version: 1,
    listeners: [
      { name: 'open', port: 0, routes: [{ path: '/open', upstream: 'tools' }] },
      {
        name: 'keyed',
        port: 0,
        publicUrl: 'https://gw.example',
        auth: { apiKeys, issuers },
        routes: [{ path: '/mcp', upstream: 'tools' }],
      },
    ],
    upstreams: { tools: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] } },
    limits: [],
    defaults: { effect: 'allow' },
    policies,
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms' },
  };
}

beforeAll(async () => {
  home = await scratchHome();
  [server, idp] = await Promise.all([startToolServer(), testIssuer()]);
  gateway = await startGateway({ home: home.path, name: 'dry', config: configOf([]) });
  token = await idp.token(audience, 'mcp');
  const bearer = (credential: string) => ({ Authorization: `Bearer ${credential}` });
  await using ci = await httpCaller(gateway.url('/mcp'), 'modern', bearer(keys.ci));
  await using ed = await httpCaller(gateway.url('/mcp'), 'legacy', bearer(keys.ed));
  await using signedIn = await httpCaller(gateway.url('/mcp'), 'modern', bearer(token));
  await using anybody = await httpCaller(gateway.url('/open'), 'modern');
  await using nobody = await httpCaller(gateway.url('/mcp'), 'modern', bearer('wrong'));
  for (const caller of [ci, ed, signedIn, anybody, nobody]) outcomes.push(outcomeOf(await caller.call('add')));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await idp[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** What a draft says to the calls of `add`, by who made them. */
async function judged(policies: readonly object[], rest: object = {}): Promise<Record<string, string>> {
  const text = JSON.stringify({ ...configOf(policies), ...rest });
  const { rows, problems } = await gateway.connection.call('policy.dryRun', { text, limit: 1000 });
  expect(problems).toEqual([]);
  const calls = rows.filter(({ method }) => method === 'tools/call');
  return Object.fromEntries(
    calls.map(({ principalId = '?', draft }) => [/^[0-9a-f]{32}$/.test(principalId) ? 'token' : principalId, draft]),
  );
}
const deny = (when: string) => [{ id: 'd', effect: 'deny', match: { methods: ['tools/call'] }, when }];

test('recorded calls are judged as those who made them: by role, scope, name, address and era', async () => {
  expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok', 40100]);
  const everybody = { 'key:ci': 'allow', 'key:ed': 'allow', token: 'allow', anonymous: 'allow' };
  await expect.poll(() => judged([]), { timeout: 5000 }).toEqual(everybody);
  expect(await judged(deny('"editor" in principal.roles'))).toEqual({ ...everybody, 'key:ed': 'deny' });
  expect(await judged(deny('"ci:use" in principal.scopes'))).toEqual({ ...everybody, 'key:ci': 'deny' });
  expect(await judged(deny(`principal.iss == "${idp.issuer}" && principal.sub == "${idp.clientId}"`))).toEqual({
    ...everybody,
    token: 'deny',
  });
  expect(await judged(deny('session.era == "legacy" && session.id != ""'))).toEqual({ ...everybody, 'key:ed': 'deny' });
  expect(new Set(Object.values(await judged(deny('client.ip == "127.0.0.1" && client.name == "matrix"'))))).toEqual(new Set(['deny']));
});

test('a listener is as open in the dry run as in the draft', async () => {
  expect(await judged([], { defaults: {} })).toEqual({ 'key:ci': 'deny', 'key:ed': 'deny', token: 'deny', anonymous: 'allow' });
});

test('what is not recorded of a call is unknown, and said to be', async () => {
  // Neither keys nor anonymous callers have claims, which is known.
  const policies = deny('has(principal.claims.team)');
  expect(await judged(policies)).toEqual({ 'key:ci': 'allow', 'key:ed': 'allow', token: 'unknown', anonymous: 'allow' });
  const text = JSON.stringify(configOf(policies));
  const { rows, callCount, allowCount, denyCount, unknownCount, changedCount } = await gateway.connection.call('policy.dryRun', { text });
  expect([callCount, denyCount, unknownCount, changedCount]).toEqual([allowCount + 1, 0, 1, 0]);
  expect(rows[0]).toMatchObject({
    draft: 'unknown',
    now: 'allow',
    policyId: 'd',
    reason: expect.stringContaining('principal.claims') as string,
  });

  const { stdout } = await commandLine(home, 'dry').run('policy', 'dry-run', await draftFile(text));
  expect(stdout).toMatch(/^\d+ calls: \d+ would be allowed, 0 denied, 1 cannot be told; 0 otherwise than now\.\n/);
  expect(stdout).toMatch(/ tools +[0-9a-f]{8} +tools\/call add +allow +unknown +d +The policy d cannot be judged/);
});

test('a recorded call is explained as of whoever made it', async () => {
  const config = configOf(deny('"editor" in principal.roles || has(principal.claims.team)'));
  const { connection } = gateway;
  const { hash } = await connection.call('config.read', {});
  await connection.call('config.write', { text: JSON.stringify(config), expectedHash: hash });
  const { rows } = await connection.call('policy.dryRun', { text: JSON.stringify(config) });
  const explained = await Promise.all(
    rows
      .filter(({ method }) => method === 'tools/call')
      .map(async ({ sessionId, seq, principalId = '' }) => {
        const { effect, policies } = await connection.call('policy.explain', { sessionId, seq });
        return [principalId.replace(/^[0-9a-f]{32}$/, 'token'), effect, policies[0]?.result];
      }),
  );
  expect(explained.sort()).toEqual([
    ['anonymous', 'allow', 'false'],
    ['key:ci', 'allow', 'false'],
    ['key:ed', 'deny', 'true'],
    ['token', 'unknown', 'unknown'],
  ]);
});

test('the record holds neither keys nor tokens nor claims', async () => {
  const files = ['traffic.db', 'traffic.db-wal'].map(name => readFileSync(join(gateway.dataDir, name)).toString('latin1'));
  const text = files.join('');
  expect(text).toContain('"roles":["editor"]');
  for (const secret of [...Object.values(keys), token, token.split('.')[1] ?? '', '"claims":', '"exp":'])
    expect(text).not.toContain(secret);
});

async function draftFile(text: string): Promise<string> {
  const path = join(home.path, 'draft.json');
  await writeFile(path, text);
  return path;
}
