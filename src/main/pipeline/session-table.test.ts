/** The legacy sessions of a gateway: cap, idle and age, and that an ended one does not come back. */
import { afterEach, expect, test } from 'vitest';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import { SessionTable } from './session-table.ts';

let now = 1_000_000;
const clock = { now: () => now, monotonicUs: () => now * 1000 };
const events: GatewayEvent[] = [];
const ended: string[] = [];
const open: SessionTable[] = [];

function table(limits: Partial<SessionTable['limits']> = {}): SessionTable {
  const made = new SessionTable(
    { max: 2, maxPerPrincipal: 2, idleMs: 1000, ageMs: 10_000, maxPending: 3, ...limits },
    { clock, emit: event => events.push(event), onEnded: ({ id }, what) => ended.push(`${id} ${what}`) },
  );
  open.push(made);
  return made;
}
const sealed = (id: string) => ({
  id,
  upstream: 'files',
  principalId: 'anonymous',
  holder: undefined as string | undefined,
  issuedAt: now,
  bound: { id, principalId: 'anonymous', instanceId: 'a', upstreamSessionId: 'theirs', protocolVersion: '2025-11-25' },
});

afterEach(() => {
  for (const made of open.splice(0)) made.close();
  events.length = 0;
  ended.length = 0;
});

test('a session that is used stays, one that is idle ends', () => {
  const sessions = table();
  const first = sealed('one');
  sessions.open({ ...first, conversationId: 'c' });
  now += 900;
  expect(sessions.use(first, 'c')).toMatchObject({ id: 'one' });
  now += 1001;
  expect(sessions.use(first, 'c')).toBeUndefined();
  expect(ended).toEqual(['one expired']);
});

test('a session with a call under way is not idle', () => {
  const sessions = table();
  const first = sealed('one');
  const session = sessions.open({ ...first, conversationId: 'c' });
  session.pendingCount = 1;
  now += 5000;
  sessions.expire();
  expect(ended).toEqual([]);
  now += 6000;
  sessions.expire();
  expect(ended).toEqual(['one expired']);
});

test('the cap refuses new sessions and evicts none', () => {
  const sessions = table();
  sessions.open({ ...sealed('one'), conversationId: 'c' });
  sessions.open({ ...sealed('two'), conversationId: 'c' });
  expect([sessions.lackOfRoom(undefined), sessions.count]).toEqual(['full', 2]);
  sessions.end('one', 'ended', 'by the client');
  expect(sessions.lackOfRoom(undefined)).toBeUndefined();
});

test('a holder has a share, handshakes and sessions from before a restart among it; a lower one ends nobody', () => {
  const sessions = table({ max: 9, maxPerPrincipal: 2 });
  const of = (id: string, holder: string) => ({ ...sealed(id), holder });
  sessions.open({ ...of('one', 'ci'), conversationId: 'c' });
  const giveBack = sessions.reserve('ci');
  expect([sessions.lackOfRoom('ci'), sessions.lackOfRoom('ed'), sessions.lackOfRoom(undefined)]).toEqual([
    'full-for-holder',
    undefined,
    undefined,
  ]);
  giveBack();
  expect(sessions.use(of('two', 'ci'), 'c')).toMatchObject({ id: 'two' });
  expect([sessions.use(of('three', 'ci'), 'c'), sessions.use(of('two', 'ci'), 'c')]).toMatchObject(['full-for-holder', { id: 'two' }]);
  sessions.apply({ ...sessions.limits, maxPerPrincipal: 1 });
  expect(sessions.use(of('one', 'ci'), 'c')).toMatchObject({ id: 'one' });
  sessions.end('one', 'ended', 'by the client');
  expect(sessions.lackOfRoom('ci')).toBe('full-for-holder');
  sessions.end('two', 'ended', 'by the client');
  expect(sessions.lackOfRoom('ci')).toBeUndefined();
});

test('a sealed id from before a restart is taken up again, until it is too old', () => {
  const sessions = table();
  const before = sealed('one');
  now += 9000;
  expect(sessions.use(before, 'c')).toMatchObject({ id: 'one' });
  const older = sealed('two');
  now += 10_001;
  expect(sessions.use(older, 'c')).toBeUndefined();
});

test('an ended session does not come back with its sealed id', () => {
  const sessions = table();
  const first = sealed('one');
  sessions.open({ ...first, conversationId: 'c' });
  sessions.end('one', 'killed', 'by hand');
  expect(sessions.use(first, 'c')).toBeUndefined();
  expect(events.map(event => event.type === 'session' && event.what)).toEqual(['opened', 'killed']);
});

test('a kill of a recorded session ends all that belong to it', () => {
  const sessions = table();
  sessions.open({ ...sealed('one'), conversationId: 'a' });
  sessions.open({ ...sealed('two'), conversationId: 'b' });
  expect(sessions.endOfConversation('a', 'killed', 'by hand')).toBe(1);
  expect(sessions.count).toBe(1);
});

test('a session whose process is to give way ends as expired, with the reason; one with a call under way does not', () => {
  const sessions = table();
  const first = sealed('one');
  const session = sessions.open({ ...first, conversationId: 'c' });
  const theirs = { upstream: 'files', instanceId: 'a', upstreamSessionId: 'theirs' };
  session.pendingCount = 1;
  expect(sessions.reclaim(theirs, 'idle')).toBe(false);
  expect(sessions.count).toBe(1);
  session.pendingCount = 0;
  // Of another instance, nobody here knows it.
  expect(sessions.reclaim({ ...theirs, instanceId: 'b' }, 'idle')).toBe(true);
  expect(sessions.count).toBe(1);
  expect(sessions.reclaim(theirs, 'idle for 40 s')).toBe(true);
  expect(ended).toEqual(['one expired']);
  expect(events.at(-1)).toMatchObject({ type: 'session', what: 'expired', reason: 'idle for 40 s', sessionId: 'c' });
  expect(sessions.use(first, 'c')).toBeUndefined();
});
