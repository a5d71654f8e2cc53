/** Reading a configuration: every mistake is named with its line and with what to do about it. */
import { expect, test } from 'vitest';
import { fc } from '../kit/properties.ts';
import { isMap, isScalar, parseDocument, visit, LineCounter } from 'yaml';
import { everyKey } from '../../src/main/settings/config-shape.ts';
import { type ConfigProblem, pathText, problemText, readPath } from '../../src/main/settings/config-problem.ts';
import { configHash, readConfig, type ReadConfigOptions } from '../../src/main/settings/read-config.ts';
import { sampleConfig } from './sample-config.ts';

const problemsOf = (text: string | Uint8Array, options?: ReadConfigOptions): readonly ConfigProblem[] => {
  const read = readConfig(text, options);
  return read.ok ? [] : read.problems;
};
const told = (text: string | Uint8Array, options?: ReadConfigOptions) =>
  problemsOf(text, options).map(({ line, column, message, source }) => `${source ?? `${line}:${column}`} ${message}`);
const warned = (text: string) => {
  const read = readConfig(text);
  if (!read.ok) throw new Error(read.problems.map(problem => problemText(problem, 'text')).join('\n'));
  return read.warnings.map(({ line, message }) => `${line} ${message}`);
};
const configOf = (text: string, options?: ReadConfigOptions) => {
  const read = readConfig(text, options);
  if (!read.ok) throw new Error(read.problems.map(problem => problemText(problem, 'text')).join('\n'));
  return read.config;
};

const listener = (more: string) => `version: 1
upstreams:
  a: { instances: [{ id: x, url: "http://127.0.0.1:9/mcp" }] }
listeners:
  - name: main
    routes: [{ path: /mcp, upstream: a }]
${more}`;
const upstream = (more: string) => `version: 1
upstreams:
  a:
    instances:
      - id: x
        url: http://127.0.0.1:9/mcp
${more}
listeners: [{ name: main, routes: [{ path: /mcp, upstream: a }] }]
`;

test('the sample reads without a problem or a warning, with units and defaults applied', () => {
  expect(warned(sampleConfig)).toEqual([]);
  const config = configOf(sampleConfig);
  expect(config.upstreams['github']).toMatchObject({
    breaker: { maxOpen: 300_000, window: 30_000, forgetAfter: 300_000 },
    timeouts: { connect: 5000, listFirstByte: 15_000, tools: { 'search_*': { total: 1_200_000 } } },
    credentials: { bearer: '${env:GITHUB_TOKEN}' },
  });
  expect(config.recording.retention).toEqual({ maxAge: 30 * 86_400_000, maxSize: 2 * 1024 ** 3 });
  expect(config.listeners[0]).toMatchObject({ maxBody: 16 * 1024 ** 2, insecure: false });
});

test('"version: 1" alone is a configuration, in JSON as well, and brings the default limits', () => {
  const config = configOf('version: 1');
  expect(config.limits.map(({ id }) => id)).toEqual([
    'default-global',
    'default-ip',
    'default-user',
    'default-session',
    'default-endpoint',
  ]);
  expect(configOf('{"version": 1}')).toEqual(config);
  expect(configOf('{\n\t"version": 1\n}\n')).toEqual(config);
  expect(configOf('\uFEFFversion: 1')).toEqual(config);
  const bytes = Buffer.from('\uFEFFversion: 1');
  expect(readConfig(bytes)).toMatchObject({ ok: true, text: '\uFEFFversion: 1', hash: configHash('\uFEFFversion: 1') });
  expect(configOf('version: 1\nlimits: []').limits).toEqual([]);
});

test.each([
  ['', ['1:1 The file is empty; begin with the line "version: 1".']],
  ['# nothing\n', ['1:1 The file is empty; begin with the line "version: 1".']],
  ['null', ['1:1 The file is empty; begin with the line "version: 1".']],
  ['just words', [expect.stringContaining('1:1 Write keys with values here: version, policyMode')]],
  ['- 1', [expect.stringContaining('1:1 Write keys with values here: version, policyMode')]],
  ['{}', ['1:1 Add the line "version: 1".']],
  ['version: 2', ['1:10 Write version: 1.']],
  ['version: "1"', ['1:10 Write version: 1.']],
  ['version: 1\nadmin:\n\tport: 1', ['3:1 A tab stands where spaces belong; indent with spaces.']],
  ['version: 1\nversion: 1', ['2:1 "version" stands in line 1 already; remove one of the two.']],
  ['version: 1\nadmin: { port: 1, "port": 2 }', ['2:19 "port" stands in line 2 already; remove one of the two.']],
  ['version: 1\nadmin:\n', ['2:7 Nothing stands behind admin; write a value or remove the key.']],
  ['version: 1\n---\nversion: 1', [expect.stringContaining('2:1 The file holds more than one document')]],
  ['version: 1\nadmin: *base', ['2:8 No anchor &base stands before *base; add it or write the value.']],
  ['version: !!int 1', ['1:16 Remove the tag (!!name); the schema says what the value is.']],
  ['version: 1\nadmin: { host: @x }', ['2:16 A value that begins with this sign needs quotes.']],
  ['version: 1\nadmin:\n  port: 1\n host: x', [expect.stringContaining('4:1 The indentation does not fit')]],
  ['version: 1\n? [a]\n: 1', [expect.stringContaining('2:3 A key is one word here')]],
  ['version: 1\n__proto__: { a: 1 }', [expect.stringContaining('2:1 "__proto__" cannot be used')]],
  ['%YAML 1.1\n---\nversion: 1', [expect.stringContaining('1:1 Remove the line "%YAML 1.1"')]],
])('%j is told as it is', (text, expected) => {
  expect(told(text)).toEqual(expected);
});

test('text that is no UTF-8 is told by its line', () => {
  expect(told(Buffer.from('version: 1\nadmin: {}\n# caf\xe9\n', 'latin1'))).toEqual([
    '3:1 This line is not UTF-8; save the file in that encoding.',
  ]);
  expect(told(Buffer.from('\ufeffversion: 1', 'utf16le'))).toEqual([expect.stringContaining('not UTF-8')]);
  expect(told(Buffer.from('version: 1 # café'))).toEqual([]);
});

test('size, depth and what aliases stand for are bounded, quickly', () => {
  const begun = performance.now();
  expect(told(`version: 1 #${'x'.repeat(4 * 1024 * 1024)}`)).toEqual([expect.stringContaining('larger than 4 MiB')]);
  expect(told(new Uint8Array(5 * 1024 * 1024))).toEqual([expect.stringContaining('larger than 4 MiB')]);
  expect(told('['.repeat(20_000))).toEqual([expect.stringContaining('nested too deeply')]);
  expect(told(Array.from({ length: 110_000 }, (_, at) => `k${at}: 1`).join('\n'))).toEqual([
    expect.stringContaining('more than 100000 values'),
  ]);
  const bomb = Array.from(
    { length: 10 },
    (_, at) =>
      `a${at}: &a${at} [${Array(9)
        .fill(at === 0 ? 'x' : `*a${at - 1}`)
        .join(', ')}]`,
  );
  expect(told(bomb.join('\n'))).toEqual([expect.stringContaining('once its aliases')]);
  const wide = `a: &a [${Array(5000).fill('x').join()}]\nb: [${Array(90).fill('*a').join()}]`;
  expect(told(wide)).toEqual([expect.stringContaining('once its aliases')]);
  expect(told('version: 1\nlimits: &l [*l]')).toEqual([expect.stringContaining('aliases')]);
  expect(told(`version: 1\nx: &x 1\nlimits: [${Array(201).fill('*x').join()}]`)).toEqual([expect.stringContaining('at most 200 aliases')]);
  expect(performance.now() - begun).toBeLessThan(20_000);
}, 30_000);

test('a file of keys that nobody knows is told about in part, and soon', () => {
  const begun = performance.now();
  const keys = Array.from({ length: 90_000 }, (_, at) => `listner${at}: 1`);
  expect(told(`version: 1\n${keys.join('\n')}`).length).toBe(200);
  expect(told(`version: 1\nlimits: [${Array(40_000).fill('{}').join()}]`)).toEqual(['2:9 Remove entries: at most 500 may be there.']);
  expect(performance.now() - begun).toBeLessThan(20_000);
}, 30_000);

test('a modest alias is fine, and a mistake behind one is shown where it stands', () => {
  const text = (key: string) => `version: 1
upstreams:
  a: &base
    instances: [{ id: x, url: "http://127.0.0.1:9/" }]
    pinning: off
  b:
    <<: *base
    ${key}: p2c
  c: *base
`;
  expect(configOf(text('balance')).upstreams['b']).toMatchObject({ balance: 'p2c', pinning: 'off' });
  expect(told(text('balanec'))).toEqual(['8:5 Unknown key "balanec"; did you mean balance?']);
  expect(told(text('balance').replace('pinning: off', 'pinning: of'))).toEqual([
    '5:14 Write one of off, warn, block, hold for pinning, not "of" (did you mean off?).',
  ]);
});

test.each([
  ['version: 1\nlistners: []', '2:1 Unknown key "listners"; did you mean listeners?'],
  ['version: 1\npolicy_mode: off', '2:1 Unknown key "policy_mode"; did you mean policyMode?'],
  ['version: 1\nadmin: { PORT: 1 }', '2:10 Unknown key "PORT"; did you mean port?'],
  [
    'version: 1\nmcpServers: {}',
    expect.stringContaining(
      '2:1 Unknown key "mcpServers": this is a client\'s file. Make a configuration of it: shadowcat config init --from',
    ),
  ],
  ['version: 1\nquux: 1', expect.stringContaining('2:1 Unknown key "quux"; here may stand: policyMode, listeners')],
  ['version: 1\nbulkhead: {}', '2:1 Unknown key "bulkhead" here; it stands in upstreams.NAME.'],
  ['version: 1\nadmin: { port: "80" }', '2:16 Write a number for port, not "80".'],
  ['version: 1\nadmin: { port: 1.5 }', '2:16 Write a whole number for port, not "1.5".'],
  ['version: 1\nadmin: { port: 65536 }', '2:16 Write at most 65535.'],
  ['version: 1\nadmin: { port: -1 }', '2:16 Write at least 0.'],
  ['version: 1\nadmin: { enabled: yes }', '2:19 Write true or false for enabled, not "yes".'],
  ['version: 1\nadmin: { host: 1 }', '2:16 Put the value of host in quotes, not "1".'],
  ['version: 1\nadmin: { token: 12345 }', '2:17 Put the value of token in quotes.'],
  ['version: 1\nadmin: []', '2:8 Write keys with values below admin: enabled, host, port, token.'],
  ['version: 1\npolicies: {}', expect.stringContaining('2:11 Write a list for policies')],
  ['version: 1\nlistners: []\npolicies: 3', expect.stringContaining('2:1 Unknown key')],
  ['version: 1\nrules: [{}]', '2:9 Interception rules cannot stand in a file; remove this entry.'],
  ['version: 1\nshutdown: { finish: 25 }', '2:21 Write a duration with its unit, such as 250ms, 30s, 5m, 1h or 30d.'],
  ['version: 1\nlisteners:\n  - name: main\n   port: 1', expect.stringContaining('4:1 This line is indented neither like')],
  ['version: 1\nadmin:\n    host: a.b\n     port: 1', expect.stringContaining('3:11 The indentation does not fit')],
  ['version: 1\nadmin: { host: a: b }', expect.stringMatching(/^2:/)],
  ['version: 1\nadmin:\n  host: "127.0.0.1\n  port: 1', expect.stringContaining('A quote was opened above and never closed')],
  ['version: 1\nshutdown: { finish: 25sec }', '2:21 Write a duration with its unit, such as 250ms, 30s, 5m, 1h or 30d.'],
  ['version: 1\nsessions: { idle: 0s }', '2:19 Write a duration from 1ms to 24d.'],
  ['version: 1\nsessions: { age: 30d }', '2:18 Write a duration from 1ms to 24d.'],
  ['version: 1\nrecording: { retention: { maxSize: 2GB } }', '2:36 Write a size with its unit, such as 64KiB, 4MiB or 2GiB.'],
  ['version: 1\nrecording: { retention: { maxSize: 0B } }', '2:36 Write a size from 1B to 1048576GiB.'],
  [
    'version: 1\nupstreams: { "a b": { instances: [{ id: x, url: "http://x" }] } }',
    '2:14 A name has letters, digits, ".", "_" and "-", at most 64.',
  ],
  ['version: 1\nupstreams:\n  a: {}', '3:6 Add instances to upstreams.a.'],
  ['version: 1\nupstreams:\n  a:\n    instances: []', '4:16 Add an entry: at least 1 must be there.'],
  [
    'version: 1\nlimits:\n  - id: x\n    tier: ip\n    algorithm: token-buket',
    expect.stringContaining('5:16 Write one of token-bucket, sliding-window for algorithm, not "token-buket" (did you mean token-bucket?)'),
  ],
  ['version: 1\nlimits:\n  - id: x\n    tier: ip', '3:5 Add algorithm to limits[0]: token-bucket, sliding-window.'],
  [
    'version: 1\nlimits: [3]',
    '2:10 Write keys with values below limits[0]: id, tier, match, mode, concurrency, costs, exempt, algorithm, capacity, refill, per, limit.',
  ],
  [
    'version: 1\nlimits:\n  - { id: x, tier: ip, algorithm: token-bucket, capacity: 1, refill: 1, limit: 3 }',
    '3:73 Unknown key "limit": it belongs to algorithm: sliding-window; here stand capacity and refill.',
  ],
  [
    'version: 1\nlimits:\n  - { id: x, tier: ipp, algorithm: sliding-window, limit: 3 }',
    '3:20 Write one of global, ip, user, session, endpoint for tier, not "ipp" (did you mean ip?).',
  ],
  ['version: 1\nlimits:\n  - { id: x, tier: ip, algorithm: sliding-window, limt: 3 }', '3:51 Unknown key "limt"; did you mean limit?'],
  ['version: 1\nlimits:\n  - { id: x, tier: ip, algorithm: sliding-window, limit: 0 }', '3:58 Write at least 1.'],
])('%j is told as %j', (text, expected) => {
  expect(told(text)[0]).toEqual(expected);
});

test('a mistyped key that must be there is one problem, not two', () => {
  expect(told(listener('').replace('upstream: a', 'upstrem: a'))).toEqual(['6:28 Unknown key "upstrem"; did you mean upstream?']);
  expect(problemsOf(listener('').replace('upstream: a', 'upstrem: a'))[0]?.path).toBe('listeners[0].routes[0].upstrem');
});

test.each([
  ['    credentials: { berer: x }', '7:20 Unknown key "berer"; did you mean bearer?'],
  ['    credentials: {}', '7:18 Write one of these below credentials: bearer, header, clientCredentials, tokenExchange, signIn.'],
  ['    credentials: secret', '7:18 Write one of these below credentials: bearer, header, clientCredentials, tokenExchange, signIn.'],
  [
    '    credentials: { bearer: "${env:A}", header: { name: X, value: "${env:B}" } }',
    '7:18 Keep one of bearer, header: credentials has one kind.',
  ],
  ['    credentials: { bearer: "" }', '7:28 Write a text that is not empty.'],
  ['    credentials: { bearer: 5 }', '7:28 Put the value of bearer in quotes.'],
  ['    credentials: { header: { nam: X, value: "${env:B}" } }', '7:30 Unknown key "nam"; did you mean name?'],
  ['    credentials: { header: { name: X } }', '7:28 Add value to upstreams.a.credentials.header.'],
  [
    '    credentials: { clientCredentials: { tokenUrl: nowhere, clientId: x, clientSecret: "${env:B}" } }',
    '7:51 Write an address such as https://host/path for tokenUrl, not "nowhere".',
  ],
  ['    credentials: { signIn: { clientid: x } }', '7:30 Unknown key "clientid"; did you mean clientId?'],
  ['    credentials: { bearer: "${env:A}", extra: 1 }', '7:40 Unknown key "extra"; here may stand: bearer.'],
  ['        command: node', '5:9 An instance has a url or a command, not both; remove one.'],
  ['      - id: y', '7:9 An instance needs a url or a command.'],
  ['      - { id: y, ulr: "http://x" }', '7:18 Unknown key "ulr"; did you mean url?'],
  ['      - { id: y, url: "ftp://x" }', '7:23 Write an address such as https://host/path for url, not "ftp://x".'],
])('the branch that was meant is told: %s', (more, expected) => {
  expect(told(upstream(more))).toEqual([expected]);
});

test.each<[string, string, string]>([
  ['unknown upstream', listener('').replace('upstream: a', 'upstream: aa'), '6:38 No upstream is named aa; did you mean a?'],
  [
    'no upstreams at all',
    'version: 1\nlisteners: [{ name: m, routes: [{ path: /, upstream: zebra }] }]',
    '2:54 No upstream is named zebra; none is configured.',
  ],
  [
    'inherited names are no upstreams',
    listener('').replace('upstream: a', 'upstream: constructor'),
    '6:38 No upstream is named constructor; there are a.',
  ],
  [
    'same path',
    listener('').replace('[{ path', '[{ path: /mcp/, upstream: a }, { path'),
    '6:52 Route 1 of this listener has this path already; choose another one.',
  ],
  [
    '.well-known',
    listener('').replace('/mcp,', '/.well-known/x,'),
    '6:22 Choose a path outside /.well-known: the gateway answers there itself.',
  ],
  [
    'same name',
    listener('  - { name: main, port: 1, routes: [{ path: /, upstream: a }] }'),
    '7:13 Another listener is named main; choose another name.',
  ],
  [
    'same port',
    listener('  - { name: b, routes: [{ path: /, upstream: a }] }'),
    '7:5 Port 7380 is taken by listener main; choose another port.',
  ],
  [
    'port of all addresses',
    listener('  - { name: b, host: 0.0.0.0, insecure: true, routes: [{ path: /, upstream: a }] }'),
    '7:5 Port 7380 is taken by listener main; choose another port.',
  ],
  ['port of admin', listener('    port: 7391'), '1:1 Port 7391 is taken by listener main; choose another port.'],
  [
    'open to all',
    listener('    host: 0.0.0.0'),
    '7:11 Others reach 0.0.0.0: add auth, bind 127.0.0.1, or say insecure: true if everybody may use it.',
  ],
  [
    'open to all by auth that asks nobody',
    listener('    host: 0.0.0.0\n    publicUrl: https://gw\n    auth: { mode: optional }'),
    '7:11 Others reach 0.0.0.0: add auth, bind 127.0.0.1, or say insecure: true if everybody may use it.',
  ],
  [
    'auth without publicUrl',
    listener('    auth: { issuers: [{ issuer: "https://i", audiences: [x] }] }'),
    '5:5 Add publicUrl, the address that clients dial: with auth, tokens are bound to it.',
  ],
  ['auth for nobody', listener('    publicUrl: https://gw\n    auth: {}'), '8:11 Nobody could get in: add an entry to issuers or apiKeys.'],
  [
    'scopes without auth',
    listener('').replace('upstream: a }', 'upstream: a, scopes: [x] }'),
    '6:49 Scopes need auth on this listener; add it, or remove the scopes.',
  ],
  ['admin open to all', 'version: 1\nadmin: { host: "::" }', '2:16 Others reach ::: set admin.token, or bind 127.0.0.1.'],
  [
    'CIDR',
    listener('    trustedProxies: [10.0.0.0/8, 10.0.0.0/33]'),
    '7:34 Write an address or a network such as 10.0.0.0/8 or fd00::/8: the prefix of 10.0.0.0/33 goes from 0 to 32.',
  ],
  [
    'CIDR of a limit',
    'version: 1\nlimits: [{ id: a, tier: ip, algorithm: sliding-window, limit: 1, exempt: { addresses: [localhost] } }]',
    '2:88 Write an address or a network such as 10.0.0.0/8 or fd00::/8, not "localhost".',
  ],
  [
    'client certificates',
    listener('    tls: { cert: "${file:/c}", key: "${file:/k}", clientCertificates: required }'),
    '7:71 Add clientCa: without it no client certificate can be checked.',
  ],
  [
    'host with scheme',
    listener('    allowedHosts: ["https://gw.example"]'),
    '7:20 Write a host name alone, such as gw.example or gw.example:8443.',
  ],
  [
    'origin with path',
    listener('    allowedOrigins: ["https://gw.example/"]'),
    '7:22 Write an origin such as https://app.example, without a path.',
  ],
  [
    'health of a url',
    upstream('    health: { kind: process }'),
    '7:21 process needs instances with a command; take discover, initialize, http or tcp for those with a url.',
  ],
  [
    'health of a command',
    upstream('      - { id: y, command: node }\n    health: { kind: tcp }'),
    '8:21 tcp needs instances with a url; take process, discover or initialize for those with a command.',
  ],
  [
    'same instance',
    upstream('      - { id: x, url: "http://b" }'),
    '7:15 Another instance of this upstream has this id; choose another one.',
  ],
  ['args with url', upstream('        args: [x]'), '7:15 args goes with command; remove it from an instance with a url.'],
  [
    'user in url',
    upstream('').replace('127.0.0.1', 'me:pw@127.0.0.1'),
    '6:14 Take user and password out of the url; write them below credentials.',
  ],
  ['breaker', upstream('    breaker: { open: 10m }'), '7:22 open is longer than maxOpen; shorten it or raise maxOpen.'],
  ['half a certificate', upstream('    tls: { cert: "${file:/c}" }'), '7:10 Add key: a client certificate needs both.'],
  [
    'own header',
    upstream('    credentials: { header: { name: Mcp-Session-Id, value: "${env:X}" } }'),
    '7:36 Mcp-Session-Id is set by the gateway itself; name another header.',
  ],
  [
    'same limit',
    'version: 1\nlimits:\n  - &l { id: a, tier: ip, algorithm: sliding-window, limit: 1 }\n  - *l',
    '3:14 Another limit has this id; choose another one.',
  ],
  [
    'same policy',
    'version: 1\npolicies:\n  - { id: a, effect: log }\n  - { id: a, effect: log }',
    '4:11 Another policy has this id; choose another one.',
  ],
  ['log component', 'version: 1\nlogging:\n  levels:\n    limit: debug', '4:5 No component is named limit; did you mean limits?'],
  ['reference in a plain text', listener('    host: "${env:HOST}"'), expect.stringContaining('7:11') as unknown as string],
  [
    'broken reference',
    upstream('    credentials: { bearer: "${GITHUB}" }'),
    '7:28 A text with "${" in it is no reference here. Write ${env:NAME}, ${file:/path} or ${vault:name}, or $${ for a plain ${.',
  ],
])('%s is a problem', (_, text, expected) => {
  expect(told(text)).toContainEqual(expected);
});

test('a reference where none is resolved names the variable that does it', () => {
  expect(told(listener('    host: "${env:HOST}"\n    insecure: true'))).toEqual([
    '7:11 ${env:HOST} is not resolved here; set the variable SHADOWCAT__LISTENERS__0__HOST instead, which takes the place of the value.',
  ]);
});

test.each([
  [
    '    publicUrl: http://gw.example\n    auth: { apiKeys: [{ id: k, hash: "sha256:' +
      'a'.repeat(64) +
      '" }] }\ndefaults: { effect: allow }',
    ['7 Tokens and keys travel in the clear over http; use https.'],
  ],
  [
    '    publicUrl: https://gw.example\n    auth: { issuers: [{ issuer: "https://idp", audiences: ["https://gw.example.org"] }] }\ndefaults: { effect: allow }',
    [expect.stringContaining('8 No audience is https://gw.example or below it')],
  ],
  [
    '    publicUrl: https://gw.example/\n    auth: { issuers: [{ issuer: "https://idp", audiences: ["https://gw.example"] }] }',
    [expect.stringContaining('1 defaults.effect is not said; main has auth, so and because')].map(() =>
      expect.stringContaining('defaults.effect is not said'),
    ),
  ],
  ['    host: 0.0.0.0\n    insecure: true', ['8 Everybody who reaches 0.0.0.0 may use this listener.']],
  [
    '    host: 0.0.0.0\n    publicUrl: https://gw.example\n    auth: { mode: optional, apiKeys: [{ id: a, hash: "sha256:' +
      'a'.repeat(64) +
      '" }] }\ndefaults: { effect: allow }',
    ['9 Everybody who reaches 0.0.0.0 may use this listener without credentials, as far as policies allow.'],
  ],
  ['admin: { token: hunter2 }', ['7 The secret itself stands in the file; write ${env:NAME}, ${file:/path} or ${vault:name}.']],
  [
    'policies: [{ id: a, effect: require }, { id: b, effect: deny }]',
    ['7 require without when is always met; add when, or remove the policy.', '7 deny without match and when refuses every request.'],
  ],
])('%s is worth a warning', (more, expected) => {
  expect(warned(listener(more))).toEqual(expected);
});

test('what config init left for a person to write is warned of wherever it stands', () => {
  const text = (args: string) => `version: 1
upstreams: { a: { instances: [{ id: x, command: node, args: ${args} }] } }
listeners: [{ name: main, routes: [{ path: /mcp, upstream: a }] }]`;
  expect(warned(text('[--key, x]'))).toEqual([]);
  expect(warned(text('[--key, "k=SECRET-REMOVED"]'))).toEqual([
    '2 SECRET-REMOVED stands where config init took a secret out; write the secret itself in its place.',
  ]);
});

test('literal variables are warned of by their name alone', () => {
  const text = (env: string) => `version: 1
upstreams: { a: { instances: [{ id: x, command: node, env: ${env} }] } }
listeners: [{ name: main, routes: [{ path: /mcp, upstream: a }] }]`;
  expect(warned(text('{ NODE_ENV: production, PATH: /bin, EMPTY: "" }'))).toEqual([]);
  expect(warned(text('{ GITHUB_TOKEN: x, API_KEY: y, TOKEN: "${env:T}" }')).length).toBe(2);
});

test('an upstream that leads back to the gateway is a mistake, and one that leads through it to another is none', () => {
  const text = (urls: { a: string; b: string }, host = '127.0.0.1') => `version: 1
listeners:
  - { name: one, host: "${host}", insecure: true, port: 7380, routes: [{ path: /a, upstream: a }, { path: /b, upstream: b }] }
upstreams:
  a: { instances: [{ id: x, url: "${urls.a}" }] }
  b: { instances: [{ id: x, url: "${urls.b}" }] }
`;
  const away = 'https://b.example/a';
  const found = (urls: { a: string; b: string }, host?: string) =>
    told(text(urls, host)).map(problem => problem.replace(/^(\d+):\d+ ([^.]*).*/, '$1 $2'));
  const itself = '5 This is the route /a of the gateway itself, which leads to this upstream and round again';
  expect(found({ a: 'http://localhost:7380/a/', b: away })).toEqual([itself]);
  expect(found({ a: 'http://[::1]:7380/a', b: away }, '::')).toEqual([itself]);
  expect(found({ a: 'http://127.0.0.1:7380/b', b: 'http://127.0.0.1:7380/a' })).toEqual([
    '5 This is the route /b of the gateway itself, which leads to b and round again',
    '6 This is the route /a of the gateway itself, which leads to a and round again',
  ]);
  expect(found({ a: 'http://127.0.0.1:7380/b', b: away })).toEqual([]);
  expect(found({ a: 'http://127.0.0.1:7381/a', b: away })).toEqual([]);
  expect(found({ a: 'https://127.0.0.1:7380/a', b: away })).toEqual([]);
});

test('an upstream that no route leads to is warned of', () => {
  expect(warned('version: 1\nupstreams: { a: { instances: [{ id: x, url: "http://a" }] } }')).toEqual(['2 No route leads to a.']);
});

test('injected checks speak in paths and are laid on lines', () => {
  const text = 'version: 1\npolicies:\n  - id: a\n    effect: deny\n    when: "1 +"\n';
  const checks = [
    () => [{ path: ['policies', 0, 'when'], message: 'Finish the expression.' }],
    () => [{ path: 'policies[0].id', message: 'A fine name.', isWarning: true }],
  ];
  expect(readConfig(text, { checks })).toMatchObject({
    ok: false,
    problems: [{ line: 5, column: 11, path: 'policies[0].when', message: 'Finish the expression.' }],
    warnings: [{ line: 3, column: 9, path: 'policies[0].id', message: 'A fine name.' }],
  });
});

test('what a check of our own and an injected one both find is told once', () => {
  const text =
    'version: 1\nlimits:\n  - { id: a, tier: ip, algorithm: sliding-window, limit: 1 }\n  - { id: a, tier: ip, algorithm: sliding-window, limit: 1 }';
  const checks = [() => [{ path: 'limits[1].id', message: 'The id a is there twice.' }]];
  expect(told(text, { checks })).toEqual(['4:11 Another limit has this id; choose another one.']);
});

test('problems come in the order of the lines and are bounded', () => {
  const text = `version: 1\nb: 1\npolicies: [${Array(300).fill('{}').join(', ')}]\nadmin: { x: 1 }`;
  const problems = problemsOf(text);
  expect(problems.length).toBe(200);
  expect(problems.map(({ line }) => line)).toEqual(problems.map(({ line }) => line).toSorted((a, b) => a - b));
});

test('no message quotes a secret', () => {
  const secret = 'hunter2hunter2';
  const text = `version: 1\nadmin: { token: ["${secret}"] }\nsessions: { keys: [{ a: "${secret}" }] }\nupstreams: { a: { instances: [{ id: x, url: "http://x" }], credentials: { bearer: { x: "${secret}" } } } }`;
  const problems = problemsOf(text);
  expect(problems.length).toBeGreaterThanOrEqual(3);
  expect(JSON.stringify(problems)).not.toContain(secret);
});

test('paths read as they are written', () => {
  const part = fc.oneof(
    fc.nat(99),
    fc.stringMatching(/^[a-z][\w-]{0,8}$/),
    fc.string().filter(text => !/^\d+$/.test(text)),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), path => {
      expect(readPath(pathText(path))).toEqual(path);
    }),
  );
});

/** Every key of the sample with its place, found by the package's own parser. */
const keys: { path: string; key: string; start: number; end: number; line: number }[] = [];
const lines = new LineCounter();
visit(parseDocument(sampleConfig, { lineCounter: lines }), {
  Pair(_, pair, ancestors) {
    if (!isScalar(pair.key) || !isMap(ancestors.at(-1)) || pair.key.range == null) return;
    const [start, end] = pair.key.range;
    keys.push({ path: '', key: String(pair.key.value), start, end, line: lines.linePos(start).line });
  },
});
/** Keys that a person chooses: names of upstreams, variables, tools, components. */
const freeKeys = new Set(['github', 'files', 'NODE_ENV', 'API_TOKEN', 'search_*', 'access']);
const schemaKeys = keys.filter(({ key }) => !freeKeys.has(key));
const knownKeys = new Set([...everyKey().keys()].map(path => path.replace(/^.*[.\]]/, '')));

test('the sample has keys of most parts of the schema', () => {
  expect(schemaKeys.length).toBeGreaterThan(90);
});

test('a mutated key is always a problem in its own line', () => {
  const mutated = fc.tuple(
    fc.constantFrom(...schemaKeys),
    fc.nat(),
    fc.constantFrom('drop', 'double', 'swap', 'add', 'case'),
    fc.constantFrom('a', 'e', 's', 'Z', '0', '_'),
  );
  fc.assert(
    fc.property(mutated, ([found, at, how, letter]) => {
      const { key, start, end, line } = found;
      const place = at % key.length;
      const changed = {
        drop: key.slice(0, place) + key.slice(place + 1),
        double: key.slice(0, place) + key[place] + key.slice(place),
        swap: key.slice(0, place) + (key[place + 1] ?? '') + key[place] + key.slice(place + 2),
        add: key.slice(0, place) + letter + key.slice(place),
        case: key.slice(0, place) + key.slice(place).toUpperCase(),
      }[how];
      fc.pre(changed !== '' && !knownKeys.has(changed));
      const problems = problemsOf(sampleConfig.slice(0, start) + changed + sampleConfig.slice(end));
      expect(problems.filter(problem => problem.line === line && problem.message.includes(`"${changed}"`))).not.toEqual([]);
      expect(problems.every(({ message }) => message.length < 400)).toBe(true);
    }),
    { numRuns: 400 },
  );
}, 60_000);

test('any text gives a result and never throws', () => {
  const scrap = fc.array(
    fc.constantFrom(...sampleConfig.split(/(?<=[\s:{}[\],])/), '\t', '&a ', '*a ', '- ', '? ', '|', '"', "'", '!x ', '---\n', '${'),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(scrap, parts => {
      expect(readConfig(parts.join('')).ok).toBeTypeOf('boolean');
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expect(readConfig(bytes).ok).toBeTypeOf('boolean');
    }),
    { numRuns: 300 },
  );
}, 60_000);
