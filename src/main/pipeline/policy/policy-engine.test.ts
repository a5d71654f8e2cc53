/** Policies: how they add up, how they err, what they say, and what they hide. */
import { describe, expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { MASK } from '../../../shared/redaction/mask-text.ts';
import { PolicyConfig, PolicyDefaults } from '../../../shared/config/schema.ts';
import { RequestWork } from '../cel/work-budget.ts';
import { anonymous } from '../guard.ts';
import { compilePolicies, type CompiledPolicies } from './compile-policies.ts';
import { dryRun } from './dry-run.ts';
import { explain } from './explain.ts';
import { PolicyEngine, type Ruling } from './policy-engine.ts';
import type { Subject } from './subject.ts';

let nowUs = 0;
const clock = { now: () => 0, monotonicUs: () => (nowUs += 10) };

type Input = Record<string, unknown> & { readonly id: string };

function compiled(
  policies: readonly Input[],
  defaults: Record<string, unknown> = {},
  policyMode: 'enforce' | 'shadow' | 'off' = 'enforce',
): CompiledPolicies {
  return compilePolicies({
    policies: policies.map(policy => PolicyConfig.parse(policy)),
    defaults: PolicyDefaults.parse(defaults),
    policyMode,
  });
}

function engineOf(...given: Parameters<typeof compiled>): PolicyEngine {
  const engine = new PolicyEngine(clock);
  engine.apply(compiled(...given));
  return engine;
}

function subject(over: Partial<Subject> = {}): Subject {
  return {
    method: 'tools/call',
    server: 'files',
    tool: 'delete_file',
    prompt: '',
    resource: '',
    args: { path: '/prod/a' },
    principal: anonymous,
    client: { ip: '10.0.0.7', name: 'probe', version: '1' },
    session: { id: '', era: 'legacy' },
    http: { method: 'POST', path: '/mcp', rawHeaders: [] },
    toolMeta: undefined,
    nowMs: 0,
    ...over,
  };
}

const rule = (engine: PolicyEngine, over: Partial<Subject> = {}, hasAuth = false, from: 'client' | 'server' = 'client'): Ruling =>
  engine.rule(subject(over), { hasAuth, from, work: new RequestWork() });
const denied = (policies: readonly Input[], defaults: Record<string, unknown> = {}, over: Partial<Subject> = {}) => {
  const { isDenied, by } = rule(engineOf(policies, defaults), over);
  return [isDenied, by];
};

const yes = 'true';
const no = 'false';
const errs = 'args.nothing == 1';

describe('adding up', () => {
  test.each([
    ['nothing', [], [false, 'default']],
    ['a deny that is true', [{ id: 'd', effect: 'deny', when: yes }], [true, 'd']],
    ['a deny without a condition', [{ id: 'd', effect: 'deny' }], [true, 'd']],
    ['a deny that is false', [{ id: 'd', effect: 'deny', when: no }], [false, 'default']],
    ['a deny that errs', [{ id: 'd', effect: 'deny', when: errs }], [true, 'd']],
    ['a require that is true', [{ id: 'r', effect: 'require', when: yes }], [false, 'default']],
    ['a require that is false', [{ id: 'r', effect: 'require', when: no }], [true, 'r']],
    ['a require that errs', [{ id: 'r', effect: 'require', when: errs }], [true, 'r']],
    ['an allow that is true', [{ id: 'a', effect: 'allow', when: yes }], [false, 'a']],
    ['an allow that errs', [{ id: 'a', effect: 'allow', when: errs }], [false, 'default']],
    [
      'allow and deny',
      [
        { id: 'a', effect: 'allow' },
        { id: 'd', effect: 'deny' },
      ],
      [true, 'd'],
    ],
    [
      'allow and a require that is false',
      [
        { id: 'a', effect: 'allow' },
        { id: 'r', effect: 'require', when: no },
      ],
      [true, 'r'],
    ],
    ['another tool', [{ id: 'd', effect: 'deny', match: { tools: ['read_*'] } }], [false, 'default']],
    ['another server', [{ id: 'd', effect: 'deny', match: { servers: ['other'], tools: ['delete_*'] } }], [false, 'default']],
    [
      'all lists fit',
      [{ id: 'd', effect: 'deny', match: { servers: ['f*'], tools: ['x', 'delete_*'], methods: ['tools/*'], clients: ['probe'] } }],
      [true, 'd'],
    ],
    ['off', [{ id: 'd', effect: 'deny', mode: 'off' }], [false, 'default']],
    ['shadow', [{ id: 'd', effect: 'deny', mode: 'shadow' }], [false, 'default']],
  ])('%s', (_, policies, expected) => {
    expect(denied(policies as Input[])).toEqual(expected);
  });

  test('onError: allow takes what errs for not said', () => {
    const policies = [
      { id: 'd', effect: 'deny', when: errs },
      { id: 'r', effect: 'require', when: errs },
    ];
    expect(denied(policies, { onError: 'allow' })).toEqual([false, 'default']);
    expect(denied([{ id: 'a', effect: 'allow', when: errs }], { onError: 'allow', effect: 'deny' })).toEqual([true, 'default']);
  });

  test('the default is allow, and deny as soon as there is auth, unless it is said', () => {
    const engine = engineOf([]);
    expect([rule(engine).isDenied, rule(engine, {}, true).isDenied]).toEqual([false, true]);
    expect([rule(engineOf([], { effect: 'deny' })).isDenied, rule(engineOf([], { effect: 'allow' }), {}, true).isDenied]).toEqual([
      true,
      false,
    ]);
    expect(rule(engineOf([{ id: 'a', effect: 'allow', match: { tools: ['delete_file'] } }]), {}, true).isDenied).toBe(false);
  });

  test.each([
    'initialize',
    'notifications/initialized',
    'ping',
    'tools/list',
    'resources/templates/list',
    'server/discover',
    'subscriptions/listen',
  ])('a default of deny lets %s begin, a policy may deny it', method => {
    expect(denied([], { effect: 'deny' }, { method, tool: '' })).toEqual([false, 'default']);
    expect(denied([{ id: 'd', effect: 'deny', match: { methods: [method] } }], {}, { method, tool: '' })).toEqual([true, 'd']);
  });

  test('the order of policies changes neither the decision nor who is named for it', () => {
    const policy = fc.record({
      effect: fc.constantFrom('allow', 'deny', 'require', 'log'),
      when: fc.constantFrom(yes, no, errs),
      mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
    });
    const policies = fc.array(policy, { minLength: 1, maxLength: 7 }).map(list => list.map((entry, at) => ({ id: `p${at}`, ...entry })));
    fc.assert(
      fc.property(
        policies.chain(list => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        fc.constantFrom('allow', 'deny'),
        ([one, other], effect) => {
          const [first, second] = [one, other].map(list => rule(engineOf(list, { effect })));
          expect(first?.isDenied).toBe(second?.isDenied);
          expect(first?.by).toBe(second?.by);
          const isExpected =
            one.some(p => p.mode === 'enforce' && ((p.effect === 'deny' && p.when !== no) || (p.effect === 'require' && p.when !== yes))) ||
            (effect === 'deny' && !one.some(p => p.mode === 'enforce' && p.effect === 'allow' && p.when === yes));
          expect(first?.isDenied).toBe(isExpected);
        },
      ),
    );
  });
});

describe('closed on doubt', () => {
  test('a call that names no readable tool fits no glob, and is denied', () => {
    expect(denied([{ id: 'd', effect: 'deny', match: { tools: ['delete_*'] } }], {}, { tool: '' })).toEqual([true, 'malformed']);
    expect(denied([{ id: 'd', effect: 'deny', match: { resources: ['x'] } }], {}, { method: 'resources/read', tool: '' })).toEqual([
      true,
      'malformed',
    ]);
    expect(denied([], {}, { tool: '' })).toEqual([false, 'default']);
  });

  test('arguments too large to look at deny, where a policy looks at them', () => {
    const policies = [{ id: 'd', effect: 'deny', when: 'args.text.contains("secret")' }];
    const { isDenied, reason } = rule(engineOf(policies), { args: { text: 'x'.repeat(70_000) } });
    expect([isDenied, reason]).toEqual([true, 'The policy d denies what it cannot judge (looks at more than 65536 characters).']);
  });
});

describe('what is said', () => {
  test('a decision names the policy, the reason, the version and the time it took', () => {
    const engine = engineOf([
      { id: 'no-prod', effect: 'deny', when: 'args.path.startsWith("/prod")', message: 'Deleting under /prod needs the admin role' },
    ]);
    expect(rule(engine)).toEqual({
      isDenied: true,
      by: 'no-prod',
      reason: 'Deleting under /prod needs the admin role.',
      decisions: [
        {
          stage: 'apply-policy',
          kind: 'refused',
          id: 'no-prod',
          reason: 'Deleting under /prod needs the admin role.',
          version: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
          evaluationUs: expect.any(Number) as number,
        },
      ],
    });
    expect(rule(engine, { args: { path: '/tmp' } }).decisions).toMatchObject([
      { kind: 'passed', id: 'default', reason: 'No policy is against it.' },
    ]);
  });

  test('where there are no policies, nothing is told', () => {
    expect(rule(engineOf([])).decisions).toEqual([]);
  });

  test('log policies and those in shadow mode are noted beside what is decided', () => {
    const engine = engineOf([
      { id: 'l', effect: 'log', message: 'seen' },
      { id: 'l2', effect: 'log', when: no },
      { id: 's', effect: 'deny', mode: 'shadow' },
      { id: 'a', effect: 'allow' },
    ]);
    expect(rule(engine).decisions.map(({ kind, id, reason }) => [kind, id, reason])).toEqual([
      ['logged', 'l', 'seen'],
      ['shadow', 's', 'The policy s denies tools/call of delete_file.'],
      ['passed', 'a', 'The policy a allows it.'],
    ]);
  });

  test('policyMode shadow denies nothing and says what it would; off looks at nothing', () => {
    const policies = [{ id: 'd', effect: 'deny' }];
    const shadowed = rule(engineOf(policies, {}, 'shadow'));
    expect([shadowed.isDenied, shadowed.decisions.map(({ kind, id }) => [kind, id])]).toEqual([false, [['shadow', 'd']]]);
    expect(rule(engineOf(policies, { effect: 'deny' }, 'off'))).toMatchObject({ isDenied: false, decisions: [] });
  });

  test('the version changes with the policies and with nothing else', () => {
    const versions = [[{ id: 'd', effect: 'deny' }], [{ id: 'd', effect: 'deny' }], [{ id: 'e', effect: 'deny' }]].map(
      list => compiled(list).version,
    );
    expect([versions[0] === versions[1], versions[0] === versions[2]]).toEqual([true, false]);
  });

  test('names from outside are not repeated at length', () => {
    expect(rule(engineOf([{ id: 'd', effect: 'deny' }]), { tool: 'x'.repeat(10_000) }).reason.length).toBeLessThan(200);
  });
});

test('messages of a server are judged by policies that name methods of theirs, and pass by default', () => {
  const engine = engineOf(
    [
      { id: 'no-sampling', effect: 'deny', match: { methods: ['sampling/*'] } },
      { id: 'admins', effect: 'require', when: '"admin" in principal.roles' },
    ],
    { effect: 'deny' },
  );
  const of = (method: string) => rule(engine, { method, tool: '', args: {} }, true, 'server');
  expect([of('sampling/createMessage').isDenied, of('elicitation/create').isDenied, of('notifications/message').isDenied]).toEqual([
    true,
    false,
    false,
  ]);
});

test.each([
  [['tools/call'], 'nothing'],
  [['tools/*', 'resources/read', 'initialize'], 'nothing'],
  [['tools/call', 'elicitation/create'], 'enforced'],
  [['*'], 'enforced'],
  [['notifications/*'], 'enforced'],
  [['ping'], 'enforced'],
])('what a policy about %j may do to messages of servers: %s', (methods, said) => {
  expect(engineOf([{ id: 'd', effect: 'deny', match: { methods } }]).onServerMessages).toBe(said);
  const watched = said === 'nothing' ? 'nothing' : 'noted';
  expect(engineOf([{ id: 'd', effect: 'deny', match: { methods }, mode: 'shadow' }]).onServerMessages).toBe(watched);
  expect(engineOf([{ id: 'd', effect: 'log', match: { methods } }]).onServerMessages).toBe(watched);
  // What nobody is against passes anyhow.
  expect(engineOf([{ id: 'a', effect: 'allow', match: { methods } }]).onServerMessages).toBe('nothing');
});

describe('lists', () => {
  const shows = (engine: PolicyEngine, tool = 'delete_file', hasAuth = false) =>
    engine.mayShow(subject({ tool, args: undefined }), hasAuth, new RequestWork());

  test('lose what would be denied whatever the arguments; what depends on them hides nothing', () => {
    const engine = engineOf([
      { id: 'd', effect: 'deny', match: { tools: ['delete_*'] } },
      { id: 'p', effect: 'deny', match: { tools: ['read_*'] }, when: 'args.path == "/prod"' },
    ]);
    expect([shows(engine), shows(engine, 'read_file'), shows(engine, 'other')]).toEqual([false, true, true]);
    const byArguments = engineOf([{ id: 'a', effect: 'allow', when: 'args.path == "/tmp"', match: { tools: ['read_*'] } }], {
      effect: 'deny',
    });
    expect([shows(byArguments, 'read_file'), shows(byArguments, 'other')]).toEqual([true, false]);
    const required = engineOf([{ id: 'r', effect: 'require', when: 'args.path == "/tmp"' }]);
    expect(shows(required)).toBe(true);
  });

  test('are filtered only where something enforced could hide', () => {
    expect([
      engineOf([]).hides(false),
      engineOf([]).hides(true),
      engineOf([{ id: 'd', effect: 'deny' }]).hides(false),
      engineOf([{ id: 'd', effect: 'deny', mode: 'shadow' }]).hides(false),
      engineOf([{ id: 'l', effect: 'log' }]).hides(false),
      engineOf([{ id: 'd', effect: 'deny' }], { hideDenied: false }).hides(true),
      engineOf([{ id: 'd', effect: 'deny' }], {}, 'shadow').hides(true),
    ]).toEqual([false, true, true, false, false, false, false]);
  });
});

test('says for a wrapped server what could act and what could deny', () => {
  const effectOn = (...given: Parameters<typeof compiled>) => compiled(...given).effectOn('files');
  const effect = (...given: Parameters<typeof compiled>) => {
    const { canAct, isClosedOnLoss } = effectOn(...given);
    return { canAct, isClosedOnLoss };
  };
  expect(effect([])).toEqual({ canAct: false, isClosedOnLoss: false });
  expect(effect([{ id: 'd', effect: 'deny' }])).toEqual({ canAct: true, isClosedOnLoss: true });
  expect(effect([{ id: 'd', effect: 'deny', match: { servers: ['other'] } }])).toEqual({ canAct: false, isClosedOnLoss: false });
  expect(effect([{ id: 'l', effect: 'log' }])).toEqual({ canAct: true, isClosedOnLoss: false });
  expect(effect([{ id: 's', effect: 'deny', mode: 'shadow' }])).toEqual({ canAct: true, isClosedOnLoss: false });
  expect(effect([{ id: 'd', effect: 'deny' }], {}, 'shadow')).toEqual({ canAct: true, isClosedOnLoss: false });
  expect(effect([], { effect: 'deny' })).toEqual({ canAct: true, isClosedOnLoss: true });
  expect(effect([{ id: 'd', effect: 'deny' }], { effect: 'deny' }, 'off')).toEqual({ canAct: false, isClosedOnLoss: false });
  const judges = (methods: readonly string[], effectWord = 'deny') =>
    effectOn([{ id: 'm', effect: effectWord, match: { methods } }]).judgesServer;
  expect([judges(['sampling/createMessage']), judges(['notifications/*'], 'log'), judges(['*'])]).toEqual([true, true, true]);
  // What only clients ask for is no reason to make a server wait; nor is what only allows.
  expect([
    judges(['tools/call', 'tools/*']),
    judges(['sampling/*'], 'allow'),
    effectOn([{ id: 'd', effect: 'deny' }]).judgesServer,
  ]).toEqual([false, false, false]);
});

test('a policy that is wrong is told with its place', () => {
  const wrong = () =>
    compiled([
      { id: 'x', effect: 'deny', when: 'args.path.startWith("/")' },
      { id: 'x', effect: 'deny', when: 'true' },
    ]);
  expect(wrong).toThrow(
    expect.objectContaining({
      problems: [
        { path: 'policies[1].id', message: 'The id x is there twice; give one of them another.' },
        { path: 'policies[0].when', message: 'There is no function startWith.' },
      ],
    }) as Error,
  );
});

test('explains what each policy said', () => {
  const policies = compiled([
    { id: 'a', effect: 'deny', match: { tools: ['read'] } },
    { id: 'b', effect: 'require', when: errs },
    { id: 'c', effect: 'allow', when: yes, mode: 'shadow' },
  ]);
  expect(explain(policies, subject(), { hasAuth: false, nowUs: clock.monotonicUs })).toMatchObject({
    effect: 'deny',
    by: 'b',
    policies: [
      { id: 'a', isMatched: false },
      { id: 'b', isMatched: true, result: 'error', error: 'field not found: nothing' },
      { id: 'c', isMatched: true, result: 'true', mode: 'shadow' },
    ],
  });
  const unrecorded = new Set(['client.ip']);
  const looking = compiled([{ id: 'ip', effect: 'deny', when: 'client.ip == "x"' }]);
  expect(explain(looking, subject({ unrecorded }), { hasAuth: false, nowUs: clock.monotonicUs })).toMatchObject({
    effect: 'unknown',
    by: 'ip',
    reason: 'The policy ip cannot be judged: it looks at client.ip, which is not recorded.',
    policies: [{ id: 'ip', isMatched: true, result: 'unknown', error: 'looks at client.ip, which is not recorded' }],
  });
});

describe('dry run', () => {
  const noAuth = { draft: false, now: false };
  const calls = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      ref: at,
      subject: subject({ tool: at % 3 === 0 ? 'delete_a' : 'read_a' }),
      hasAuth: noAuth,
    }));
  const options = () => ({ signal: new AbortController().signal, nowUs: () => performance.now() * 1000 });

  test('counts what a draft would allow, deny and change, the changed ones first', async () => {
    const draft = compiled([{ id: 'd', effect: 'deny', match: { tools: ['delete_*'] } }]);
    const outcome = await dryRun(draft, compiled([]), calls(9), options());
    expect(outcome).toMatchObject({ callCount: 9, allowCount: 6, denyCount: 3, changedCount: 3, isCut: false });
    expect(outcome.rows.slice(0, 4)).toMatchObject([
      { ref: 0, now: 'allow', draft: 'deny', policyId: 'd' },
      { ref: 3, draft: 'deny' },
      { ref: 6, draft: 'deny' },
      { ref: 1, now: 'allow', draft: 'allow', policyId: 'default' },
    ]);
  });

  test('a draft in shadow mode is judged as if it were enforced, what is in force as it is', async () => {
    const policies = [{ id: 'd', effect: 'deny' }];
    const outcome = await dryRun(compiled(policies, {}, 'shadow'), compiled(policies, {}, 'shadow'), calls(1), options());
    expect(outcome.rows).toMatchObject([{ now: 'allow', draft: 'deny' }]);
  });

  test('is bounded, lets others run and can be called off', async () => {
    const policies = compiled([]);
    expect(await dryRun(policies, policies, calls(50), { ...options(), maxCalls: 20, maxRows: 5 })).toMatchObject({
      callCount: 20,
      isCut: true,
      rows: { length: 5 },
    });
    const heavy = compiled([{ id: 'h', effect: 'deny', when: 'args.l.all(a, args.l.all(b, a + b < 0))' }]);
    const controller = new AbortController();
    const run = dryRun(heavy, policies, heavyCalls(), { ...options(), signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(run).rejects.toThrow('enough');
  });

  const gaps = new Set(['principal.claims', 'tool_meta']);
  const ci = { kind: 'token', id: 'i', sub: 'ci', iss: 'https://idp', scopes: ['mcp'], roles: ['editor'], claims: {} } as const;
  const judgedBy = async (policies: readonly Input[], over: Partial<Subject> = {}, defaults = {}) => {
    const call = { ref: 0, subject: subject({ principal: ci, unrecorded: gaps, ...over }), hasAuth: noAuth };
    const { rows, unknownCount, changedCount } = await dryRun(compiled(policies, defaults), compiled([]), [call], options());
    expect(unknownCount).toBe(rows[0]?.draft === 'unknown' ? 1 : 0);
    expect(changedCount).toBe(rows[0]?.draft === 'deny' ? 1 : 0);
    return [rows[0]?.draft, rows[0]?.policyId];
  };
  const looks = 'principal.claims.team == "a"';

  test.each([
    ['what is recorded of who asked is judged', [{ id: 'd', effect: 'deny', when: '"editor" in principal.roles' }], ['deny', 'd']],
    ['a deny that looks at claims may be anything', [{ id: 'd', effect: 'deny', when: looks }], ['unknown', 'd']],
    ['so may a require', [{ id: 'r', effect: 'require', when: looks }], ['unknown', 'r']],
    ['and has() of one', [{ id: 'd', effect: 'deny', when: 'has(principal.claims.team)' }], ['unknown', 'd']],
    ['and what is known of a tool', [{ id: 'd', effect: 'deny', when: 'has(tool_meta.readOnly)' }], ['unknown', 'd']],
    [
      'what decides without them does not mind',
      [{ id: 'd', effect: 'deny', when: `principal.sub == "x" && ${looks}` }],
      ['allow', 'default'],
    ],
    ['nor what is true before it comes to them', [{ id: 'd', effect: 'deny', when: `principal.sub == "ci" || ${looks}` }], ['deny', 'd']],
    ['an error beside them may not have been one', [{ id: 'd', effect: 'deny', when: `args.nothing == 1 || ${looks}` }], ['unknown', 'd']],
    [
      'another deny is certain',
      [
        { id: 'a', effect: 'deny', when: looks },
        { id: 'b', effect: 'deny' },
      ],
      ['deny', 'b'],
    ],
    ['an allow decides nothing where all is allowed', [{ id: 'a', effect: 'allow', when: looks }], ['allow', 'default']],
    ['log and shadow decide nothing', [{ id: 'l', effect: 'log', when: looks }], ['allow', 'default']],
  ] as const)('%s', async (_, policies, expected) => {
    expect(await judgedBy(policies)).toEqual(expected);
  });

  test('an allow that looks at claims leaves open what is denied otherwise, unless another one allows', async () => {
    const policies = [{ id: 'a', effect: 'allow', when: looks }];
    expect(await judgedBy(policies, {}, { effect: 'deny' })).toEqual(['unknown', 'a']);
    expect(await judgedBy([...policies, { id: 'b', effect: 'allow' }], {}, { effect: 'deny' })).toEqual(['allow', 'b']);
  });

  test('a call that names no tool is denied as it would be, where there are policies at all', async () => {
    expect(await judgedBy([{ id: 'a', effect: 'allow' }], { tool: '' })).toEqual(['deny', 'malformed']);
    expect(await judgedBy([], { tool: '' })).toEqual(['allow', 'default']);
  });

  test('a masked header and a body that was dropped are not guessed at; what stands beside them is judged', async () => {
    const http = { method: 'POST', path: '/mcp', rawHeaders: ['X-Team', 'a', 'X-Auth-Token', `${MASK} (9 chars)`] };
    const when = (text: string) => [{ id: 'd', effect: 'deny', when: text }];
    expect(await judgedBy(when('http.headers["x-team"] == "a"'), { http })).toEqual(['deny', 'd']);
    expect(await judgedBy(when('http.headers["x-auth-token"] == "a"'), { http })).toEqual(['unknown', 'd']);
    const unrecorded = new Set(['args']);
    expect(await judgedBy(when('args.path == "/x"'), { args: undefined, unrecorded })).toEqual(['unknown', 'd']);
    expect(await judgedBy(when('tool == "delete_file"'), { args: undefined, unrecorded })).toEqual(['deny', 'd']);
  });

  function* heavyCalls() {
    const l = Array.from({ length: 100 }, (_, at) => -at - 1);
    for (let at = 0; at < 10_000; at += 1) yield { ref: at, subject: subject({ args: { l } }), hasAuth: noAuth };
  }
});
