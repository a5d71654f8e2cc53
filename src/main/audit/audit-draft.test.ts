/** Which events leave a row, of which kind, and what never stands in one. */
import { expect, test } from 'vitest';
import { anExchangeEvent, eventTime } from '../../../test/kit/gateway-events.ts';
import type { Decision, GatewayEvent } from '../../shared/model/gateway-event.ts';
import { draftOf } from './audit-draft.ts';

const decided = (stage: string, kind: Decision['kind']): Decision => ({ stage, kind, id: 'it', reason: 'so' });

test('a call of a tool that passed is one row with who, what and the digest of its arguments', () => {
  const decisions = [decided('authenticate', 'passed'), { ...decided('apply-policy', 'passed'), version: 'v1', evaluationUs: 12 }];
  expect(draftOf(anExchangeEvent({ decisions }), false)).toEqual({
    at: '2026-11-22T12:00:00.000Z',
    kind: 'call',
    action: 'allowed',
    correlation_id: 'c-0123456789',
    session_id: 's1',
    principal_id: 'key:ci',
    listener: 'main',
    route: '/mcp/files',
    upstream: 'files',
    instance: 'a',
    method: 'tools/call',
    target: 'read_file',
    outcome: 'answered',
    status: 200,
    decisions: [{ stage: 'apply-policy', kind: 'passed', id: 'it', reason: 'so', version: 'v1', evaluation_us: 12 }],
    arguments_digest: `sha256:${'0'.repeat(64)}`,
  });
});

test('what else passed leaves no row', () => {
  expect(draftOf(anExchangeEvent({ method: 'tools/list' }), false)).toBeUndefined();
  expect(draftOf(anExchangeEvent({ method: 'ping', outcome: 'failed', code: 'UPSTREAM_DOWN' }), false)).toBeUndefined();
  expect(draftOf({ type: 'health', at: 1, instance: 'a', isHealthy: false, reason: 'x' }, false)).toBeUndefined();
});

test.each([
  ['authenticate', 'refused', 'auth', 'refused'],
  ['limit-ip', 'refused', 'limit', 'refused'],
  ['limit-rate', 'shadow', 'limit', 'shadow'],
  ['apply-policy', 'shadow', 'policy', 'shadow'],
  ['apply-policy', 'logged', 'policy', 'logged'],
  ['bind-session', 'refused', 'session', 'refused'],
  ['validate', 'refused', 'request', 'refused'],
] as const)('a decision of %s that %s makes a row of kind %s', (stage, kind, rowKind, action) => {
  const outcome = kind === 'refused' ? 'refused' : 'answered';
  const draft = draftOf(anExchangeEvent({ method: 'tools/list', outcome, decisions: [decided(stage, kind)] }), false);
  expect(draft).toMatchObject({ kind: rowKind, action, outcome, decisions: [{ stage, kind, id: 'it', reason: 'so' }] });
});

test('the refusal names the row, whatever else was noted before it', () => {
  const decisions = [decided('limit-ip', 'shadow'), decided('apply-policy', 'logged'), decided('authenticate', 'refused')];
  const draft = draftOf(anExchangeEvent({ outcome: 'refused', code: 'UNAUTHORIZED', status: 401, decisions }), false);
  expect(draft).toMatchObject({ kind: 'auth', action: 'refused', code: 'UNAUTHORIZED', status: 401 });
  expect(draft?.decisions).toHaveLength(3);
});

test('a request that has no route is a row with the path that was asked for', () => {
  const nowhere = { outcome: 'refused' as const, code: 'NO_ROUTE', status: 404, route: '', upstream: '', path: '/nope' };
  expect(draftOf(anExchangeEvent({ ...nowhere, method: undefined }), false)).toMatchObject({
    kind: 'request',
    action: 'refused',
    code: 'NO_ROUTE',
    details: { path: '/nope' },
  });
});

test('a call that was tried again is a call all the same; a list leaves no row for it', () => {
  const decisions = [decided('retry', 'changed')];
  const failed = { outcome: 'failed' as const, code: 'UPSTREAM_DOWN', status: 502, decisions };
  expect(draftOf(anExchangeEvent(failed), false)).toMatchObject({ kind: 'call', action: 'allowed', decisions: [{ stage: 'retry' }] });
  expect(draftOf(anExchangeEvent({ ...failed, method: 'tools/list' }), false)).toBeUndefined();
});

test('a refusal that no stage owned, as by an upstream without instances, is a row too', () => {
  const draft = draftOf(
    anExchangeEvent({ method: 'tools/list', outcome: 'refused', code: 'UNAVAILABLE', status: 503, reason: 'open' }),
    false,
  );
  expect(draft).toMatchObject({ kind: 'request', action: 'refused', code: 'UNAVAILABLE', reason: 'open' });
});

const others: readonly [GatewayEvent, string, string][] = [
  [{ type: 'breaker', at: 1, upstream: 'u', instance: 'a', from: 'closed', to: 'open', reason: 'r' }, 'breaker', 'open'],
  [{ type: 'child', at: 1, upstream: 'u', instance: 'a', what: 'exited', reason: 'r', pid: 7 }, 'child', 'exited'],
  [{ type: 'session', at: 1, what: 'killed', reason: 'r' }, 'session', 'killed'],
  [{ type: 'pin', at: 1, tool: 't', what: 'changed', reason: 'r' }, 'pin', 'changed'],
  [{ type: 'config', at: 1, outcome: 'rejected', hash: 'h', reason: 'r' }, 'config', 'rejected'],
  [{ type: 'admin', at: 1, action: 'breaker.trip', target: 'u/a', actor: 'token' }, 'admin', 'breaker.trip'],
  [{ type: 'interception', at: 1, ruleId: 'i', action: 'block' }, 'interception', 'block'],
  [{ type: 'lifecycle', at: 1, what: 'draining', reason: 'r' }, 'lifecycle', 'draining'],
];
test.each(others)('%j is audited', (event, kind, action) => {
  expect(draftOf(event, false)).toMatchObject({ at: '1970-01-01T00:00:00.001Z', kind, action });
});

test('values of arguments stand there only where they are wanted, masked and bounded', () => {
  const args = '{"path":"/a","password":"hunter2"}';
  expect(draftOf(anExchangeEvent({ argumentsDigest: args }), false)).toMatchObject({ arguments_digest: expect.stringMatching(/^sha256:/) });
  expect(JSON.stringify(draftOf(anExchangeEvent({ argumentsDigest: args }), false))).not.toContain('hunter2');
  expect(draftOf(anExchangeEvent({ argumentsDigest: args }), true)?.arguments).toBe('{"path":"/a","password":"••••"}');
  const long = draftOf(anExchangeEvent({ argumentsDigest: JSON.stringify('x'.repeat(20_000)) }), true);
  expect([long?.arguments, long?.arguments_digest?.length]).toEqual([undefined, 71]);
});

test('words of peers are cut, and a token in them is masked', () => {
  const draft = draftOf(
    anExchangeEvent({ at: eventTime, target: 'x'.repeat(2000), reason: 'refused Bearer abcdefghijklmnop', outcome: 'refused' }),
    false,
  );
  expect(draft?.target).toHaveLength(500);
  expect(draft?.reason).toBe('refused Bearer ••••');
});
