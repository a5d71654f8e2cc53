/** What a live view begins with: counts of requests, and of what each policy decided. */
import { expect, test } from 'vitest';
import type { Decision, GatewayEvent } from '../../shared/model/gateway-event.ts';
import { GatewayCounters } from './counters.ts';

const exchange = (at: number, ...decisions: Decision[]) =>
  ({ type: 'exchange', at, outcome: 'answered', attempts: 1, decisions }) as unknown as GatewayEvent;
const byPolicy = (id: string, kind: Decision['kind'] = 'refused'): Decision => ({ stage: 'apply-policy', kind, id });

test('each policy counts what it decided or noted, in shadow too; the default and other stages do not', () => {
  const counters = new GatewayCounters();
  counters.observe(exchange(1, byPolicy('a'), byPolicy('watch', 'logged')));
  counters.observe(exchange(2, byPolicy('a', 'shadow'), { stage: 'limit-rate', kind: 'refused', id: 'scarce' }));
  counters.observe(exchange(3, byPolicy('default', 'passed')));
  expect(counters.policyHits).toEqual([
    { policyId: 'watch', count: 1, lastAt: 1 },
    { policyId: 'a', count: 2, lastAt: 2 },
  ]);
});

test('of very many policies those hit longest ago are forgotten', () => {
  const counters = new GatewayCounters();
  for (let at = 0; at < 1100; at += 1) counters.observe(exchange(at, byPolicy(`p${at}`)));
  expect(counters.policyHits).toHaveLength(1000);
  expect(counters.policyHits[0]?.policyId).toBe('p100');
});
