/** Layers above the file: variables and flags, where they lead and what is said when they lead nowhere. */
import { expect, test } from 'vitest';
import { layered } from './config-layers.ts';
import { readConfig } from './read-config.ts';

const base = `version: 1
listeners: [{ name: main, port: 7000, routes: [{ path: /mcp, upstream: github }] }]
upstreams: { github: { instances: [{ id: a, url: "http://127.0.0.1:9/" }] } }
`;
const config = (env: Record<string, string | undefined>, flags: Record<string, unknown> = {}, text = base) => {
  const read = readConfig(text, { env, flags });
  if (!read.ok) throw new Error(read.problems.map(({ source, message }) => `${source}: ${message}`).join('\n'));
  return read.config;
};
const problems = (env: Record<string, string | undefined>, flags: Record<string, unknown> = {}, text = base) => {
  const read = readConfig(text, { env, flags });
  return read.ok ? [] : read.problems.map(({ source, line, message }) => `${source ?? line}: ${message}`);
};

test('each layer lies above the one before', () => {
  expect(config({}).admin.port).toBe(7391);
  expect(config({}, {}, `${base}admin: { port: 1 }`).admin.port).toBe(1);
  expect(config({ SHADOWCAT__ADMIN__PORT: '2' }, {}, `${base}admin: { port: 1 }`).admin.port).toBe(2);
  expect(config({ SHADOWCAT__ADMIN__PORT: '2' }, { 'admin.port': 3 }, `${base}admin: { port: 1 }`).admin.port).toBe(3);
});

test('keys are found whatever their capitals, entries by number, names as they are', () => {
  const made = config({
    SHADOWCAT__LISTENERS__0__PORT: '0',
    SHADOWCAT__LISTENERS__0__ROUTES__0__REFUSAL: 'in-band',
    SHADOWCAT__UPSTREAMS__GITHUB__BULKHEAD__MAXCONCURRENT: '7',
    SHADOWCAT__upstreams__github__instances__0__weight: '3',
    SHADOWCAT__UPSTREAMS__GITHUB__CREDENTIALS__BEARER: '${env:TOKEN}',
  });
  expect(made.listeners[0]).toMatchObject({ name: 'main', port: 0, routes: [{ refusal: 'in-band' }] });
  expect(Object.keys(made.upstreams)).toEqual(['github']);
  expect(made.upstreams['github']).toMatchObject({
    bulkhead: { maxConcurrent: 7 },
    instances: [{ weight: 3 }],
    credentials: { bearer: '${env:TOKEN}' },
  });
});

test('a text is taken as it is; other values are YAML', () => {
  const made = config({
    SHADOWCAT__ADMIN__TOKEN: '12345',
    SHADOWCAT__LISTENERS__0__HOST: 'localhost',
    SHADOWCAT__LISTENERS__0__TRUSTEDPROXIES: '[10.0.0.0/8, "::1"]',
    SHADOWCAT__AUDIT__ENABLED: 'false',
    SHADOWCAT__POLICYMODE: 'off',
    SHADOWCAT__SHUTDOWN__FINISH: '1s',
    SHADOWCAT__LOGGING: '{ level: warn }',
  });
  expect(made.admin.token).toBe('12345');
  expect(made.listeners[0]?.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  expect(made).toMatchObject({ audit: { enabled: false }, policyMode: 'off', shutdown: { finish: 1000 }, logging: { level: 'warn' } });
});

test('a whole configuration can come from variables', () => {
  const made = config(
    {
      SHADOWCAT__UPSTREAMS__a__INSTANCES__0__ID: 'x',
      SHADOWCAT__UPSTREAMS__a__INSTANCES__0__URL: 'http://127.0.0.1:9/',
      SHADOWCAT__LISTENERS__0__NAME: 'main',
      SHADOWCAT__LISTENERS__0__ROUTES: '[{ path: /, upstream: a }]',
      SHADOWCAT__LISTENERS__1__NAME: 'two',
      SHADOWCAT__LISTENERS__1__PORT: '1',
      SHADOWCAT__LISTENERS__1__ROUTES: '[{ path: /, upstream: a }]',
    },
    {},
    'version: 1',
  );
  expect(made.listeners.map(({ name }) => name)).toEqual(['main', 'two']);
});

test('entries beyond the ninth come in the order of their numbers', () => {
  const env: Record<string, string> = {};
  for (let at = 11; at >= 0; at -= 1) env[`SHADOWCAT__LISTENERS__0__ALLOWEDHOSTS__${at}`] = `host-${at}`;
  expect(config(env).listeners[0]?.allowedHosts).toEqual(Array.from({ length: 12 }, (_, at) => `host-${at}`));
});

test('one default limit can be changed, and the others stay', () => {
  const { limits } = config({ SHADOWCAT__LIMITS__1__CAPACITY: '5' });
  expect(limits.map(limit => 'capacity' in limit && limit.capacity)).toEqual([1000, 5, 100, 20, 200]);
});

test('an empty variable counts as absent, and others are not ours', () => {
  expect(config({ SHADOWCAT__ADMIN__PORT: '', SHADOWCAT_DATA_DIR: '/x', SHADOWCATX__ADMIN: '1', PATH: '/bin' }).admin.port).toBe(7391);
});

test.each([
  ['SHADOWCAT__ADMIN__PROT', '1', 'SHADOWCAT__ADMIN__PROT: admin has no key "PROT"; did you mean port?'],
  ['SHADOWCAT__ADMIN__QUUX', '1', 'SHADOWCAT__ADMIN__QUUX: admin has no key "QUUX"; it has enabled, host, port, token.'],
  ['SHADOWCAT__LISTENER__0__PORT', '1', 'SHADOWCAT__LISTENER__0__PORT: The configuration has no key "LISTENER"; did you mean listeners?'],
  [
    'SHADOWCAT__LISTENERS__MAIN__PORT',
    '1',
    'SHADOWCAT__LISTENERS__MAIN__PORT: "MAIN" is no number; entries of listeners are counted from 0.',
  ],
  ['SHADOWCAT__LISTENERS__2__PORT', '1', 'SHADOWCAT__LISTENERS__2__PORT: listeners has 1 entries, so the next one is 1, not 2.'],
  ['SHADOWCAT__ADMIN__PORT__X', '1', 'SHADOWCAT__ADMIN__PORT__X: admin.port has no keys.'],
  ['SHADOWCAT__', '1', 'SHADOWCAT__: The name of a key is missing; write SECTION__KEY.'],
  ['SHADOWCAT____PROTO__', '1', 'SHADOWCAT____PROTO__: The name of a key is missing; write SECTION__KEY.'],
  ['SHADOWCAT__ADMIN__PORT', '[1', 'SHADOWCAT__ADMIN__PORT: The value is no YAML; put quotes around its texts.'],
  ['SHADOWCAT__ADMIN__PORT', '*x', 'SHADOWCAT__ADMIN__PORT: The value is no YAML; put quotes around its texts.'],
  ['SHADOWCAT__ADMIN__PORT', 'high', 'SHADOWCAT__ADMIN__PORT: Write a number for port, not "high".'],
  [
    'SHADOWCAT__LISTENERS__0__ROUTES__0__UPSTREAM',
    'gitub',
    'SHADOWCAT__LISTENERS__0__ROUTES__0__UPSTREAM: No upstream is named gitub; did you mean github?',
  ],
  [
    'SHADOWCAT__LISTENERS__0__ROUTES',
    '[{ path: x, upstream: github }]',
    'SHADOWCAT__LISTENERS__0__ROUTES: A path begins with / and has no query.',
  ],
])('%s=%s is a problem of the variable', (name, value, expected) => {
  expect(problems({ [name]: value })).toEqual([expected]);
});

test('a flag that leads nowhere is named', () => {
  expect(problems({}, { 'admin.prot': 1 })).toEqual(['admin.prot: admin has no key "prot"; did you mean port?']);
  expect(problems({}, { '': 1 })).toEqual([expect.stringContaining('The name of a key is missing')]);
  expect(problems({}, { '__proto__.x': 1 })).toEqual([expect.stringContaining('The name of a key is missing')]);
  expect(config({}, { 'listeners[0].port': '9', 'listeners.0.name': 'other', 'admin.port': undefined }).listeners[0]).toMatchObject({
    port: 9,
    name: 'other',
  });
});

test('two names that differ in capitals must be written exactly', () => {
  const text = 'version: 1\nupstreams: { A: { instances: [{ id: x, url: "http://a" }] }, a: { instances: [{ id: x, url: "http://a" }] } }';
  expect(config({ SHADOWCAT__UPSTREAMS__a__PINNING: 'off' }, {}, text).upstreams).toMatchObject({
    A: { pinning: 'warn' },
    a: { pinning: 'off' },
  });
  const both = text.replace('A:', 'aB:').replace(' a:', ' Ab:');
  expect(problems({ SHADOWCAT__UPSTREAMS__AB__PINNING: 'off' }, {}, both)).toEqual([
    'SHADOWCAT__UPSTREAMS__AB__PINNING: "AB" can be aB or Ab; write it exactly so.',
  ]);
});

test('the value of the file is not changed', () => {
  const file = { version: 1, admin: { port: 1 }, listeners: [{ name: 'a' }] };
  const before = structuredClone(file);
  const { value, sources } = layered(file, { SHADOWCAT__ADMIN__PORT: '2', SHADOWCAT__LISTENERS__0__NAME: 'b' }, {});
  expect(file).toEqual(before);
  expect(value).toEqual({ version: 1, admin: { port: 2 }, listeners: [{ name: 'b' }] });
  expect([...sources.keys()]).toEqual(['admin.port', 'listeners[0].name']);
});
