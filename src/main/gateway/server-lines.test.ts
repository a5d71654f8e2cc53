/** What a wrapped server asks or tells by itself: what is denied, and what is told of it. */
import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/kit/fake-clock.ts';
import { PolicyConfig, PolicyDefaults } from '../../shared/config/schema.ts';
import type { GatewayEventOf } from '../../shared/model/gateway-event.ts';
import { compilePolicies } from '../pipeline/policy/compile-policies.ts';
import { PolicyEngine } from '../pipeline/policy/policy-engine.ts';
import { judgeServerLine } from './server-lines.ts';

function judging() {
  const clock = new FakeClock();
  const policies = new PolicyEngine(clock);
  policies.apply(
    compilePolicies({
      policies: [PolicyConfig.parse({ id: 'no-sampling', effect: 'deny', match: { methods: ['sampling/*'] }, message: 'Not here' })],
      defaults: PolicyDefaults.parse({}),
      policyMode: 'enforce',
    }),
  );
  const told: GatewayEventOf<'exchange'>[] = [];
  const deps = { policies, clock, ids: { next: () => 'corr-1' }, emit: (event: { type: string }) => void told.push(event as never) };
  const judge = (text: string | undefined) => judgeServerLine(deps, 'files', { text, sessionId: 's1', clientName: 'probe' });
  return { judge, told };
}

const asks = (method: string) => ({ jsonrpc: '2.0', id: 1, method, params: { text: 'é' } });

test('one denied message keeps its whole line from the client, and is told with its bytes; what is allowed is not told', () => {
  const { judge, told } = judging();
  expect(judge(JSON.stringify(asks('roots/list')))).toMatchObject({ decisions: [{ kind: 'passed' }] });
  const text = JSON.stringify([asks('roots/list'), asks('sampling/createMessage')]);
  expect(judge(text).denied).toMatchObject({ by: 'no-sampling', correlationId: 'corr-1' });
  expect(told).toMatchObject([
    { upstream: 'files', method: 'sampling/createMessage', outcome: 'refused', requestBytes: Buffer.byteLength(text), clientName: 'probe' },
  ]);
});

test('a line that is longer than can be judged is denied, and told like any other', () => {
  const { judge, told } = judging();
  expect(judge(undefined).denied).toMatchObject({ by: 'malformed' });
  expect(told).toMatchObject([
    { upstream: 'files', outcome: 'refused', code: 'DENIED', decisions: [{ kind: 'refused', id: 'malformed' }] },
  ]);
});
