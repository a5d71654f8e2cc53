/** Logs of components as whoever reads them meets them: levels that change, and secrets that never show. */
import { expect, test } from 'vitest';
import { componentLogs } from './component-logs.ts';

const clock = { now: () => Date.UTC(2026, 10, 22), monotonicUs: () => 0 };

function open(options: { hiddenPaths?: readonly string[]; secretValues?: () => Iterable<string> } = {}) {
  const lines: string[] = [];
  const logs = componentLogs({ level: 'info', clock, write: line => lines.push(line), ...options });
  return { logs, lines, take: () => lines.splice(0) };
}

test('a line names its component', () => {
  const { logs, lines } = open();
  logs.of('access').info('POST tools/call', { status: 200 });
  expect(lines).toEqual([
    '{"at":"2026-11-22T00:00:00.000Z","level":"info","component":"access","message":"POST tools/call","status":200}\n',
  ]);
});

test('levels change at run time, for one component or for all that have none of their own', () => {
  const { logs, take } = open();
  const [access, policy] = [logs.of('access'), logs.of('policy')];
  const both = () => {
    access.debug('a');
    policy.debug('p');
    return take().map(line => (JSON.parse(line) as { component: string }).component);
  };
  expect(both()).toEqual([]);
  logs.setLevel('policy', 'debug');
  expect(both()).toEqual(['policy']);
  logs.setLevel(undefined, 'debug');
  expect(both()).toEqual(['access', 'policy']);
  logs.setLevel('access', 'silent');
  access.error('x');
  expect(take()).toEqual([]);
  expect(logs.levels()).toEqual({ all: 'debug', policy: 'debug', access: 'silent' });
  logs.configure({ level: 'warn', levels: { config: 'debug' }, format: 'json' });
  expect(logs.levels()).toEqual({ all: 'warn', config: 'debug' });
  expect(both()).toEqual([]);
});

test('secrets are masked by name, by path, by form and by value, in facts and messages alike', () => {
  let secrets = ['s3cr"et-value', 'abc'];
  const { logs, take } = open({ hiddenPaths: ['headers.x-internal', '*.cookie2'], secretValues: () => secrets });
  const log = logs.of('auth');
  log.info('refused Bearer abcdefghijklmnop', {
    password: 'p1',
    headers: { Authorization: 'Basic x', 'x-internal': 'p2', 'x-other': 'abc' },
    deep: { cookie2: 'p3', list: [{ api_key: 'p4' }] },
    error: new Error('the key s3cr"et-value is wrong'),
    url: 'https://idp.example/?k=s3cr"et-value',
  });
  const [line = ''] = take();
  expect(JSON.parse(line)).toMatchObject({
    message: 'refused Bearer ••••',
    password: '••••',
    headers: { Authorization: '••••', 'x-internal': '••••', 'x-other': 'abc' },
    deep: { cookie2: '••••', list: [{ api_key: '••••' }] },
    error: 'Error: the key •••• is wrong',
    url: 'https://idp.example/?k=••••',
  });
  secrets = ['another-secret'];
  log.info('has another-secret in it');
  expect(take()[0]).toContain('has •••• in it');
});

test('a line stays a line: long texts, deep and long facts are cut', () => {
  const { logs, take } = open();
  const deep: Record<string, unknown> = {};
  deep['self'] = deep;
  logs.of('x').info('m', { text: 'x'.repeat(10_000), list: Array.from({ length: 500 }, (_, at) => at), deep });
  const [line = ''] = take();
  expect(line.length).toBeLessThan(3_000);
  expect(line.indexOf('\n')).toBe(line.length - 1);
});

test('text for people is one line as well', () => {
  const { logs, lines } = open();
  logs.configure({ level: 'info', levels: {}, format: 'text' });
  logs.of('upstream').warn('An instance\nis unhealthy', { instance: 'a', reason: 'no\nanswer', pid: undefined });
  expect(lines).toEqual(['2026-11-22T00:00:00.000Z WARN  upstream: An instance is unhealthy  instance="a"  reason="no\\nanswer"\n']);
});
