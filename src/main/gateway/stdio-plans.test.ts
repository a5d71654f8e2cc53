/** A wrapped server behind the guards: its sessions are told apart as those over HTTP are. */
import { expect, test } from 'vitest';
import { LimitConfig } from '../../shared/config/schema.ts';
import { anExchange } from '../../../test/kit/an-exchange.ts';
import { surroundingsOf } from '../pipeline/policy/subject.ts';
import { RateLimiter } from '../pipeline/limits/rate-limiter.ts';
import { randomIds, systemClock } from '../ports.ts';
import { stdioPlans } from './stdio-plans.ts';

const plan = stdioPlans({
  run: () => Promise.reject(new Error('not asked')),
  ids: randomIds,
  effectOn: () => ({ canAct: true, isClosedOnLoss: false, judgesServer: false }),
  judgeServer: () => ({ decisions: [] }),
  onChanged: () => () => undefined,
}).planFor('files');
const modern = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

function guardOf(sessionId: string, _meta?: object) {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: _meta === undefined ? {} : { _meta } });
  const guard = plan.guardFor({ text, sessionId, clientName: 'editor' });
  if (guard === undefined) throw new Error('no guard');
  return guard;
}

test('two sessions of one program are counted apart in the legacy era, and as one where there are no sessions', () => {
  const limiter = new RateLimiter({ clock: systemClock, random: () => 0 });
  const limit = LimitConfig.parse({ id: 's', tier: 'session', algorithm: 'sliding-window', limit: 1 });
  limiter.apply(limiter.prepare([limit]));
  const admitted = (sessionId: string, meta?: object) =>
    limiter.admit('limit-rate', new Set(['session']), anExchange(), guardOf(sessionId, meta)).kind;
  expect([admitted('one'), admitted('two'), admitted('one')]).toEqual(['admitted', 'admitted', 'refused']);
  expect([admitted('one', modern), admitted('two', modern)]).toEqual(['admitted', 'refused']);
});

test('expressions see which session it is', () => {
  const sessionOf = (meta?: object) => surroundingsOf(anExchange(), guardOf('one', meta), 0).session;
  expect([sessionOf(), sessionOf(modern)]).toEqual([
    { id: 'one', era: 'legacy' },
    { id: '', era: 'modern' },
  ]);
});
