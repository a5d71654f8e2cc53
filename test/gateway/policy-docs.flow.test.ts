/** The examples of docs/limits-and-policies.md: each is read as a configuration and does what the text says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { anonymous, type Principal } from '../../src/main/pipeline/guard.ts';
import { RequestWork } from '../../src/main/pipeline/cel/work-budget.ts';
import { RateLimiter } from '../../src/main/pipeline/limits/rate-limiter.ts';
import { compilePolicies } from '../../src/main/pipeline/policy/compile-policies.ts';
import { PolicyEngine } from '../../src/main/pipeline/policy/policy-engine.ts';
import type { Subject } from '../../src/main/pipeline/policy/subject.ts';
import { limitIp } from '../../src/main/stages/limit-ip.ts';
import { limitRate } from '../../src/main/stages/limit-rate.ts';
import { Config } from '../../src/shared/config/schema.ts';
import { anExchange, answering } from '../kit/an-exchange.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/limits-and-policies.md'), 'utf8');
const examples = new Map(
  [...page.matchAll(/```yaml\n# example: ([\w-]+)\n([^`]*)```/g)].map(([, name = '', text = '']) => [name, text] as const),
);
const tried = new Set<string>();

function configOf(name: string): Config {
  const text = examples.get(name);
  if (text === undefined) throw new Error(`There is no example ${name}`);
  tried.add(name);
  return Config.parse({ version: 1, ...(parse(text) as object) });
}

function subject(over: Partial<Subject>): Subject {
  return {
    method: 'tools/call',
    server: 'files',
    tool: '',
    prompt: '',
    resource: '',
    args: {},
    principal: anonymous,
    client: { ip: '', name: '', version: '' },
    session: { id: '', era: 'legacy' },
    http: { method: 'POST', path: '/mcp', rawHeaders: [] },
    toolMeta: undefined,
    nowMs: 0,
    ...over,
  };
}

const withRole = (role: string): Principal => ({ ...anonymous, kind: 'token', id: 'ann', roles: [role] });

function rule(name: string, over: Partial<Subject>, from: 'client' | 'server' = 'client'): string {
  let us = 0;
  const engine = new PolicyEngine({ now: () => 0, monotonicUs: () => (us += 1) });
  engine.apply(compilePolicies(configOf(name)));
  const { isDenied, by } = engine.rule(subject(over), { hasAuth: false, from, work: new RequestWork() });
  return `${isDenied ? 'denied' : 'allowed'} by ${by}`;
}

describe('policies', () => {
  test('no-prod-delete', () => {
    const ask = (tool: string, path: string, principal = anonymous) => rule('no-prod-delete', { tool, args: { path }, principal });
    expect([
      ask('delete_file', '/prod/a'),
      ask('delete_file', '/tmp/a'),
      ask('read_file', '/prod/a'),
      ask('delete_file', '/prod/a', withRole('admin')),
      rule('no-prod-delete', { tool: 'delete_file' }),
    ]).toEqual(['denied by no-prod-delete', 'allowed by default', 'allowed by default', 'allowed by default', 'denied by no-prod-delete']);
  });

  test('allow-list', () => {
    const ask = (tool: string, principal = anonymous) => rule('allow-list', { tool, principal });
    expect([ask('read_file'), ask('write_file'), ask('write_file', withRole('editor')), ask('run')]).toEqual([
      'allowed by readers',
      'denied by default',
      'allowed by writers',
      'denied by default',
    ]);
    const read = (resource: string) => rule('allow-list', { method: 'resources/read', resource });
    expect([read('file:///docs/a/b'), read('file:///etc/passwd'), rule('allow-list', { method: 'tools/list' })]).toEqual([
      'allowed by docs',
      'denied by default',
      'allowed by default',
    ]);
  });

  test('office-hours', () => {
    const at = (time: string) => rule('office-hours', { tool: 'deploy_app', nowMs: Date.parse(time) });
    // Berlin is an hour ahead of UTC in winter, two in summer.
    expect([at('2026-11-27T07:30:00Z'), at('2026-11-27T06:59:00Z'), at('2026-07-01T06:30:00Z'), at('2026-11-28T10:00:00Z')]).toEqual([
      'allowed by default',
      'denied by office-hours',
      'allowed by default',
      'denied by office-hours',
    ]);
  });

  test('only-tmp', () => {
    const ask = (path: unknown) => rule('only-tmp', { tool: 'read_file', args: { path } });
    expect([ask('/tmp/a'), ask('/tmp/../etc/passwd'), ask('/etc/passwd'), ask(['/tmp/a']), ask(undefined)]).toEqual([
      'allowed by default',
      ...Array<string>(4).fill('denied by only-tmp'),
    ]);
  });

  test('no-sampling', () => {
    const asks = (method: string, server: string) => rule('no-sampling', { method, server }, 'server');
    expect([asks('sampling/createMessage', 'web1'), asks('sampling/createMessage', 'files'), asks('elicitation/create', 'web1')]).toEqual([
      'denied by no-sampling',
      'allowed by default',
      'allowed by default',
    ]);
  });

  test('pinning', () => {
    expect(configOf('pinning').upstreams['web']?.pinning).toBe('hold');
  });
});

describe('limits', () => {
  interface Who {
    readonly ip?: string;
    readonly principal?: Principal;
  }

  /** How many of so many calls of a tool pass. */
  async function passing(
    name: string,
    calls: readonly string[],
    { ip = '203.0.113.1', principal = withRole('dev') }: Who = {},
  ): Promise<number> {
    const limiter = new RateLimiter({ clock: { now: () => 0, monotonicUs: () => 0 }, random: () => 0 });
    limiter.apply(limiter.prepare(configOf(name).limits));
    const [byAddress, others] = [limitIp({ limiter }), limitRate({ limiter })];
    let passed = 0;
    for (const tool of calls) {
      const exchange = anExchange({ body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool } } });
      const asked = { ...exchange, guard: { ...exchange.guard, principal, client: { peerIp: ip, ip } } };
      const verdict = await byAddress.handle(asked, inner => others.handle(inner, answering()));
      if (verdict.kind === 'answer') {
        passed += 1;
        verdict.answer.body.start({ data: () => true, end: () => undefined, fail: () => undefined });
      }
    }
    return passed;
  }

  const times = (tool: string, count: number) => Array<string>(count).fill(tool);

  test('deletes', async () => {
    expect([await passing('deletes', times('delete_a', 9)), await passing('deletes', times('read', 60))]).toEqual([5, 50]);
  });

  test('costs', async () => {
    expect(
      await Promise.all([times('read', 150), times('generate_image', 9), times('generate_video', 2)].map(calls => passing('costs', calls))),
    ).toEqual([100, 5, 1]);
  });

  test('exempt', async () => {
    const calls = times('read', 120);
    expect([
      await passing('exempt', calls),
      await passing('exempt', calls, { ip: '10.9.9.9', principal: withRole('operator') }),
      await passing('exempt', calls, { ip: '2001:db8::1', principal: { ...anonymous, kind: 'api-key', id: 'key:ci' } }),
      await passing('exempt', calls, { ip: '10.9.9.9' }),
    ]).toEqual([100, 120, 120, 100]);
  });
});

test('every example was tried', () => {
  expect([...examples.keys()].filter(name => !tried.has(name))).toEqual([]);
  expect(examples.size).toBe((page.match(/```yaml/g) ?? []).length);
});
