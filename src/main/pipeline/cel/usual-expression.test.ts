/** Whatever is said about an expression without the library is what the library says. */
import { parse } from '@bufbuild/cel';
import { expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { anonymous } from '../guard.ts';
import type { Subject } from '../policy/subject.ts';
import { ExpressionCompiler } from './compile-expression.ts';
import type { Node } from './expression-tree.ts';
import { usualTest } from './usual-expression.ts';
import { RequestWork } from './work-budget.ts';

const compiler = new ExpressionCompiler();

const subject = (args: unknown): Subject => ({
  method: 'tools/call',
  server: 'files',
  tool: 'delete_file',
  prompt: '',
  resource: '',
  args,
  principal: { ...anonymous, kind: 'token', sub: 'ann', scopes: ['mcp'], roles: ['dev', 'ops'] },
  client: { ip: '10.0.0.7', name: 'probe', version: '1' },
  session: { id: '', era: 'legacy' },
  http: { method: 'POST', path: '/mcp', rawHeaders: [] },
  toolMeta: undefined,
  nowMs: 0,
});

const usual = (text: string) => usualTest(parse(text).expr as Node);

test.each([
  'args.path.startsWith("/etc") || args.path.startsWith("/proc")',
  'args.path.contains("..")',
  'size(args.pattern) > 200',
  'has(args.exclude) && size(args.exclude) > 50',
  '["*.pem", "*.key", ".env"].exists(name, name == args.pattern)',
  'client.ip.startsWith("10.") && !("mcp" in principal.scopes)',
  'session.era == "legacy" && client.version == "0.0.1"',
  'args.list.all(name, name != "x")',
])('%s needs no library', text => {
  const args = { path: '/srv', pattern: '*.ts', exclude: ['dist'], list: ['a'] };
  expect(typeof usual(text)?.(subject(args), new RequestWork())).toBe('boolean');
});

test.each([
  'args.a.b == "x"',
  'args == {}',
  'http.path == "/"',
  'now.getHours() > 1',
  'args.a + "b" == "ab"',
  'args.l.map(x, x) == []',
  'contains(tool, "delete")',
])('%s does', text => {
  expect(usual(text)).toBeUndefined();
});

test.each(['startsWith', 'endsWith', 'contains'])(
  '%s is a method, and as a function it stays the error that it is in the library',
  name => {
    const { ok } = compiler.compile(`${name}(tool, "")`).test(subject({}));
    expect(ok).toBe(false);
    expect(compiler.compile(`tool.${name}("")`).test(subject({}))).toEqual({ ok: true, value: true });
  },
);

test('what is missing, of another type or large is left to the library, and so is all where no work is left', () => {
  const say = (args: unknown, text = 'args.a == "x" || true') => usual(text)?.(subject(args), new RequestWork());
  expect(
    [{}, { a: null }, { a: 1 }, { a: 1.5 }, { a: {} }, { a: 'x'.repeat(257) }, undefined, null, [], 'a'].map(args => say(args)),
  ).toEqual(Array.from({ length: 10 }));
  expect(say({ a: 'y' })).toBe(true);
  expect(usual('tool == "x"')?.(subject({}), new RequestWork(9))).toBeUndefined();
  expect(usual('tool == "x"')?.({ ...subject({}), unrecorded: new Set(['args']) }, new RequestWork())).toBeUndefined();
});

const texts = fc.constantFrom('', 'a', 'ab', '/etc/x', 'mcp', 'é😀', '10.');
const quoted = texts.map(text => JSON.stringify(text));
const textPart = fc.oneof(
  quoted,
  fc.constantFrom('args.s', 'args.l', 'args.n', 'args.none', 'tool', 'server', 'client.ip', 'principal.sub', 'session.era', 'resource.uri'),
);
const listPart = fc.oneof(
  fc.array(quoted, { maxLength: 3 }).map(items => `[${items.join(', ')}]`),
  fc.constantFrom('principal.roles', 'args.l', 'args.s', 'args.none'),
);
const atom = fc.oneof(
  fc.tuple(textPart, fc.constantFrom('==', '!='), textPart).map(parts => parts.join(' ')),
  fc.tuple(textPart, fc.constantFrom('startsWith', 'endsWith', 'contains'), textPart).map(([one, how, other]) => `${one}.${how}(${other})`),
  fc.tuple(textPart, listPart).map(([one, many]) => `${one} in ${many}`),
  fc.tuple(fc.oneof(textPart, listPart), fc.constantFrom('>', '>=', '<', '<='), fc.nat(4)).map(([it, how, n]) => `size(${it}) ${how} ${n}`),
  fc
    .tuple(fc.constantFrom('args.n', 'args.s'), fc.constantFrom('>', '<=', '==', '!='), fc.integer({ min: -2, max: 2 }))
    .map(parts => parts.join(' ')),
  fc.constantFrom('has(args.s)', 'has(args.none)', 'has(args.l)', 'has(args.n)', 'args.b', 'args.s', 'true', 'false'),
  fc
    .tuple(listPart, fc.constantFrom('exists', 'all'), fc.constantFrom('==', '!='), textPart)
    .map(([many, macro, how, one]) => `${many}.${macro}(tool, tool ${how} ${one})`),
);
const { expression } = fc.letrec<{ expression: string }>(tie => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression')).map(([one, how, other]) => `(${one}) ${how} (${other})`),
    tie('expression').map(inner => `!(${inner})`),
  ),
}));
const value = fc.oneof(
  texts,
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    1.5,
    2 ** 60,
    {},
    { s: 'a' },
    'x'.repeat(300),
    ['a', 1],
    [['a']],
    Array.from({ length: 20 }, () => 'a'),
  ),
  fc.array(texts, { maxLength: 3 }),
);
const someArgs = fc.oneof(
  { weight: 9, arbitrary: fc.record({ s: value, l: value, n: value, b: value }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, null, [], 'text', 1) },
);

test('property: it says the same as the library, errors included', () => {
  let knownCount = 0;
  fc.assert(
    fc.property(expression, someArgs, (text, args) => {
      // An index is nothing usual, so that all of this goes to the library.
      const byLibrary = compiler.compile(`[${text}][0]`).test(subject(args));
      expect(compiler.compile(text).test(subject(args))).toEqual(byLibrary);
      if (usual(text)?.(subject(args), new RequestWork()) !== undefined) knownCount += 1;
    }),
    { numRuns: 2000 },
  );
  expect(knownCount).toBeGreaterThan(300);
});
