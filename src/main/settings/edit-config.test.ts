/** Editing: what was asked for changes, and everything else stays byte for byte. */
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { sampleConfig } from '../../../test/config/sample-config.ts';
import { editConfig } from './edit-config.ts';
import type { ConfigEdit } from './edit-nodes.ts';
import { lineChanges } from '../../shared/text/text-diff.ts';

const edited = (text: string, ...edits: ConfigEdit[]) => {
  const result = editConfig(text, edits);
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result;
};
const problems = (text: string, ...edits: ConfigEdit[]) => {
  const result = editConfig(text, edits);
  return result.ok ? [] : result.problems.map(({ line, message }) => `${line} ${message}`);
};
/** Removed and added lines. */
const changes = (a: string, b: string) => {
  const [left, right] = [a.split('\n'), b.split('\n')];
  return lineChanges(left, right).map(({ from, fromCount, to, toCount }) => [
    left.slice(from, from + fromCount),
    right.slice(to, to + toCount),
  ]);
};

const sampleText = (limit: string) => `version: 1
listeners: [{ name: main, routes: [{ path: /mcp, upstream: a }] }]
upstreams: { a: { instances: [{ id: one, url: 'http://127.0.0.1:1' }] } }
limits:
  - ${limit}
`;

const awkward = `# head


version:   1          # spaces
listeners:
- name: 'main'   # quotes
  host: "127.0.0.1"


  # before the routes
  routes:
  - {path: /mcp,   upstream: "a"}   # tight
  -   path: /other
      upstream: a


upstreams:
  a: {
    instances: [
      # the only one
      {id: x, url: "http://127.0.0.1:9/mcp"},
    ],
  }
policies:
  - id: long
    effect: deny
    when: >-
      args.path.startsWith("/prod")
      && !("admin" in principal.roles)
    message: "a very long message that would be folded by a printer that folds at eighty columns, which nobody has asked for"
# tail
`;

test.each<[string, string, ConfigEdit, [string[], string[]][]]>([
  [
    'a value with a remark',
    awkward,
    { path: ['listeners', 0, 'host'], value: 'localhost' },
    [[['  host: "127.0.0.1"'], ['  host: "localhost"']]],
  ],
  [
    'a quoted name',
    awkward,
    { path: ['listeners', 0, 'name'], value: 'other' },
    [[["- name: 'main'   # quotes"], ["- name: 'other' # quotes"]]],
  ],
  ['a new key', awkward, { path: ['listeners', 0, 'port'], value: 1 }, [[[], ['  port: 1']]]],
  ['a new section', awkward, { path: ['admin', 'port'], value: 0 }, [[[], ['admin:', '  port: 0']]]],
  ['a new entry', awkward, { path: ['policies', 1], value: { id: 'b', effect: 'log' } }, [[[], ['  - id: b', '    effect: log']]]],
  [
    'a removed key',
    awkward,
    { path: ['policies', 0, 'message'], remove: true },
    [[[expect.stringContaining('a very long message') as string], []]],
  ],
  ['a removed section', awkward, { path: ['policies'], remove: true }, [[expect.arrayContaining(['policies:']) as string[], []]]],
  [
    'a port',
    sampleConfig,
    { path: ['admin', 'port'], value: 0 },
    [[['admin: { host: 127.0.0.1, port: 7391 }'], ['admin: { host: 127.0.0.1, port: 0 }']]],
  ],
  [
    'a flow entry',
    sampleConfig,
    { path: ['upstreams', 'github', 'instances', 1, 'disabled'], value: true },
    [[[expect.stringContaining('id: b') as string], ['      - { id: b, url: https://b.example/mcp, weight: 1, disabled: true }']]],
  ],
  [
    'a flow list',
    sampleConfig,
    { path: ['listeners', 0, 'trustedProxies', 1], value: '::1' },
    [[['    trustedProxies: [10.0.0.0/8]'], ['    trustedProxies: [10.0.0.0/8, ::1]']]],
  ],
])('%s changes its lines alone', (_, text, edit, expected) => {
  expect(changes(text, edited(text, edit).text)).toEqual(expected);
});

test('an edit that says what is there already changes no byte', () => {
  for (const text of [awkward, sampleConfig]) {
    expect(edited(text, { path: ['version'], value: 1 }).text).toBe(text);
    expect(edited(text).text).toBe(text);
    expect(edited(text, { path: ['nothing', 'here'], remove: true }).text).toBe(text);
  }
});

test('a line of maps and lists in their brackets is changed in one place', () => {
  const text = sampleText(
    "{ id: a, tier: user, match: { tools: ['x_*', 'y_*'] }, algorithm: token-bucket, capacity: 5, refill: 1, per: 1s } # why",
  );
  const { text: changed } = edited(text, { path: ['limits', 0, 'capacity'], value: 6 });
  expect(changed).toBe(text.replace('capacity: 5', 'capacity: 6'));
});

test('edits are made in order', () => {
  const { text, read } = edited(
    awkward,
    { path: ['upstreams', 'b', 'instances', 0], value: { id: 'y', url: 'http://127.0.0.1:8/' } },
    { path: ['listeners', 0, 'routes', 2], value: { path: '/b', upstream: 'b' } },
    { path: ['listeners', 0, 'routes', 0], remove: true },
  );
  expect(read.config.listeners[0]?.routes.map(({ path }) => path)).toEqual(['/other', '/b']);
  expect(text).toContain('# the only one');
  expect(text).toContain('\n\n\n  # before the routes\n  routes:\n');
});

test('CRLF stays, and so do JSON and tabs', () => {
  const crlf = sampleConfig.replaceAll('\n', '\r\n');
  const { text } = edited(crlf, { path: ['admin', 'port'], value: 0 });
  expect(text).toBe(crlf.replace('port: 7391', 'port: 0'));
  const json = '{\n\t"version": 1,\n\t"admin": { "port": 1 }\n}\n';
  expect(edited(json, { path: ['admin', 'port'], value: 2 }).text).toBe('{\n\t"version": 1,\n\t"admin": {\n\t\t"port": 2\n\t}\n}\n');
  expect(edited('{"version":1}', { path: ['admin', 'port'], value: 2 }).text).toBe('{"version":1,"admin":{"port":2}}');
});

test('an empty file and a file of comments become a configuration', () => {
  expect(edited('', { path: ['version'], value: 1 }).text).toBe('version: 1\n');
  expect(edited('# mine\n\n# two\n', { path: ['version'], value: 1 }).text).toBe('# mine\n\n# two\n\nversion: 1\n');
  expect(edited('\uFEFF# mine\nversion: 1\n', { path: ['admin', 'port'], value: 1 }).text).toBe(
    '\uFEFF# mine\nversion: 1\nadmin:\n  port: 1\n',
  );
  expect(edited('version: 1\nadmin:\n', { path: ['admin', 'port'], value: 5 }).text).toBe('version: 1\nadmin:\n  port: 5\n');
});

test('what would be no configuration is not returned', () => {
  expect(problems(awkward, { path: ['admin', 'prot'], value: 1 })).toEqual([
    expect.stringContaining('Unknown key "prot"; did you mean port?'),
  ]);
  expect(problems(awkward, { path: ['upstreams', 'a'], remove: true })).toEqual(
    Array(2).fill(expect.stringContaining('No upstream is named a')),
  );
  expect(problems('version: [1', { path: ['version'], value: 1 })).toEqual([expect.stringMatching(/^1 /)]);
  expect(problems('version: 1\nx: 1', { path: ['x'], remove: true })).toEqual([]);
});

test.each<[ConfigEdit, string]>([
  [{ path: [], value: 1 }, '4 Name what is to be changed.'],
  [{ path: ['admin'], value: undefined }, '4 Say the new value, or remove the key.'],
  [{ path: ['policies', 3], value: {} }, '24 The list has 1 entries; the next one is 1.'],
  [{ path: ['policies', 3, 'id'], value: 'x' }, '24 The list has 1 entries; the next one is 1.'],
  [{ path: ['policies', 'x'], value: {} }, '23 The list has 1 entries; the next one is 1.'],
  [{ path: ['version', 'x'], value: 1 }, '4 version is no list and no map; change the file by hand.'],
])('%j cannot be done', (edit, expected) => {
  expect(problems(awkward, edit).map(text => text.replace(/^23|^24/, '24'))).toEqual([expected.replace(/^23|^24/, '24')]);
});

test('aliases are left to people', () => {
  const text = 'version: 1\nupstreams:\n  a: &a\n    instances: [{ id: x, url: "http://127.0.0.1/" }]\n  b: *a\n';
  expect(problems(text, { path: ['upstreams', 'b', 'pinning'], value: 'off' })).toEqual([
    '5 upstreams.b is an alias (*a); change what it stands for, or the file by hand.',
  ]);
  expect(problems(text, { path: ['upstreams', 'a'], remove: true })).toEqual([expect.stringContaining('takes away an anchor')]);
  expect(edited(text, { path: ['upstreams', 'a', 'pinning'], value: 'off' }).read.config.upstreams['b']?.pinning).toBe('off');
});

test('any series of edits means what it says, and comments outside of it stay', () => {
  const name = fc.constantFrom('x', 'y-1', 'Z');
  const edit: fc.Arbitrary<ConfigEdit> = fc.oneof(
    fc.record({ path: fc.constant(['admin', 'port']), value: fc.nat(60_000) }),
    fc.record({ path: fc.constant(['logging', 'level']), value: fc.constantFrom('debug', 'warn') }),
    fc.record({ path: fc.constant(['listeners', 0, 'name']), value: name }),
    fc.record({ path: fc.constant(['listeners', 0, 'routes', 0, 'path']), value: name.map(text => `/${text}`) }),
    fc.record({ path: fc.constant(['policies', 0, 'message']), value: fc.string({ maxLength: 100 }) }),
    fc.record({ path: fc.constant(['policies', 0, 'when']), value: fc.constantFrom('a\nb', 'true', '# no comment', '- x: y') }),
    fc.record({ path: fc.constant(['policies', 0, 'match']), value: fc.constant({ tools: ['a', 'b'] }) }),
    fc.record({ path: fc.constant(['policies', 0, 'match']), remove: fc.constant(true as const) }),
    fc.record({ path: name.map(text => ['upstreams', text]), value: fc.constant({ instances: [{ id: 'q', command: 'node' }] }) }),
    fc.record({ path: name.map(text => ['upstreams', text]), remove: fc.constant(true as const) }),
  );
  fc.assert(
    fc.property(fc.constantFrom(awkward, sampleConfig), fc.array(edit, { minLength: 1, maxLength: 6 }), (text, edits) => {
      const { text: changed, read } = edited(text, ...edits);
      for (const [at, one] of edits.entries()) {
        const isLast = !edits
          .slice(at + 1)
          .some(
            later =>
              later.path.every((part, index) => one.path[index] === part) || one.path.every((part, index) => later.path[index] === part),
          );
        if (!isLast) continue;
        const found = one.path.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], read.said);
        expect(found).toEqual(one.remove === true ? undefined : one.value);
      }
      for (const remark of text.match(
        /(?<=\s|^)# (?:head|before the routes|the only one|tail|the gateway of the office|for everybody)$/gm,
      ) ?? [])
        expect(changed).toContain(remark);
    }),
    { numRuns: 150 },
  );
}, 60_000);
