/**
 * Legacy sessions of a gateway: the id that a client gets is ours, sealed, and names the upstream's session, the instance and
 * the principal. A request with an id that is not its own principal's is answered like one with an unknown id.
 */
import type { Guard, BoundSession } from '../pipeline/guard.ts';
import { addressKey, plainAddress } from '../pipeline/limits/addresses.ts';
import type { GatewaySession, LackOfRoom, SessionTable } from '../pipeline/session-table.ts';
import type { Answer, BodySource, Exchange, Next, Stage, Verdict } from '../pipeline/stage.ts';
import { WatchedBody } from '../pipeline/watched-body.ts';
import type { SealedSession, SessionSeal } from '../../shared/model/sealed-session.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { Clock, Ids } from '../ports.ts';
import { fieldValue } from '../support/http-fields.ts';

export interface BindSessionDeps {
  readonly seal: () => SessionSeal;
  readonly table: SessionTable;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly emit: EmitEvent;
}

const stage = 'bind-session';
const sessionHeader = 'mcp-session-id';
const lost = 'This session is not known, or it has ended.';

export function bindSession(deps: BindSessionDeps): Stage {
  return {
    name: stage,
    handle(exchange, next) {
      const { guard } = exchange;
      // 2026-07-28 has no sessions: an id that comes all the same is ignored, and never goes on.
      if (guard === undefined || guard.era === 'modern') return next(exchange);
      if (isInitialize(guard)) return initialize(deps, exchange, guard, next);
      // It claims a revision in the way of the modern era, and an unknown one: the server says which ones it has.
      if (claimsRevision(guard)) return next(exchange);
      return inSession(deps, exchange, guard, next);
    },
  };
}

async function initialize(deps: BindSessionDeps, exchange: Exchange, guard: Guard, next: Next): Promise<Verdict> {
  const { table } = deps;
  const holder = holderOf(guard);
  const lack = table.lackOfRoom(holder);
  if (lack !== undefined) return noRoom(deps, guard, lack);
  const giveBack = table.reserve(holder);
  try {
    return opened(deps, exchange, guard, await next(exchange));
  } finally {
    giveBack();
  }
}

function noRoom({ table, clock, emit }: BindSessionDeps, guard: Guard, lack: LackOfRoom): Verdict {
  const { principal, route } = guard;
  const { upstream } = route;
  const { max, maxPerPrincipal } = table.limits;
  const isAll = lack === 'full';
  const whose = principal.kind === 'anonymous' ? 'address' : 'principal';
  const reason = isAll ? 'too many sessions' : `too many sessions of one ${whose}`;
  emit({ type: 'session', at: clock.now(), what: 'refused', reason, principalId: principal.id, upstream });
  const cap = isAll ? 'sessions.max' : 'sessions.maxPerPrincipal';
  const facts = { upstream, state: 'full', cap, limit: isAll ? max : maxPerPrincipal, retry_after_ms: 5000 };
  const text = isAll
    ? `All ${max} sessions of this gateway are in use (${cap}).`
    : `All ${maxPerPrincipal} sessions that one ${whose} may have here are in use (${cap}); end those that are not needed.`;
  return refuse(guard, 'UNAVAILABLE', text, facts);
}

/**
 * Whose share a session takes: the principal's, else that of the address. All programs of this machine have one address, as has
 * everybody behind a proxy on it, and none of them can be told apart: they are counted for nobody.
 */
function holderOf({ principal, client }: Guard): string | undefined {
  if (principal.kind !== 'anonymous') return principal.id;
  const address = plainAddress(client.ip);
  return address === '' || address === '::1' || address.startsWith('127.') ? undefined : `at ${addressKey(address)}`;
}

/** The session that an answer opens, if it does. */
function opened({ table, clock, ids, seal }: BindSessionDeps, exchange: Exchange, guard: Guard, verdict: Verdict): Verdict {
  if (verdict.kind !== 'answer' || verdict.answer.status >= 300) return verdict;
  const { answer } = verdict;
  const sealed: SealedSession = {
    sessionId: ids.next() + ids.next(),
    upstream: guard.route.upstream,
    instanceId: guard.journey.tried.at(-1) ?? '',
    upstreamSessionId: fieldValue(answer.rawHeaders, sessionHeader) ?? '',
    principalId: guard.principal.id,
    route: guard.route.path,
    listener: guard.route.listener,
    protocolVersion: guard.items[0]?.facts.protocolVersion ?? '',
    issuedAt: clock.now(),
  };
  const id = sealedOrLetGo(seal(), sealed, answer);
  table.open({
    id: sealed.sessionId,
    upstream: sealed.upstream,
    principalId: sealed.principalId,
    holder: holderOf(guard),
    issuedAt: sealed.issuedAt,
    bound: boundSession(sealed),
    conversationId: exchange.conversation.id,
  });
  return { kind: 'answer', answer: { ...answer, rawHeaders: withSessionId(answer.rawHeaders, id) } };
}

/** A session whose id nobody can be given is none, and its answer is read by nobody. */
function sealedOrLetGo(seal: SessionSeal, sealed: SealedSession, { body }: Answer): string {
  try {
    return seal.seal(sealed);
  } catch (error) {
    body.abort();
    throw error;
  }
}

async function inSession(deps: BindSessionDeps, exchange: Exchange, guard: Guard, next: Next): Promise<Verdict> {
  const { table, seal } = deps;
  const text = fieldValue(exchange.request.rawHeaders, sessionHeader);
  if (text === undefined) return refuse(guard, 'BAD_REQUEST', 'Mcp-Session-Id is missing; it comes with the answer to initialize.', {});
  const sealed = seal().open(text);
  const { route, principal } = guard;
  const isOurs =
    sealed !== undefined &&
    sealed.principalId === principal.id &&
    sealed.upstream === route.upstream &&
    sealed.route === route.path &&
    sealed.listener === route.listener;
  if (!isOurs) return refuse(guard, 'SESSION_LOST', lost, {});
  const known = boundSession(sealed);
  // The handshake may have agreed on another version than the one that was asked for, which is all that the sealed id knows.
  const version = fieldValue(exchange.request.rawHeaders, 'mcp-protocol-version');
  const bound = version === undefined || version === known.protocolVersion ? known : { ...known, protocolVersion: version };
  guard.journey.sessionId = bound.id;
  const { sessionId: id, upstream, principalId, issuedAt } = sealed;
  const session = table.use({ id, upstream, principalId, holder: holderOf(guard), issuedAt, bound }, exchange.conversation.id);
  if (session === undefined) return refuse(guard, 'SESSION_LOST', lost, {});
  // It is as good as before: whoever heard 404 would give it up, and begin another one for which there is no room either.
  if (typeof session === 'string') return noRoom(deps, guard, session);
  if (session.pendingCount >= table.limits.maxPending)
    return refuse(guard, 'LIMITED', `This session has ${table.limits.maxPending} requests under way.`, {
      tier: 'session',
      limit: table.limits.maxPending,
      // It is no rate: as with concurrency, there is no window.
      window_s: 0,
      retry_after_ms: 1000,
    });
  return passed(deps, { ...exchange, guard: { ...guard, session: bound } }, session, next);
}

function boundSession({ sessionId, principalId, instanceId, upstreamSessionId, protocolVersion }: SealedSession): BoundSession {
  return { id: sessionId, principalId, instanceId, upstreamSessionId, protocolVersion };
}

async function passed(deps: BindSessionDeps, exchange: Exchange, session: GatewaySession, next: Next): Promise<Verdict> {
  const { table, clock } = deps;
  session.pendingCount += 1;
  const release = () => {
    session.pendingCount -= 1;
    session.lastAt = clock.now();
  };
  const isDelete = exchange.request.method === 'DELETE';
  try {
    // A server without sessions of its own has nothing to delete.
    const verdict: Verdict =
      isDelete && exchange.guard?.session?.upstreamSessionId === '' ? { kind: 'answer', answer: gone() } : await next(exchange);
    if (verdict.kind !== 'answer') {
      release();
      return verdict;
    }
    const { answer } = verdict;
    if (isDelete) table.end(session.id, 'ended', 'by the client');
    else if (answer.status === 404) table.end(session.id, 'ended', 'the server does not know it any more');
    // 405 says that the server lets nobody end its sessions; ours is ended all the same.
    if (isDelete && answer.status === 405) {
      answer.body.abort();
      release();
      return { kind: 'answer', answer: gone() };
    }
    return {
      kind: 'answer',
      answer: { ...answer, rawHeaders: withoutSessionId(answer.rawHeaders), body: new WatchedBody(answer.body, { over: release }) },
    };
  } catch (error) {
    release();
    if (isDelete) table.end(session.id, 'ended', 'by the client');
    else if (isLost(error)) table.end(session.id, 'ended', 'its server is gone');
    throw error;
  }
}

function isInitialize({ items }: Guard): boolean {
  return items.some(({ message }) => message.kind === 'request' && message.method === 'initialize');
}

function claimsRevision({ items, isBatch }: Guard): boolean {
  return !isBatch && items[0]?.message.kind === 'request' && items[0].facts.protocolVersion !== undefined;
}

function isLost(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'SESSION_LOST';
}

function refuse(
  guard: Guard,
  code: Extract<Verdict, { kind: 'refuse' }>['code'],
  reason: string,
  facts: Readonly<Record<string, unknown>>,
): Verdict {
  guard.decisions.push({ stage, kind: 'refused', reason });
  return { kind: 'refuse', stage, code, reason, facts };
}

function withoutSessionId(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if ((rawHeaders[at] as string).toLowerCase() !== sessionHeader) kept.push(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  return kept;
}

function withSessionId(rawHeaders: readonly string[], id: string): string[] {
  return [...withoutSessionId(rawHeaders), 'Mcp-Session-Id', id];
}

function gone(): Answer {
  return { status: 200, statusText: 'OK', rawHeaders: ['Content-Length', '0'], body: empty };
}

const empty: BodySource = { start: sink => sink.end([]), resume: () => undefined, abort: () => undefined };
