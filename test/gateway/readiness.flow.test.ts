/** A gateway whose store takes nothing goes on serving, and keeps traffic away only where every call has to be recorded. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { scratchHome } from '../peers/scratch-home.ts';
import { httpCaller, outcomeOf } from './kit/callers.ts';
import { startGateway } from './kit/running-gateway.ts';
import { startToolServer } from './kit/tool-server.ts';

test('readiness depends on the store only while recording is required; health tells of it in any case', async () => {
  await using home = await scratchHome();
  await using server = await startToolServer();
  await using gateway = await startGateway({
    home: home.path,
    name: 'readiness',
    config: {
      version: 1,
      listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'tools' }] }],
      upstreams: { tools: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] } },
      recording: { required: false },
      admin: { port: 0 },
      shutdown: { readyDelay: '0ms' },
    },
  });
  const page = async (path: string) => {
    const response = await fetch(`${gateway.adminUrl}${path}`);
    return { code: response.status, ...((await response.json()) as { status: string; reasons?: string[]; degraded?: string[] }) };
  };
  const failing = expect.stringContaining('the store is failed: Another program holds the database') as string;
  const require = async (isRequired: boolean) => {
    const { configHash } = await gateway.connection.call('gateway.status', {});
    writeFileSync(gateway.configPath, readFileSync(gateway.configPath, 'utf8').replace(/"required": \w+/, `"required": ${isRequired}`));
    await expect.poll(async () => (await gateway.connection.call('gateway.status', {})).configHash, { timeout: 5000 }).not.toBe(configHash);
  };
  await using caller = await httpCaller(gateway.url('/mcp'), 'modern');
  expect(await page('/health/ready')).toEqual({ code: 200, status: 'ready', degraded: [] });

  const db = new Database(join(gateway.dataDir, 'traffic.db'));
  using other = { exec: (sql: string) => db.exec(sql), [Symbol.dispose]: () => void db.close() };
  other.exec('BEGIN IMMEDIATE');
  expect(outcomeOf(await caller.call('add'))).toBe('ok');
  await expect
    .poll(() => page('/health/ready'), { timeout: 10_000 })
    .toEqual({
      code: 200,
      status: 'ready',
      degraded: [expect.stringMatching(/^the store is failed: .*; traffic passes unrecorded$/) as string],
    });
  expect(await page('/health')).toMatchObject({ code: 200, status: 'degraded', degraded: [failing], store: { state: 'failed' } });
  expect(outcomeOf(await caller.call('add'))).toBe('ok');

  await require(true);
  await expect.poll(() => page('/health/ready')).toEqual({ code: 503, status: 'not-ready', reasons: [failing], degraded: [] });
  expect(await page('/health')).toMatchObject({ code: 503, status: 'failed', reasons: [failing] });

  other.exec('ROLLBACK');
  await expect.poll(() => page('/health/ready'), { timeout: 10_000 }).toEqual({ code: 200, status: 'ready', degraded: [] });
});
