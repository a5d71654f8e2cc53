/** A legacy session belongs to its principal, its route and its instance, and its id says nothing to the client. */
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { anExchange, answering, bodyText, type ExchangeWish } from '../../../test/kit/an-exchange.ts';
import type { Guarded, Next } from '../../../test/kit/exchange-types.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { SessionTable } from '../pipeline/session-table.ts';
import type { Verdict } from '../pipeline/stage.ts';
import { randomIds, systemClock } from '../ports.ts';
import { sessionSeal } from '../secrets/session-seal.ts';
import { fieldValue } from '../support/http-fields.ts';
import { bindSession } from './bind-session.ts';

const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25' } };
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const tables: SessionTable[] = [];
afterEach(() => {
  for (const table of tables.splice(0)) table.close();
});

function stage(max = 10, keys = [randomBytes(32)]) {
  const table = new SessionTable(
    { max, maxPerPrincipal: 100, idleMs: 60_000, ageMs: 600_000, maxPending: 2 },
    { clock: systemClock, emit: () => undefined, onEnded: () => undefined },
  );
  tables.push(table);
  const seal = sessionSeal({ keys });
  return { table, seal, stage: bindSession({ seal: () => seal, table, clock: systemClock, ids: randomIds, emit: () => undefined }) };
}

const upstreamSays = (id: string) => answering({ rawHeaders: ['Content-Type', 'application/json', 'Mcp-Session-Id', id] });
const codeOf = (verdict: Verdict) => (verdict.kind === 'answer' ? `answered ${verdict.answer.status}` : verdict.code);
const idOf = (verdict: Verdict) => (verdict.kind === 'answer' ? fieldValue(verdict.answer.rawHeaders, 'mcp-session-id') : undefined) ?? '';
const as = (exchange: Guarded, principalId: string): Guarded => ({
  ...exchange,
  guard: { ...exchange.guard, principal: { ...exchange.guard.principal, id: principalId } },
});
const inSession = (id: string, wish: ExchangeWish = {}) =>
  anExchange({ body: list, ...wish, rawHeaders: ['Content-Type', 'application/json', 'Mcp-Session-Id', id] });

test('the client gets an id of ours; the upstream gets its own back', async () => {
  const { stage: bind } = stage();
  const id = idOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up-7')));
  expect(id).toMatch(/^[A-Za-z0-9_-]{60,}$/);
  expect(id).not.toContain('up-7');
  const next = answering();
  expect(codeOf(await bind.handle(inSession(id), next))).toBe('answered 200');
  expect(next.seen[0]?.guard?.session).toMatchObject({ upstreamSessionId: 'up-7', instanceId: 'a', principalId: 'anonymous' });
});

test.each<[string, (id: string) => Guarded, string]>([
  ['no id', () => anExchange({ body: list }), 'BAD_REQUEST'],
  ['an id of somebody else', id => as(inSession(id), 'key:other'), 'SESSION_LOST'],
  ['an id of another route', id => inSession(id, { route: { path: '/other' } }), 'SESSION_LOST'],
  ['an id of another upstream', id => inSession(id, { route: { upstream: 'github' } }), 'SESSION_LOST'],
  ['an id that was changed', id => inSession(`${id.slice(0, -2)}AA`), 'SESSION_LOST'],
  ['a made-up id', () => inSession('0123456789'), 'SESSION_LOST'],
])('%s reaches no upstream', async (_, wish, code) => {
  const { stage: bind } = stage();
  const id = idOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up')));
  const next = answering();
  expect(codeOf(await bind.handle(wish(id), next))).toBe(code);
  expect(next.seen).toEqual([]);
});

test('an id from before a restart is good, with the old key beside the new one', async () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  const id = idOf(await stage(10, [oldKey]).stage.handle(anExchange({ body: initialize }), upstreamSays('up')));
  expect(codeOf(await stage(10, [newKey, oldKey]).stage.handle(inSession(id), answering()))).toBe('answered 200');
  expect(codeOf(await stage(10, [newKey]).stage.handle(inSession(id), answering()))).toBe('SESSION_LOST');
});

test('the cap refuses with 50300 and says when to come again', async () => {
  const { stage: bind } = stage(1);
  await bind.handle(anExchange({ body: initialize }), upstreamSays('up'));
  expect(await bind.handle(anExchange({ body: initialize }), upstreamSays('up'))).toMatchObject({
    code: 'UNAVAILABLE',
    facts: { upstream: 'files', state: 'full', retry_after_ms: 5000 },
  });
});

test('a session from before a restart that finds no room is told to come again, and is not lost', async () => {
  const keys = [randomBytes(32)];
  const id = idOf(await stage(1, keys).stage.handle(anExchange({ body: initialize }), upstreamSays('up')));
  const { stage: bind, table } = stage(1, keys);
  await bind.handle(anExchange({ body: initialize }), upstreamSays('up'));
  expect(await bind.handle(inSession(id), answering())).toMatchObject({ code: 'UNAVAILABLE', facts: { state: 'full' } });
  for (const { id: other } of table.all()) table.end(other, 'ended', 'by the client');
  expect(codeOf(await bind.handle(inSession(id), answering()))).toBe('answered 200');
});

test('handshakes that run side by side do not exceed the cap, and one that fails gives its place back', async () => {
  const { stage: bind, table } = stage(1);
  let fail = (_: Error): void => undefined;
  const slow: Next = () => new Promise((_, reject) => (fail = reject));
  const first = bind.handle(anExchange({ body: initialize }), slow);
  expect(codeOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up')))).toBe('UNAVAILABLE');
  fail(new Error('broken'));
  await expect(first).rejects.toThrow('broken');
  expect(codeOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up')))).toBe('answered 200');
  expect(table.count).toBe(1);
});

test('requests under way are bounded, and their places come back when the answers end', async () => {
  const { stage: bind } = stage();
  const id = idOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up')));
  const verdicts = [await bind.handle(inSession(id), answering()), await bind.handle(inSession(id), answering())];
  expect(await bind.handle(inSession(id), answering())).toMatchObject({
    code: 'LIMITED',
    facts: { tier: 'session', limit: 2, window_s: 0, retry_after_ms: 1000 },
  });
  for (const verdict of verdicts) if (verdict.kind === 'answer') await bodyText(verdict.answer);
  expect(codeOf(await bind.handle(inSession(id), answering()))).toBe('answered 200');
});

test.each<[string, Next, string]>([
  ['the server takes it', answering({ status: 204, text: '' }), 'answered 204'],
  ['the server lets nobody end its sessions', answering({ status: 405 }), 'answered 200'],
])('DELETE ends the session: %s', async (_, next, code) => {
  const { stage: bind } = stage();
  const id = idOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up')));
  const remove = anExchange({ method: 'DELETE', rawHeaders: ['Mcp-Session-Id', id] });
  expect(codeOf(await bind.handle(remove, next))).toBe(code);
  expect(codeOf(await bind.handle(inSession(id), answering()))).toBe('SESSION_LOST');
});

test('a session whose process is gone ends, and its client hears 404', async () => {
  const { stage: bind, table } = stage();
  const id = idOf(await bind.handle(anExchange({ body: initialize }), upstreamSays('up')));
  const gone: Next = () => Promise.reject(new TrafficError('SESSION_LOST', 'The process is gone.'));
  await expect(bind.handle(inSession(id), gone)).rejects.toThrow('The process is gone.');
  expect(table.count).toBe(0);
});

test('an unknown revision that is claimed in the modern way is the server to answer, without a session', async () => {
  const { stage: bind } = stage();
  const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': '1999-01-01' } };
  const next = answering();
  expect(codeOf(await bind.handle(inSession('whatever', { body: { ...list, params: meta } }), next))).toBe('answered 200');
  expect(next.seen[0]?.guard?.session).toBeUndefined();
});

test('the modern era has no sessions: an id that comes is not looked at', async () => {
  const { stage: bind } = stage();
  const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
  const next = answering();
  expect(codeOf(await bind.handle(inSession('whatever', { body: { ...list, params: meta } }), next))).toBe('answered 200');
  expect(next.seen[0]?.guard?.session).toBeUndefined();
});

test('an id of the upstream that is too long to be sealed opens no session, and its answer is let go', async () => {
  const { table, stage: bind } = stage();
  let abortCount = 0;
  const body = { start: () => undefined, resume: () => undefined, abort: () => (abortCount += 1) };
  const next = answering({ rawHeaders: ['Mcp-Session-Id', 'x'.repeat(6000)], body });
  await expect(bind.handle(anExchange({ body: initialize }), next)).rejects.toMatchObject({
    code: 'UPSTREAM_BROKE',
    facts: { upstream: 'files', may_have_executed: true },
  });
  expect([table.count, abortCount]).toEqual([0, 1]);
});
