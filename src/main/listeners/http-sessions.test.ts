/** Sessions over HTTP as time passes: pauses, idle ends, and ids that are forgotten. */
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Conversations } from '../traffic/conversations.ts';
import type { SessionRecord } from '../traffic/records.ts';
import { HttpSessions, type SessionHints } from './http-sessions.ts';

const minute = 60_000;
let now = 0;
let ended: SessionRecord[] = [];
let sessions: HttpSessions;
let opened = 0;

beforeEach(() => {
  vi.useFakeTimers();
  now = 1_000_000_000;
  ended = [];
  opened = 0;
  const clock = { now: () => now, monotonicUs: () => now * 1000 };
  const sink = { session: (record: SessionRecord) => void (record.state === 'live' || ended.push(record)), frame() {}, exchange() {} };
  const conversations = new Conversations({ sink, clock, ids: { next: () => `c${(opened += 1)}` } });
  sessions = new HttpSessions({ conversations, clock, serverName: '', serverNameUntilKnown: 'up', upstream: 'http://up/mcp' });
});

afterEach(() => {
  sessions.close('test over');
  vi.useRealTimers();
});

/** A connection is only compared, never used. */
const wire = (): Socket => ({}) as Socket;
const hints = (more: Partial<SessionHints> = {}): SessionHints => ({
  socket: wire(),
  path: '/mcp',
  isStreamRequest: false,
  sessionId: undefined,
  userAgent: 'node',
  body: undefined,
  ...more,
});
const placed = (more?: Partial<SessionHints>) => sessions.place(hints(more)).conversation;

function pass(ms: number): void {
  now += ms;
  vi.advanceTimersByTime(ms);
}

test('a client without a session on the wire goes on after a short pause and begins anew after a long one', () => {
  const first = placed();
  pass(4 * minute);
  expect(placed().id).toBe(first.id);
  pass(6 * minute);
  expect(placed().id).not.toBe(first.id);
});

test('a session id is known for as long as its session lives, over any pause below the idle end', () => {
  const initialize = Buffer.from('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}');
  const opening = sessions.place(hints({ body: initialize }));
  expect(opening.isInitialize).toBe(true);
  sessions.learnId(opening.conversation, 's');
  pass(29 * minute);
  expect(placed({ sessionId: 's' }).id).toBe(opening.conversation.id);
});

test('after half an hour without a frame a session ends; with an open stream it does not', () => {
  const idle = placed({ userAgent: 'idle' });
  const streaming = placed({ userAgent: 'streaming' });
  streaming.note({
    direction: 'fromClient',
    delivery: 'body',
    at: now,
    monotonicUs: 0,
    hopId: 'h',
    body: { bytes: new Uint8Array(0), sizeBytes: 0, isTruncated: false },
    http: { method: 'GET', path: '/mcp', headers: [] },
  });
  pass(32 * minute);
  expect(ended.map(session => [session.id, session.endReason])).toEqual([[idle.id, 'idle']]);
  expect(streaming.isEnded).toBe(false);
});

test('a session that got an id is not joined by others of the same client', () => {
  const initialize = Buffer.from('{"jsonrpc":"2.0","id":0,"method":"initialize"}');
  const first = sessions.place(hints({ body: initialize })).conversation;
  sessions.learnId(first, 's');
  expect(placed().id).not.toBe(first.id);
});

test('a GET stream joins a session whose server gave it no id, and nothing else', () => {
  const initialize = Buffer.from('{"jsonrpc":"2.0","id":0,"method":"initialize"}');
  const bare = sessions.place(hints({ body: initialize, userAgent: 'bare' })).conversation;
  sessions.learnNoId(bare);
  expect(placed({ isStreamRequest: true, userAgent: 'bare' }).id).toBe(bare.id);
  const other = placed({ userAgent: 'other' });
  expect(placed({ isStreamRequest: true, userAgent: 'other' }).id).not.toBe(other.id);
});

test('ten thousand ids are remembered; the one not used for longest is forgotten first', () => {
  const first = placed({ sessionId: 'first' });
  const second = placed({ sessionId: 'second' });
  for (let n = 0; n < 9_998; n += 1) placed({ sessionId: `s${n}` });
  expect(placed({ sessionId: 'first' }).id).toBe(first.id);
  placed({ sessionId: 'one more' });
  expect(placed({ sessionId: 'first' }).id).toBe(first.id);
  expect(placed({ sessionId: 'second' }).id).not.toBe(second.id);
});

test('claiming ever new ids keeps 12,000 sessions open; then the oldest that has nothing under way ends', () => {
  const streaming = placed({ sessionId: 'streaming' });
  streaming.note({
    at: now,
    monotonicUs: 0,
    hopId: 'h1',
    direction: 'fromClient',
    delivery: 'body',
    body: { bytes: new Uint8Array(0), sizeBytes: 0, isTruncated: false },
    http: { method: 'GET', path: '/mcp', headers: [] },
  });
  const quiet = placed({ sessionId: 'quiet' });
  for (let n = 0; n < 11_999; n += 1) placed({ sessionId: `s${n}` });
  expect(ended.map(session => [session.id, session.endReason])).toEqual([[quiet.id, 'too many sessions are open']]);
  expect(streaming.isEnded).toBe(false);
});

test('a session of which everything was refused ends soon, and does not while its client tries again', () => {
  const refused = placed();
  sessions.turnedAway(refused);
  pass(4_000);
  expect(placed().id).toBe(refused.id);
  const body = { bytes: new Uint8Array(0), sizeBytes: 0, isTruncated: false };
  refused.note({ direction: 'fromServer', delivery: 'line', at: now, monotonicUs: 0, body });
  sessions.turnedAway(refused);
  pass(4_000);
  expect(refused.isEnded).toBe(false);
  pass(10_000);
  expect(ended.map(({ id, endReason }) => [id, endReason])).toEqual([[refused.id, 'everything was refused']]);
});

test('a session of which something was served stays live, whatever is refused before or after', () => {
  const [before, after] = [placed({ sessionId: 'before' }), placed({ sessionId: 'after' })];
  sessions.turnedAway(before);
  sessions.served(before);
  sessions.served(after);
  sessions.turnedAway(after);
  pass(20_000);
  expect([before.isEnded, after.isEnded]).toEqual([false, false]);
});
