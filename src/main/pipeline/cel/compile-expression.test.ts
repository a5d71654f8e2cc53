/** Expressions: what they see, how they err, and that neither they nor what they look at can stall the process. */
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { quickest } from '../../../../test/kit/quickest.ts';
import { anonymous } from '../guard.ts';
import type { Subject } from '../policy/subject.ts';
import { ExpressionCompiler } from './compile-expression.ts';
import { RequestWork } from './work-budget.ts';

const compiler = new ExpressionCompiler();

function subject(over: Partial<Subject> = {}): Subject {
  return {
    method: 'tools/call',
    server: 'files',
    tool: 'delete_file',
    prompt: '',
    resource: '',
    args: {},
    principal: { ...anonymous, kind: 'token', sub: 'ann', iss: 'https://idp', scopes: ['mcp'], roles: ['dev'], claims: { team: 'a' } },
    client: { ip: '10.0.0.7', name: 'probe', version: '1' },
    session: { id: 's1', era: 'legacy' },
    http: {
      method: 'POST',
      path: '/mcp/files',
      rawHeaders: ['X-Env', 'prod', 'Authorization', 'Bearer x', 'Mcp-Name', 'lie', 'X-Our-Key', 'k'],
      keyHeader: 'x-our-key',
    },
    toolMeta: { readOnly: false, pinned: 'same' },
    nowMs: Date.UTC(2026, 10, 27, 12, 30),
    ...over,
  };
}

const run = (text: string, over: Partial<Subject> = {}) => {
  const outcome = compiler.compile(text).test(subject(over));
  return outcome.ok ? outcome.value : `error: ${outcome.error}`;
};
const args = (value: unknown) => ({ args: value });

test.each([
  ['method == "tools/call" && server == "files" && tool == "delete_file" && prompt == ""', true],
  ['resource.uri == ""', true],
  ['principal.sub == "ann" && principal.iss == "https://idp"', true],
  ['"dev" in principal.roles && !("admin" in principal.roles)', true],
  ['principal.scopes.exists(s, s == "mcp")', true],
  ['principal.claims.team == "a"', true],
  ['has(principal.claims.nothing)', false],
  ['client.ip.startsWith("10.") && client.name == "probe" && client.version == "1"', true],
  ['session.id == "s1" && session.era == "legacy"', true],
  ['http.method == "POST" && http.path == "/mcp/files" && http.headers["x-env"] == "prod"', true],
  ['"authorization" in http.headers || "mcp-name" in http.headers || "x-our-key" in http.headers', false],
  ['now.getHours() == 12 && now < timestamp("2027-01-01T00:00:00Z")', true],
  ['!tool_meta.readOnly && tool_meta.pinned', true],
  ['has(tool_meta.destructive)', false],
  ['type(method) == string', true],
  ['method.matches("^tools/(call|list)$")', true],
  ['[1, 2, 3].map(x, x * 2).filter(x, x > 2) == [4, 6]', true],
  ['[1, 2, 3].exists_one(x, x == 2)', true],
  ['size([1, 2].map(x, x > 1, x)) == 1', true],
  ['["a", "b"] + ["c"] == ["a", "b", "c"]', true],
  ['true ? method == "tools/call" : false', true],
])('%s is %s', (text, expected) => {
  expect(run(text)).toBe(expected);
});

test('integers are ints, other numbers doubles; nothing is rounded in silence', () => {
  expect(run('args.n + 1 == 3 && args.n % 2 == 0', args({ n: 2 }))).toBe(true);
  expect(run('args.n > 1', args({ n: 1.5 }))).toBe(true);
  expect(run('args.n == 9007199254740991', args({ n: Number.MAX_SAFE_INTEGER }))).toBe(true);
  expect(run('args.n == 9007199254740993', args(JSON.parse('{"n":9007199254740993}')))).toContain('error: looks at an integer beyond 2^53');
  expect(run('args.n > 5', args(JSON.parse('{"n":1e300}')))).toContain('error');
});

test('a null member is there to be compared, but absent for has() and in', () => {
  expect([run('args.x == null', args({ x: null })), run('has(args.x)', args({ x: null })), run('"x" in args', args({ x: null }))]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a missing member is an error, unless has() asks first', () => {
  expect([run('args.x == 1'), run('has(args.x) && args.x == 1'), run('args.x.y == 1', args({ x: 1 }))]).toEqual([
    expect.stringContaining('error'),
    false,
    expect.stringContaining('error'),
  ]);
  expect(run('args.path == "x"', args(undefined))).toContain('error');
  expect(run('args[0] == "x"', args(['x']))).toBe(true);
});

test('names of JavaScript are no members', () => {
  expect([run('has(args.constructor)'), run('has(args.__proto__)'), run('has(args.toString)')]).toEqual([false, false, false]);
  expect(run('args["__proto__"] == 1', args(JSON.parse('{"__proto__":1}')))).toBe(true);
});

test('a result that is neither true nor false is an error', () => {
  expect([run('1'), run('"true"'), run('args')]).toEqual(Array(3).fill('error: gives neither true nor false'));
});

test('an error quotes nothing that it looked at', () => {
  expect([
    run('bool(args.x)', args({ x: 'secret' })),
    run('timestamp(args.x) == now', args({ x: 'secret' })),
    run('int(args.x) == 1', args({ x: 'secret' })),
    run('args[args.x] == 1', args({ x: 'secret' })),
    run('args.missing == 1', args({})),
    run('args.x + 1 == 1', args({ x: 'secret' })),
  ]).toEqual([
    'error: cannot be evaluated',
    'error: cannot be evaluated',
    'error: cannot be evaluated',
    'error: field not found',
    'error: field not found: missing',
    "error: found no matching overload for '_+_' applied to '(string, int)'",
  ]);
});

test('what looks at the principal alone is worked out once for each principal, and never remembered wrong', () => {
  const expression = compiler.compile('"dev" in principal.roles && size(principal.scopes) > 0');
  const dev = subject().principal;
  const other = { ...dev, roles: [] };
  const work = new RequestWork();
  const workOf = (over: Partial<Subject>) => {
    const before = work.unitsLeft;
    return [expression.test(subject(over), work), before > work.unitsLeft];
  };
  expect(workOf({ principal: dev })).toEqual([{ ok: true, value: true }, true]);
  expect(workOf({ principal: dev, tool: 'another', args: { a: 1 } })).toEqual([{ ok: true, value: true }, false]);
  expect(workOf({ principal: other })).toEqual([{ ok: true, value: false }, true]);
  // A recorded principal may lack what the expression looks at.
  expect(workOf({ principal: dev, unrecorded: new Set(['principal.roles']) })[0]).toMatchObject({ ok: false });
  // What else it looks at may be different each time.
  const mixed = compiler.compile('"dev" in principal.roles && args.n > 1');
  expect([2, 1].map(n => mixed.test(subject({ principal: dev, args: { n } })))).toMatchObject([{ value: true }, { value: false }]);
  // A request that has no work left errs, and the next one does not.
  const fresh = { ...dev };
  expect(expression.test(subject({ principal: fresh }), new RequestWork(1))).toMatchObject({ ok: false });
  expect(expression.test(subject({ principal: fresh }))).toEqual({ ok: true, value: true });
});

test('a key is a text, a number or a truth value', () => {
  const key = (text: string) => compiler.compile(text).key(subject());
  expect([key('principal.sub'), key('size(principal.roles)'), key('principal.roles')]).toEqual([
    { ok: true, value: 'ann' },
    { ok: true, value: '1' },
    { ok: false, error: 'gives no text, number or truth value' },
  ]);
});

test('says which expressions look at arguments', () => {
  expect([compiler.compile('has(args.x)').looksAtArguments, compiler.compile('tool == "args"').looksAtArguments]).toEqual([true, false]);
});

test.each([
  ['principal.role == "x"', /principal has no role; it has sub/],
  ['user == "x"', /There is no user; there are args/],
  ['method.startWith("t")', /There is no function startWith/],
  ['method ==', /./],
  ['', /./],
  [`${'('.repeat(4999)}1${')'.repeat(4999)}`, /deep/],
  [`${'true ? 1 : '.repeat(40)}1`, /nested more than 30/],
  [Array(300).fill('method == "x"').join(' || '), /more than 500 parts/],
  [`[${Array(201).fill('1').join(',')}] == []`, /more than 200 elements/],
  ['[1].all(a, [1].all(b, [1].all(c, true)))', /nested more than 2/],
  ['[1].all(a, [1].map(b, b).all(c, true))', /nested more than 2/],
  ['method.matches(args.pattern)', /written out/],
  [`method.matches("${'a'.repeat(201)}")`, /longer than 200/],
  ['method.matches("((a{100}){100}){100}")', /multiply/],
  ['google.protobuf.Duration{seconds: 1} == null', /There is no type|There is no/],
  ['"@result" == "" && @result == 1', /./],
])('$0 is refused when it is written', (text, problem) => {
  expect(() => compiler.compile(text)).toThrow(problem);
});

test('what is beyond a bound makes an expression err that looks at it, and no other', () => {
  const huge = {
    content: 'x'.repeat(65 * 1024),
    list: Array(201).fill(1),
    path: '/tmp',
    deep: JSON.parse('['.repeat(5000) + ']'.repeat(5000)) as unknown,
  };
  expect(run('args.path == "/tmp"', args(huge))).toBe(true);
  expect(run('args.content == ""', args(huge))).toContain('more than 65536 characters');
  expect(run('size(args.list) > 0', args(huge))).toContain('more than 200 elements');
  expect(run('1 in args.list', args(huge))).toContain('more than 200 elements');
  expect(run('args.deep == []', args(huge))).toContain('levels deep');
  expect(run('args == {}', args(huge))).toContain('error');
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]));
  expect([run('args.k4999 == 4999', args(many)), run('size(args) > 1', args(many))]).toEqual([
    true,
    expect.stringContaining('more than 200'),
  ]);
});

const list = Array.from({ length: 200 }, (_, at) => `${at}${'x'.repeat(300)}`);
const hostile: readonly (readonly [string, unknown])[] = [
  ['args.l.all(a, args.l.all(b, a + b != a + b + a))', { l: list }],
  ['args.l.all(a, args.l.exists(b, a.contains(b + b) || size(a + b) < 0))', { l: list }],
  ['args.l.all(a, a in args.l.map(b, b + b))', { l: list }],
  ['args.l.map(a, args.l.map(b, a + b)) == args.l.map(a, args.l.map(b, b + a))', { l: list }],
  ['args.l.all(a, args.l.all(b, args == args))', { l: list }],
  ['[args.s].map(a, a+a+a+a+a+a+a+a).all(b, (b+b+b+b+b+b+b+b).contains("y"))', { s: 'x'.repeat(60_000) }],
  [
    'args.l.all(a, args.l.all(b, size(args.s) > 0 && args.s.contains(args.t)))',
    { l: list.map(text => text.slice(0, 4)), s: 'a'.repeat(30_000), t: `b${'a'.repeat(20_000)}` },
  ],
  ['args.l.all(a, args.l.all(b, !a.matches("([a-z]*[0-9]*){50}$")))', { l: list }],
  ['!args.s.matches("([a-z]*[0-9]*){50}$")', { s: 'ax'.repeat(32_000) }],
  ['args.s.matches("(x+x+)+y") || args.s.matches("(a|aa)+$")', { s: 'a'.repeat(65_000) }],
  ['int(args.s) > 0', { s: '9'.repeat(65_000) }],
  ['timestamp(args.s) == now', { s: '9'.repeat(65_000) }],
  ['args.l.all(a, args.l.all(b, now.getHours("Europe/Berlin") >= 0))', { l: list.map(text => text.slice(0, 4)) }],
  ['args.l.all(a, (args.l + args.l + args.l + args.l).all(b, b != "n"))', { l: list.map(text => text.slice(0, 4)) }],
];

test.each(hostile)('cannot stall: %s', async (text, value) => {
  const expression = compiler.compile(text);
  expression.test(subject({ args: {} }));
  const tookMs = await quickest(400, () => {
    const startedAt = performance.now();
    expression.test(subject({ args: value }));
    return performance.now() - startedAt;
  });
  expect(tookMs).toBeLessThan(400);
});

test('all evaluations for one request share one allowance', () => {
  const expression = compiler.compile('args.l.all(a, args.l.all(b, a + b >= 0))');
  const work = new RequestWork();
  const numbers = args({ l: Array.from({ length: 100 }, (_, at) => at) });
  const outcomes = Array.from({ length: 12 }, () => expression.test(subject(numbers), work).ok);
  expect(outcomes[0]).toBe(true);
  expect(outcomes.at(-1)).toBe(false);
});
