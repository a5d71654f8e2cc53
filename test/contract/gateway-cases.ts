/** The calls and topics of the gateway, as sentences that hold over every wire. One configuration file serves them all. */
import assert from 'node:assert/strict';
import type { ContractCase } from './contract-cases.ts';
import { type Client, eventually, type Subject, withClient } from './wire-under-test.ts';

/** A gateway before the sample server, with a limit and two policies; `extra` goes below. */
const configText = (upstreamUrl: string, extra = '') => `version: 1
# A remark that edits keep.
listeners:
  - { name: contract, port: 0, routes: [{ path: /mcp, upstream: sample }] }
upstreams:
  sample:
    health: { kind: none }
    instances: [{ id: a, url: "${upstreamUrl}" }]
limits:
  - { id: scarce, tier: endpoint, match: { methods: [prompts/list] }, algorithm: sliding-window, limit: 1, per: 1h }
policies:
  - { id: no-closing, effect: deny, match: { methods: [harbour/close] } } # why not
admin: { enabled: false }
${extra}`;

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'gateway-contract', version: '1' },
};

/** Asks one thing over the gateway and returns the error code of the answer, or 0. */
async function ask(url: string, method: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta: meta } }),
  });
  const { error } = JSON.parse(await response.text()) as { error?: { code: number } };
  return error?.code ?? 0;
}

/** Writes the configuration over whatever is there, and gives the address of its route. */
async function begin(client: Client, subject: Subject, extra = ''): Promise<string> {
  const { hash } = await client.call('config.read', {});
  await client.call('config.write', { text: configText(subject.upstreamUrl, extra), expectedHash: hash });
  const { listeners } = await client.call('gateway.status', {});
  const [listener] = listeners;
  assert.ok(listener !== undefined, 'the configuration has a listener');
  return `${listener.url}/mcp`;
}

/** Back to nothing, so that each case finds the same. */
async function end(client: Client): Promise<void> {
  const { hash } = await client.call('config.read', {});
  await client.call('config.write', { text: 'version: 1\n', expectedHash: hash });
}

export const gatewayCases: readonly ContractCase[] = [
  {
    title: 'a configuration is written, in force at once, and its file is there to be read',
    run: subject =>
      withClient(subject, async client => {
        const url = await begin(client, subject);
        assert.equal(await ask(url, 'tools/list'), 0);
        assert.equal(await ask(url, 'harbour/close'), 40300);
        const file = await client.call('config.read', {});
        assert.deepEqual([file.exists, file.text, file.problems], [true, configText(subject.upstreamUrl), []]);
        const status = await client.call('gateway.status', {});
        assert.equal(status.configHash, file.hash);
        assert.ok(status.counters.requests >= 2 && status.counters.denied >= 1);
        await end(client);
        assert.equal((await client.call('gateway.status', {})).isRunning, false);
      }),
  },
  {
    title: 'a configuration that is wrong, or made from another file than there is, changes nothing and says why',
    run: subject =>
      withClient(subject, async client => {
        await begin(client, subject);
        const { hash } = await client.call('config.read', {});
        assert.equal(await client.refusal('config.write', { text: 'version: 1\nupstream: {}\n', expectedHash: hash }), 'BAD_CALL');
        assert.equal(await client.refusal('config.write', { text: 'version: 1\n', expectedHash: 'another' }), 'CONFLICT');
        const { problems } = await client.call('config.check', { text: 'version: 1\nupstream: {}\n' });
        assert.match(problems[0]?.message ?? '', /upstreams/);
        assert.equal(problems[0]?.line, 2);
        assert.equal((await client.call('config.read', {})).hash, hash);
        await end(client);
      }),
  },
  {
    title: 'an edit changes one value and keeps remarks; history tells, diff shows, rollback brings back',
    run: subject =>
      withClient(subject, async client => {
        await begin(client, subject);
        const before = await client.call('config.read', {});
        const edits = [{ path: ['policyMode'], value: 'shadow' }];
        const after = await client.call('config.edit', { edits, expectedHash: before.hash, reason: 'toolbar' });
        assert.ok(after.text.includes('# A remark that edits keep.') && after.text.includes('# why not'));
        assert.equal((await client.call('gateway.status', {})).policyMode, 'shadow');
        const { versions } = await client.call('config.history', {});
        assert.deepEqual([versions[0]?.reason, versions[0]?.isInForce, versions[1]?.hash], ['toolbar', true, before.hash]);
        const { text } = await client.call('config.diff', { from: before.hash, to: after.hash });
        assert.match(text, /\+policyMode: shadow/);
        const back = await client.call('config.rollback', { hash: before.hash });
        assert.equal(back.text, before.text);
        assert.equal((await client.call('gateway.status', {})).policyMode, 'enforce');
        await end(client);
      }),
  },
  {
    title: 'a draft is edited and read without being written, and the schema is there for editors',
    run: subject =>
      withClient(subject, async client => {
        await begin(client, subject);
        const { text, hash } = await client.call('config.read', {});
        const edits = [{ path: ['policies', 0, 'effect'], value: 'dney' }];
        const draft = await client.call('config.draft', { text, edits });
        assert.ok(draft.text.includes('effect: dney') && draft.text.includes('# why not'));
        assert.deepEqual(
          [draft.policies[0]?.id, draft.policies[0]?.effect, draft.problems[0]?.path],
          ['no-closing', 'dney', 'policies[0].effect'],
        );
        assert.equal((await client.call('config.read', {})).hash, hash);
        const { schema } = await client.call('config.schema', {});
        assert.equal(schema['title'], 'Shadowcat configuration');
        await end(client);
      }),
  },
  {
    title: 'upstreams and limits are told live, and breakers obey',
    run: subject =>
      withClient(subject, async client => {
        const url = await begin(client, subject);
        const upstreams = client.follow('upstreams', {});
        const limits = client.follow('limits', {});
        const gateway = client.follow('gateway', {});
        assert.deepEqual(
          [await ask(url, 'prompts/list'), await ask(url, 'prompts/list')].map(code => code === 42900),
          [false, true],
        );
        await limits.until('the refusal', ({ keys }) =>
          keys.some(({ limitId, refusedCount }) => limitId === 'scarce' && refusedCount === 1),
        );
        const { keys } = await client.call('gateway.limits', {});
        assert.equal(keys[0]?.limitId, 'scarce');
        await client.call('breaker.set', { upstream: 'sample', instance: 'a', action: 'isolate' });
        await upstreams.until('the isolation', state => state.upstreams[0]?.instances[0]?.breaker.word === 'isolated');
        assert.equal(await ask(url, 'tools/list'), 50300);
        await gateway.until('the change', ({ changes }) =>
          changes.some(({ kind, subject: of }) => kind === 'breaker' && of === 'sample/a'),
        );
        await client.call('breaker.set', { upstream: 'sample', instance: 'a', action: 'rejoin' });
        assert.equal(await ask(url, 'tools/list'), 0);
        await client.call('breaker.set', { upstream: 'sample', instance: 'a', action: 'trip' });
        const { upstreams: states } = await client.call('gateway.upstreams', {});
        assert.equal(states[0]?.instances[0]?.breaker.word, 'open');
        await client.call('breaker.set', { upstream: 'sample', instance: 'a', action: 'reset' });
        assert.equal(await ask(url, 'tools/list'), 0);
        assert.equal(await client.refusal('breaker.set', { upstream: 'sample', instance: 'b', action: 'trip' }), 'NOT_FOUND');
        assert.equal(await client.refusal('breaker.set', { upstream: 'other', instance: 'a', action: 'trip' }), 'NOT_FOUND');
        for (const following of [upstreams, limits, gateway]) following.stop();
        await end(client);
      }),
  },
  {
    title: 'a draft is judged over recorded calls, and one call is explained',
    run: subject =>
      withClient(subject, async client => {
        const url = await begin(client, subject);
        for (const method of ['tools/list', 'harbour/close']) await ask(url, method);
        let frame: { sessionId: string; seq: number } | undefined;
        let sessionId = '';
        await eventually('the calls are recorded', async () => {
          const { sessions } = await client.call('session.list', { search: '' });
          const mine = sessions.find(({ clientName, state }) => clientName === 'gateway-contract' && state === 'live');
          if (mine === undefined) return false;
          sessionId = mine.id;
          const { frames } = await client.call('session.frames', { id: mine.id });
          frame = frames.findLast(({ method, kind }) => method === 'harbour/close' && kind === 'request');
          return frame !== undefined;
        });
        const draft = configText(subject.upstreamUrl).replace('[harbour/close]', '[tools/list]');
        const result = await client.call('policy.dryRun', { text: draft, sessionId });
        assert.ok(result.callCount >= 2 && result.changedCount >= 2);
        assert.deepEqual(
          new Set(result.rows.filter(({ now, draft: judged }) => now !== judged).map(({ method, draft: judged }) => `${method} ${judged}`)),
          new Set(['tools/list deny', 'harbour/close allow']),
        );
        const wrong = await client.call('policy.dryRun', { text: 'version: 2\n' });
        assert.equal(wrong.problems[0]?.line, 1);
        const { by, effect, policies } = await client.call('policy.explain', { sessionId: frame?.sessionId ?? '', seq: frame?.seq ?? 0 });
        assert.deepEqual([by, effect, policies.map(({ isMatched }) => isMatched)], ['no-closing', 'deny', [true]]);
        assert.equal(await client.refusal('policy.explain', { sessionId, seq: 99_999 }), 'NOT_FOUND');
        await client.call('session.kill', { id: sessionId, reason: 'the contract asks for it' });
        await eventually('the session has ended', async () => (await client.call('session.get', { id: sessionId })).state === 'closed');
        assert.equal(await client.refusal('session.kill', { id: sessionId }), 'CONFLICT');
        await end(client);
      }),
  },
  {
    title: 'the audit is queried and verified, pins and sign-ins tell their state, log levels change',
    run: subject =>
      withClient(subject, async client => {
        const url = await begin(client, subject);
        await ask(url, 'harbour/close');
        await eventually('the refusal is audited', async () => {
          const { rows } = await client.call('audit.query', { kinds: ['policy'], upstream: 'sample' });
          return rows.some(({ action, method }) => action === 'refused' && method === 'harbour/close');
        });
        const { isWhole, problems } = await client.call('audit.verify', {});
        assert.deepEqual([isWhole, problems], [true, []]);
        assert.deepEqual((await client.call('pin.changes', {})).changes, []);
        assert.equal(await client.refusal('pin.approve', { upstream: 'sample', tool: 'none', digest: 'sha256:x' }), 'NOT_FOUND');
        assert.equal((await client.call('signIn.state', { upstream: 'sample' })).kind, 'signed-out');
        assert.equal(await client.refusal('signIn.begin', { upstream: 'sample' }), 'BAD_CALL');
        assert.equal((await client.call('signIn.forget', { upstream: 'sample' })).kind, 'signed-out');
        const { levels } = await client.call('log.setLevel', { component: 'access', level: 'error' });
        assert.equal(levels['access'], 'error');
        assert.deepEqual((await client.call('log.levels', {})).levels, levels);
        await end(client);
      }),
  },
  {
    title: 'secrets are kept, listed by name and deleted; no call gives a value back',
    run: subject =>
      withClient(subject, async client => {
        const { names } = await client.call('secret.list', {});
        assert.deepEqual(await client.call('secret.set', { name: 'tide.key', value: 'not-for-windows' }), {});
        await client.call('secret.set', { name: 'tide.key', value: 'another-value' });
        const listed = await client.call('secret.list', {});
        assert.deepEqual(listed.names, [...names, 'tide.key'].toSorted());
        assert.ok(!JSON.stringify(listed).includes('another-value'));
        await eventually('both are audited, without a value', async () => {
          const { rows } = await client.call('audit.query', { kinds: ['admin'] });
          const mine = rows.filter(({ action }) => action === 'set secret');
          assert.ok(!JSON.stringify(mine).includes('-value') && !JSON.stringify(mine).includes('not-for'));
          return mine.length >= 2 && JSON.stringify(mine[0]).includes('tide.key');
        });
        assert.deepEqual(await client.call('secret.delete', { name: 'tide.key' }), {});
        assert.equal(await client.refusal('secret.delete', { name: 'tide.key' }), 'NOT_FOUND');
        assert.deepEqual((await client.call('secret.list', {})).names, names);
      }),
  },
  {
    title: 'only the command line may name a configuration file of its own',
    run: subject =>
      withClient(subject, async client => {
        assert.equal(await client.refusal('gateway.load', { path: '/etc/hostname' }), 'NOT_ALLOWED');
      }),
  },
];
