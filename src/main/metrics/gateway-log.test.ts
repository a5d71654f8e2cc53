/** One line for each exchange and for each event, with what an operator looks for. */
import { expect, test } from 'vitest';
import { anExchangeEvent } from '../../../test/kit/gateway-events.ts';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import { gatewayLog } from './gateway-log.ts';

function linesOf(event: GatewayEvent) {
  const lines: unknown[] = [];
  const at = (component: string, level: string) => (message: string, facts?: Record<string, unknown>) =>
    lines.push({ component, level, message, ...JSON.parse(JSON.stringify(facts ?? {})) });
  gatewayLog({
    of: component => ({
      debug: at(component, 'debug'),
      info: at(component, 'info'),
      warn: at(component, 'warn'),
      error: at(component, 'error'),
    }),
  })(event);
  return lines;
}

test('an exchange is one line of the access log', () => {
  expect(linesOf(anExchangeEvent())).toEqual([
    {
      component: 'access',
      level: 'info',
      message: 'POST tools/call',
      server: 'files',
      route: '/mcp/files',
      listener: 'main',
      session: 's1',
      correlation_id: 'c-0123456789',
      principal: 'key:ci',
      method: 'tools/call',
      target: 'read_file',
      status: 200,
      outcome: 'answered',
      total_ms: 42,
      upstream_ms: 40,
      overhead_ms: 0.4,
      request_bytes: 100,
      response_bytes: 200,
    },
  ]);
});

test('a request that has no route says what was asked for, and names no server', () => {
  const [line] = linesOf(anExchangeEvent({ httpMethod: 'GET', method: undefined, path: '/nope', route: '', upstream: '' }));
  expect(line).toMatchObject({ message: 'GET /nope', path: '/nope' });
  expect(line).not.toHaveProperty('server');
  expect(line).not.toHaveProperty('route');
});

test('a request that belongs to a trace says to which', () => {
  expect(linesOf(anExchangeEvent({ traceId: '0af7651916cd43dd8448eb211c80319c' }))).toMatchObject([
    { component: 'access', trace_id: '0af7651916cd43dd8448eb211c80319c' },
  ]);
});

test('a refusal says by whom and why; a failure is a warning', () => {
  const decisions = [{ stage: 'limit-rate', kind: 'refused' as const, id: 'deletes' }];
  const [refused] = linesOf(anExchangeEvent({ outcome: 'refused', code: 'LIMITED', reason: 'too many', status: 429, decisions }));
  expect(refused).toMatchObject({ level: 'info', code: 'LIMITED', reason: 'too many', refused_by: 'limit-rate:deletes', status: 429 });
  const [failed] = linesOf(anExchangeEvent({ outcome: 'failed', code: 'UPSTREAM_DOWN', status: 502, attempts: 3 }));
  expect(failed).toMatchObject({ level: 'warn', code: 'UPSTREAM_DOWN', attempts: 3 });
});

test('what guards found is a line of its own for who asks for it, under the component of the guard', () => {
  const decisions = [
    { stage: 'authenticate', kind: 'passed' as const, id: 'ci' },
    { stage: 'limit-ip', kind: 'shadow' as const, id: 'per-ip', tier: 'ip', reason: 'used up' },
    { stage: 'apply-policy', kind: 'refused' as const, id: 'no-delete', reason: 'no', version: 'v1' },
    { stage: 'retry', kind: 'changed' as const, reason: 'attempt 2 of 3' },
  ];
  const [, ...lines] = linesOf(anExchangeEvent({ decisions }));
  expect(lines).toMatchObject([
    { component: 'limits', level: 'debug', message: 'A guard decided: shadow', id: 'per-ip', tier: 'ip', reason: 'used up' },
    { component: 'policy', level: 'debug', message: 'A guard decided: refused', id: 'no-delete', correlation_id: 'c-0123456789' },
  ]);
  expect(linesOf(anExchangeEvent({ decisions: [{ stage: 'authenticate', kind: 'refused', reason: 'expired' }] })).slice(1)).toMatchObject([
    { component: 'auth', reason: 'expired' },
  ]);
});

const events: readonly [GatewayEvent, string, string][] = [
  [{ type: 'breaker', at: 1, upstream: 'u', instance: 'a', from: 'closed', to: 'open', reason: 'r' }, 'upstream', 'warn'],
  [{ type: 'breaker', at: 1, upstream: 'u', instance: 'a', from: 'half-open', to: 'closed', reason: 'r' }, 'upstream', 'info'],
  [{ type: 'health', at: 1, upstream: 'u', instance: 'a', isHealthy: false, reason: 'r' }, 'upstream', 'warn'],
  [{ type: 'child', at: 1, upstream: 'u', instance: 'a', what: 'exited', reason: 'r' }, 'upstream', 'info'],
  [{ type: 'session', at: 1, sessionId: 's', what: 'killed', reason: 'r' }, 'gateway', 'info'],
  [{ type: 'pin', at: 1, tool: 't', what: 'changed', reason: 'r' }, 'policy', 'warn'],
  [{ type: 'config', at: 1, outcome: 'rejected', hash: 'h', reason: 'r' }, 'config', 'warn'],
  [{ type: 'admin', at: 1, action: 'breaker.trip', target: 'u/a', actor: 'local' }, 'gateway', 'info'],
  [{ type: 'interception', at: 1, ruleId: 'i', action: 'block', reason: 'r' }, 'policy', 'info'],
  [{ type: 'lifecycle', at: 1, what: 'draining', reason: 'r' }, 'gateway', 'info'],
];
test.each(events)('%j is one line', (event, component, level) => {
  expect(linesOf(event)).toMatchObject([{ component, level }]);
});
