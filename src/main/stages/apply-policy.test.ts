/** The stage of policies over whole exchanges: what is refused, what goes on, and what answers lose. */
import { describe, expect, test } from 'vitest';
import { anAnswer, anExchange, answering, bodyText, type ExchangeWish } from '../../../test/kit/an-exchange.ts';
import type { Guarded } from '../../../test/kit/exchange-types.ts';
import { PolicyConfig, PolicyDefaults } from '../../shared/config/schema.ts';
import type { Guard } from '../pipeline/guard.ts';
import { compilePolicies } from '../pipeline/policy/compile-policies.ts';
import { PolicyEngine } from '../pipeline/policy/policy-engine.ts';
import { ToolPins, type PinningMode } from '../pipeline/policy/tool-pins.ts';
import type { Verdict } from '../pipeline/stage.ts';
import { systemClock } from '../ports.ts';
import { applyPolicy } from './apply-policy.ts';

interface Setting {
  readonly policies?: readonly Record<string, unknown>[];
  readonly defaults?: Record<string, unknown>;
  readonly policyMode?: 'enforce' | 'shadow' | 'off';
  readonly pinning?: PinningMode;
}

function stageOf({ policies = [], defaults = {}, policyMode = 'enforce', pinning = 'warn' }: Setting) {
  const engine = new PolicyEngine(systemClock);
  engine.apply(
    compilePolicies({
      policies: policies.map((policy, at) => PolicyConfig.parse({ id: `p${at}`, ...policy })),
      defaults: PolicyDefaults.parse(defaults),
      policyMode,
    }),
  );
  const store = { load: () => ({}), save: () => undefined, close: () => Promise.resolve() };
  const pins = new ToolPins({ store, emit: () => undefined, clock: systemClock });
  pins.apply(new Map([['files', pinning]]));
  return { stage: applyPolicy({ engine, pins, clock: systemClock }), pins };
}

interface Asked extends ExchangeWish {
  readonly answer?: { readonly text: string; readonly type?: string; readonly encoding?: string };
  readonly guard?: Partial<Guard>;
}

async function ask({ stage }: ReturnType<typeof stageOf>, { answer, guard, ...wish }: Asked) {
  const exchange = anExchange(wish);
  const asked: Guarded = { ...exchange, guard: { ...exchange.guard, ...guard } };
  const { text = '{"jsonrpc":"2.0","id":1,"result":{}}', type = 'application/json', encoding } = answer ?? {};
  const rawHeaders = ['Content-Type', type, 'Content-Length', '1', ...(encoding === undefined ? [] : ['Content-Encoding', encoding])];
  const next = answering({ text, rawHeaders });
  const verdict = await stage.handle(asked, next);
  const went = next.seen[0];
  return { verdict, went, decisions: asked.guard.decisions, body: verdict.kind === 'answer' ? await bodyText(verdict.answer) : '' };
}

const refusal = (verdict: Verdict) => (verdict.kind === 'refuse' ? { code: verdict.code, ...verdict.facts } : 'passed');
const call = (tool: unknown, args: unknown = {}, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: tool, arguments: args },
});
const noDeletes = {
  policies: [{ id: 'no-deletes', effect: 'deny', match: { tools: ['delete_*'] }, message: 'Deleting is not allowed here' }],
};

describe('requests', () => {
  test('a denied call is refused with the policy and its reason; another goes on untouched', async () => {
    const stage = stageOf(noDeletes);
    const denied = await ask(stage, { body: call('delete_file') });
    expect(denied.verdict).toEqual({
      kind: 'refuse',
      stage: 'apply-policy',
      code: 'DENIED',
      reason: 'Deleting is not allowed here.',
      facts: { policy_id: 'no-deletes', reason: 'Deleting is not allowed here.' },
    });
    expect([denied.went, denied.decisions]).toMatchObject([undefined, [{ stage: 'apply-policy', kind: 'refused', id: 'no-deletes' }]]);
    const passed = await ask(stage, {
      body: call('read_file'),
      rawHeaders: ['Content-Type', 'application/json', 'Accept-Encoding', 'gzip'],
    });
    expect(refusal(passed.verdict)).toBe('passed');
    expect(passed.went?.request.rawHeaders).toContain('gzip');
    expect(passed.decisions).toMatchObject([{ kind: 'passed', id: 'default' }]);
  });

  test('the body decides, whatever Mcp-* headers say', async () => {
    const lying = [
      'Content-Type',
      'application/json',
      'Mcp-Method',
      'tools/list',
      'Mcp-Name',
      'read_file',
      'MCP-Protocol-Version',
      '2026-07-28',
    ];
    expect(refusal((await ask(stageOf(noDeletes), { body: call('delete_file'), rawHeaders: lying })).verdict)).toMatchObject({
      code: 'DENIED',
    });
  });

  test('every message of a batch is judged; one that is denied refuses all', async () => {
    const stage = stageOf(noDeletes);
    const denied = await ask(stage, { body: [call('read'), call('delete_a', {}, 2), call('read', {}, 3)] });
    expect([refusal(denied.verdict), denied.went]).toMatchObject([{ code: 'DENIED', policy_id: 'no-deletes' }, undefined]);
    expect(denied.decisions.map(({ kind }) => kind)).toEqual(['passed', 'refused', 'passed']);
    expect(refusal((await ask(stage, { body: [call('read'), call('write', {}, 2)] })).verdict)).toBe('passed');
  });

  test('notifications are judged too, answers of the client are not', async () => {
    const stage = stageOf({ policies: [{ effect: 'deny', match: { methods: ['notifications/*'] } }], defaults: { effect: 'deny' } });
    expect(refusal((await ask(stage, { body: { jsonrpc: '2.0', method: 'notifications/cancelled' } })).verdict)).toMatchObject({
      code: 'DENIED',
    });
    expect(refusal((await ask(stage, { body: { jsonrpc: '2.0', id: 3, result: {} } })).verdict)).toBe('passed');
  });

  test.each([
    ['a member in another case', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","Arguments":{"path":"/prod"}}}'],
    ['an answer that has a method in another case', '{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{},"result":{}}'],
    ['an answer whose method is no text', '{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{},"result":{}}'],
    ['a key that is there twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_a","name":"read"}}'],
    ['a key in another case', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","Name":"delete_a"}}'],
    ['an element that is no message', `[${JSON.stringify(call('read'))},{"id":{},"method":"tools/call","params":{"name":"delete_a"}}]`],
    [
      'a batch that is too long',
      `[${Array(201)
        .fill(JSON.stringify(call('read')))
        .join(',')}]`,
    ],
  ])('what could be read in two ways is refused: %s', async (_, body) => {
    const { verdict, went, decisions } = await ask(stageOf(noDeletes), { body });
    expect([refusal(verdict), went, decisions.map(({ kind, id }) => [kind, id])]).toMatchObject([
      { code: 'BAD_REQUEST' },
      undefined,
      [['refused', 'malformed']],
    ]);
    expect(refusal((await ask(stageOf({}), { body })).verdict)).toBe('passed');
  });

  test.each([[['delete_a']], [undefined], [7], ['']])('a tool named %j is denied where policies are', async tool => {
    expect(refusal((await ask(stageOf(noDeletes), { body: call(tool) })).verdict)).toMatchObject({
      code: 'DENIED',
      policy_id: 'malformed',
    });
  });

  test('the route decides the default: deny with auth, allow without', async () => {
    const asked = (hasAuth: boolean, method: string) => ask(stageOf({}), { body: { ...call('a'), method }, route: { hasAuth } });
    expect(
      await Promise.all([asked(true, 'tools/call'), asked(false, 'tools/call'), asked(true, 'initialize')]).then(all =>
        all.map(({ verdict }) => refusal(verdict)),
      ),
    ).toMatchObject([{ code: 'DENIED', policy_id: 'default', reason: 'No policy allows tools/call of a.' }, 'passed', 'passed']);
  });

  test('policyMode shadow lets everything pass and says what it would do', async () => {
    const { verdict, decisions } = await ask(stageOf({ ...noDeletes, policyMode: 'shadow' }), { body: call('delete_a') });
    expect([refusal(verdict), decisions]).toMatchObject(['passed', [{ kind: 'shadow', id: 'no-deletes' }]]);
  });
});

const list = (method: string, id: unknown = 1) => ({ jsonrpc: '2.0', id, method });
const tools =
  '{ "jsonrpc":"2.0", "id":1, "result":{"tools":[ {"name":"read_file"} , {"name":"delete_file","x":1.0}, {"name":"write"} ],"nextCursor":"delete_file"} }';
const withoutDelete =
  '{ "jsonrpc":"2.0", "id":1, "result":{"tools":[ {"name":"read_file"}, {"name":"write"} ],"nextCursor":"delete_file"} }';

describe('lists', () => {
  test('lose what would be denied; cursors and everything else stay byte for byte', async () => {
    const { body, decisions, verdict } = await ask(stageOf(noDeletes), { body: list('tools/list'), answer: { text: tools } });
    expect(body).toBe(withoutDelete);
    expect(decisions).toMatchObject([{ kind: 'passed' }, { kind: 'changed', reason: '1 of 3 tools are not shown: delete_file' }]);
    expect(verdict.kind === 'answer' && verdict.answer.rawHeaders).toEqual(['Content-Type', 'application/json']);
  });

  test('in event streams and in batches', async () => {
    const event = `id: 3\ndata: ${tools}\n\n`;
    const sse = await ask(stageOf(noDeletes), {
      body: list('tools/list'),
      answer: { text: `: hi\n\n${event}`, type: 'text/event-stream' },
    });
    expect(sse.body).toBe(`: hi\n\nid: 3\ndata: ${withoutDelete}\n\n`);
    const batch = await ask(stageOf(noDeletes), {
      body: [list('tools/list'), list('ping', 2)],
      answer: { text: `[${tools}, {"jsonrpc":"2.0","id":2,"result":{}}]` },
    });
    expect(batch.body).toBe(`[${withoutDelete}, {"jsonrpc":"2.0","id":2,"result":{}}]`);
  });

  test('asked for under an id that something else has as well, or without one', async () => {
    const text = `[${tools}, {"jsonrpc":"2.0","id":1,"result":{}}]`;
    const twice = await ask(stageOf(noDeletes), { body: [list('tools/list'), list('ping')], answer: { text } });
    expect(twice.body).toBe(`[${withoutDelete}, {"jsonrpc":"2.0","id":1,"result":{}}]`);
    const body = { jsonrpc: '2.0', method: 'tools/list' };
    expect((await ask(stageOf(noDeletes), { body, answer: { text: tools } })).body).toBe(withoutDelete);
  });

  test('on a stream, where nobody knows what was asked', async () => {
    const sse = await ask(stageOf(noDeletes), { method: 'GET', answer: { text: `data: ${tools}\n\n`, type: 'text/event-stream' } });
    expect(sse.body).toBe(`data: ${withoutDelete}\n\n`);
  });

  test.each([
    ['prompts/list', 'prompts', 'name', { prompts: ['secret*'] }],
    ['resources/list', 'resources', 'uri', { resources: ['secret*'] }],
    ['resources/templates/list', 'resourceTemplates', 'uriTemplate', { resources: ['secret*'] }],
  ])('%s', async (method, member, name, match) => {
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      result: { [member]: [{ [name]: 'secret-1' }, { [name]: 'open' }, { other: 1 }] },
    });
    const { body } = await ask(stageOf({ policies: [{ effect: 'deny', match }] }), { body: list(method), answer: { text } });
    expect(JSON.parse(body)).toEqual({ jsonrpc: '2.0', id: 1, result: { [member]: [{ [name]: 'open' }] } });
  });

  test('a call of a hidden tool is denied as well', async () => {
    expect(refusal((await ask(stageOf(noDeletes), { body: call('delete_file') })).verdict)).toMatchObject({ code: 'DENIED' });
  });

  test('stay whole where nothing hides', async () => {
    for (const setting of [{}, { ...noDeletes, defaults: { hideDenied: false } }, { ...noDeletes, policyMode: 'shadow' as const }])
      expect((await ask(stageOf(setting), { body: list('tools/list'), answer: { text: tools } })).body).toBe(tools);
    const byArguments = { policies: [{ effect: 'deny', match: { tools: ['delete_*'] }, when: 'args.path == "/"' }] };
    expect((await ask(stageOf(byArguments), { body: list('tools/list'), answer: { text: tools } })).body).toBe(tools);
  });

  test('a list that names a key twice is written anew, so that nobody reads the other one', async () => {
    const text = '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"delete_b"}],"tools":[{"name":"delete_file"},{"name":"read"}]}}';
    const { body } = await ask(stageOf(noDeletes), { body: list('tools/list'), answer: { text } });
    expect(body).toBe('{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read"}]}}');
  });

  test('what cannot be read does not pass where something would be hidden', async () => {
    const asking = (setting: Setting, answer: { text: string; encoding?: string }) =>
      ask(stageOf(setting), { body: list('tools/list'), answer });
    const told = { code: 'UPSTREAM_BROKE', facts: { upstream: 'files', may_have_executed: true } };
    await expect(asking(noDeletes, { text: 'x', encoding: 'gzip' })).rejects.toMatchObject(told);
    await expect(asking(noDeletes, { text: '{"result":{"tools":NaN}}' })).rejects.toMatchObject(told);
    expect((await asking({}, { text: 'x', encoding: 'gzip' })).body).toBe('x');
  });

  test('a long list with many policies is filtered, not given up', async () => {
    const many = Array.from({ length: 500 }, (_, at) => ({ name: `t${at}` }));
    const policies = Array.from({ length: 40 }, (_, at) => ({
      effect: 'deny',
      when: `principal.roles.all(r, r != "x") && tool == "t${at}"`,
    }));
    const { body } = await ask(stageOf({ policies }), {
      body: list('tools/list'),
      answer: { text: JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: many } }) },
    });
    expect((JSON.parse(body) as { result: { tools: unknown[] } }).result.tools).toHaveLength(460);
  });
});

describe('messages of the server', () => {
  const noSampling = { policies: [{ id: 'no-sampling', effect: 'deny', match: { methods: ['sampling/createMessage'] } }] };
  const sampling = '{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}';
  const result = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';

  test('a denied request never reaches the client; the rest of the stream does', async () => {
    const text = `data: ${sampling}\n\ndata: ${result}\n\n`;
    const { body, decisions } = await ask(stageOf(noSampling), { body: call('a'), answer: { text, type: 'text/event-stream' } });
    expect(body).toBe(`:\n\ndata: ${result}\n\n`);
    expect(decisions.map(({ kind, id }) => [kind, id])).toEqual([
      ['passed', 'default'],
      ['changed', 'no-sampling'],
    ]);
    expect((await ask(stageOf(noDeletes), { body: call('a'), answer: { text, type: 'text/event-stream' } })).body).toBe(text);
  });

  test('what a result of 2026-07-28 asks for is judged alike; the client then gets an error', async () => {
    const text = `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{"a":{"method":"roots/list"},"b":{"method":"sampling/createMessage","params":{}}}}}`;
    const { body } = await ask(stageOf(noSampling), { body: call('a'), answer: { text } });
    expect(JSON.parse(body)).toMatchObject({
      id: 1,
      error: { code: 40300, data: { policy_id: 'no-sampling', correlation_id: 'test-0001' } },
    });
    const roots = text.replace('sampling/createMessage', 'roots/list');
    expect((await ask(stageOf(noSampling), { body: call('a'), answer: { text: roots } })).body).toBe(roots);
  });

  test('in shadow mode they pass, and are noted', async () => {
    const text = `data: ${sampling}\n\n`;
    const shadow = { policies: [{ ...noSampling.policies[0], mode: 'shadow' }] };
    const { body, decisions } = await ask(stageOf(shadow), { body: call('a'), answer: { text, type: 'text/event-stream' } });
    expect([body, decisions.map(({ kind, id }) => [kind, id])]).toEqual([
      text,
      [
        ['passed', 'default'],
        ['shadow', 'no-sampling'],
      ],
    ]);
  });

  test('a stream that goes on for ever does not grow what is told of it', async () => {
    const text = `data: ${sampling}\n\n`.repeat(300);
    const { decisions } = await ask(stageOf(noSampling), { body: call('a'), answer: { text, type: 'text/event-stream' } });
    expect(decisions).toHaveLength(101);
  });
});

describe('pinned tools', () => {
  const listed = (description: string) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools: [{ name: 'read', description }, { name: 'other' }] } });

  test('a changed tool is taken from lists and its calls are refused until it is approved', async () => {
    const setting = stageOf({ pinning: 'hold' });
    const see = (description: string) => ask(setting, { body: list('tools/list'), answer: { text: listed(description) } });
    expect((await see('one')).body).toBe(listed('one'));
    expect((await see('two')).body).toBe('{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"other"}]}}');
    const { verdict, decisions } = await ask(setting, { body: call('read') });
    expect([refusal(verdict), decisions]).toMatchObject([{ code: 'DENIED', policy_id: 'pinning' }, [{ kind: 'refused', id: 'pinning' }]]);
    expect(refusal((await ask(setting, { body: call('other') })).verdict)).toBe('passed');
    expect(setting.pins.approve('files', 'read', setting.pins.changes()[0]?.digest ?? '')).toBe('approved');
    expect([refusal((await ask(setting, { body: call('read') })).verdict), (await see('two')).body]).toEqual(['passed', listed('two')]);
  });

  test('neither does the list come in as the answer to something else', async () => {
    const setting = stageOf({ pinning: 'block' });
    await ask(setting, { body: list('tools/list'), answer: { text: listed('one') } });
    const smuggled = listed('two').replace('"id":1', '"id":99');
    expect((await ask(setting, { body: call('other'), answer: { text: smuggled } })).body).not.toContain('two');
  });

  test('where changes only warn, they pass', async () => {
    const setting = stageOf({ pinning: 'warn' });
    await ask(setting, { body: list('tools/list'), answer: { text: listed('one') } });
    expect((await ask(setting, { body: list('tools/list'), answer: { text: listed('two') } })).body).toBe(listed('two'));
    expect(refusal((await ask(setting, { body: call('read') })).verdict)).toBe('passed');
    expect(setting.pins.changes('files')).toMatchObject([{ tool: 'read', isBlocked: false }]);
  });

  test('policies see what is known of a tool', async () => {
    const setting = stageOf({
      policies: [{ id: 'careful', effect: 'require', match: { methods: ['tools/call'] }, when: 'tool_meta.readOnly && tool_meta.pinned' }],
    });
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      result: { tools: [{ name: 'r', annotations: { readOnlyHint: true } }, { name: 'w' }] },
    });
    await ask(setting, { body: list('tools/list'), answer: { text } });
    const outcomes = await Promise.all(['r', 'w', 'unknown'].map(tool => ask(setting, { body: call(tool) })));
    expect(outcomes.map(({ verdict }) => verdict.kind)).toEqual(['answer', 'refuse', 'refuse']);
  });
});

test('without a guard nothing is looked at', async () => {
  const { guard, ...plain } = anExchange({ body: call('delete_a') });
  expect(guard.items).toHaveLength(1);
  const verdict = await stageOf(noDeletes).stage.handle(plain, () => Promise.resolve({ kind: 'answer', answer: anAnswer() }));
  expect(verdict.kind).toBe('answer');
});
