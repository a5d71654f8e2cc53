/** Whoever wants the arguments of calls in the audit gets them, without a secret; nobody else gets more than a digest. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf } from './kit/callers.ts';
import { startGateway } from './kit/running-gateway.ts';
import { startToolServer } from './kit/tool-server.ts';

const known = 'tide-table-of-the-gateway';
const secrets = ['hunter2-of-ada', 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB', known];

test('arguments stand there as they are up to 16 KiB, secrets masked; without the switch, and beyond that, their digest alone', async () => {
  await using home = await scratchHome();
  await using server = await startToolServer();
  await using gateway = await startGateway({
    home: home.path,
    name: 'arguments',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'tools' }] }],
      upstreams: {
        tools: {
          health: { kind: 'none' },
          instances: [{ id: 'a', url: server.url }],
          credentials: { bearer: '${env:TOOLS_TOKEN}' },
        },
      },
      policies: [{ id: 'no-deny-tool', effect: 'deny', match: { tools: ['deny_tool'] } }],
      audit: { arguments: true },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
    env: { TOOLS_TOKEN: known },
  });
  await using caller = await httpCaller(gateway.url('/mcp'), 'modern');
  const rows = () => gateway.audit().filter(({ method }) => method === 'tools/call');
  const said = { path: '/tides/2026', depth: 12, password: secrets[0], note: `use ${secrets[1]} and ${known}` };
  expect(outcomeOf(await caller.call('ok_tool', said))).toBe('ok');
  expect(outcomeOf(await caller.call('deny_tool', said))).toBe(40300);
  expect(outcomeOf(await caller.call('ok_tool', { text: 'x'.repeat(17_000) }))).toBe('ok');
  await expect.poll(() => rows().length).toBe(3);
  const [allowed, denied, long] = rows();
  for (const row of [allowed, denied]) {
    expect(row?.['arguments_digest']).toBeUndefined();
    const kept = JSON.parse(String(row?.['arguments'])) as Record<string, unknown>;
    expect([kept['path'], kept['depth'], Object.keys(kept)]).toEqual(['/tides/2026', 12, Object.keys(said)]);
  }
  expect([denied?.['kind'], denied?.['action']]).toEqual(['policy', 'refused']);
  expect([long?.['arguments'], long?.['arguments_digest']]).toEqual([undefined, expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);

  const { configHash } = await gateway.connection.call('gateway.status', {});
  writeFileSync(gateway.configPath, readFileSync(gateway.configPath, 'utf8').replace('"arguments": true', '"arguments": false'));
  await expect.poll(async () => (await gateway.connection.call('gateway.status', {})).configHash, { timeout: 5000 }).not.toBe(configHash);
  expect(outcomeOf(await caller.call('ok_tool', said))).toBe('ok');
  await expect.poll(() => rows().length).toBe(4);
  const last = rows()[3];
  expect([last?.['arguments'], last?.['arguments_digest']]).toEqual([undefined, expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);

  // Neither its files, nor its rows in the database, nor the log.
  const { rows: queried } = (await (await fetch(`${gateway.adminUrl}/api/audit?limit=100`)).json()) as { rows: unknown[] };
  expect(queried.length).toBeGreaterThan(3);
  const everything = JSON.stringify([gateway.audit(), queried]) + gateway.process.stderr();
  for (const secret of secrets) expect(everything).not.toContain(secret);
});
