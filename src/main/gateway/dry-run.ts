/** Judges calls of the record, newest sessions first, by the policies of a draft, and says what would differ from now. */
import { anonymous } from '../pipeline/guard.ts';
import { compilePolicies } from '../pipeline/policy/compile-policies.ts';
import { dryRun, type RecordedCall } from '../pipeline/policy/dry-run.ts';
import { explain } from '../pipeline/policy/explain.ts';
import { type Subject, subjectOf, type Surroundings } from '../pipeline/policy/subject.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { PolicyExplanation } from '../../shared/model/gateway-desk.ts';
import type { DryRunResult, DryRunRow } from '../../shared/model/gateway-state.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { FrameWithBody, StoreReader } from '../store/traffic-store.ts';
import { readMessages } from '../traffic/sighting.ts';
import type { Gateway } from './gateway.ts';

export interface DryRunDraft {
  /** A whole configuration. */
  readonly text: string;
  /** Only the calls of this session. */
  readonly sessionId?: string | undefined;
  /** Calls to judge. */
  readonly limit: number;
}

/** Sessions that are looked through for calls, newest first. */
const MAX_SESSIONS = 500;
const PAGE_FRAMES = 500;

type Ref = Pick<DryRunRow, 'sessionId' | 'seq' | 'exchangeId' | 'at' | 'server' | 'method' | 'target'>;

/** A draft that cannot be read is an answer too: its problems, and no rows. Rejects when the caller gives up. */
export async function dryRunOver(
  { gateway, store }: { readonly gateway: Gateway; readonly store: StoreReader },
  { text, sessionId, limit }: DryRunDraft,
  signal: AbortSignal,
): Promise<DryRunResult> {
  const read = gateway.control.readDraft(text);
  if (!read.ok) {
    const problems = read.problems.map(({ line, column, path, message }) => ({ line, column, path, message }));
    return { callCount: 0, allowCount: 0, denyCount: 0, changedCount: 0, rows: [], problems };
  }
  const draft = compilePolicies(read.config);
  const hasAuth = read.config.listeners.some(({ auth }) => auth !== undefined);
  const calls = recordedCalls(store, { sessionId, hasAuth });
  const outcome = await dryRun(draft, gateway.guards.policies.compiled, calls, {
    signal,
    nowUs: () => gateway.clock.monotonicUs(),
    maxCalls: limit,
  });
  const rows = outcome.rows.map(({ ref, now, draft: judged, policyId, reason }) => ({ ...ref, now, draft: judged, policyId, reason }));
  const { callCount, allowCount, denyCount, changedCount } = outcome;
  return { callCount, allowCount, denyCount, changedCount, rows, problems: [] };
}

/** A frame of the record. */
export interface RecordedFrame {
  readonly sessionId: string;
  readonly seq: number;
}

/** NOT_FOUND when the frame is not there, or holds no request. */
export async function explainRecorded(
  { gateway, store }: { readonly gateway: Gateway; readonly store: StoreReader },
  { sessionId, seq }: RecordedFrame,
): Promise<PolicyExplanation> {
  const session = await store.session(sessionId);
  const [found] = session === undefined ? [] : await store.framesWithBodies({ sessionId, afterSeq: seq - 1, limit: 1 });
  const isGateway = session !== undefined && session.transport !== 'stdio';
  const hasAuth = isGateway && gateway.config.listeners.some(({ auth }) => auth !== undefined);
  const [call] = session === undefined || found === undefined || found.frame.seq !== seq ? [] : callsOf(session, found, hasAuth);
  if (call === undefined) throw new TrafficError('NOT_FOUND', `Frame ${seq} of session ${sessionId} holds no request of a client.`);
  const explained = explain(gateway.guards.policies.compiled, call.subject, { hasAuth, nowUs: () => gateway.clock.monotonicUs() });
  return { ...explained, policies: [...explained.policies] };
}

async function* recordedCalls(
  store: StoreReader,
  { sessionId, hasAuth }: { readonly sessionId: string | undefined; readonly hasAuth: boolean },
): AsyncGenerator<RecordedCall<Ref>> {
  for (const session of await sessionsOf(store, sessionId)) {
    const isStdio = session.transport === 'stdio';
    let afterSeq = 0;
    for (;;) {
      const page = await store.framesWithBodies({ sessionId: session.id, afterSeq, limit: PAGE_FRAMES });
      for (const frame of page) yield* callsOf(session, frame, hasAuth && !isStdio);
      const last = page.at(-1)?.frame.seq;
      if (last === undefined) break;
      afterSeq = last;
    }
  }
}

async function sessionsOf(store: StoreReader, sessionId: string | undefined): Promise<readonly SessionSummary[]> {
  if (sessionId !== undefined) {
    const session = await store.session(sessionId);
    return session === undefined ? [] : [session];
  }
  const { sessions } = await store.sessions({ search: '', sort: 'lastAt', descending: true, offset: 0, limit: MAX_SESSIONS });
  return sessions;
}

/** The record keeps no credentials, so whoever asked is anonymous here: what looks at the principal is judged as for a stranger. */
function* callsOf(session: SessionSummary, { frame, body }: FrameWithBody, hasAuth: boolean): Generator<RecordedCall<Ref>> {
  if (frame.direction !== 'fromClient' || (frame.kind !== 'request' && frame.kind !== 'batch')) return;
  const reading = readMessages(Buffer.from(body).toString('utf8'));
  if (reading.kind !== 'messages') return;
  for (const item of reading.items) {
    if (item.message.kind !== 'request') continue;
    const subject: Subject = subjectOf(item, surroundingsOf(session, frame));
    const target = item.facts.target;
    yield {
      hasAuth,
      subject,
      ref: {
        sessionId: session.id,
        seq: frame.seq,
        at: frame.at,
        server: session.serverName,
        method: item.message.method,
        ...(frame.exchangeId === undefined ? {} : { exchangeId: frame.exchangeId }),
        ...(target === undefined ? {} : { target }),
      },
    };
  }
}

function surroundingsOf(session: SessionSummary, frame: FrameWithBody['frame']): Surroundings {
  const { http } = frame;
  return {
    server: session.serverName,
    principal: anonymous,
    client: { ip: '', name: session.clientInfo?.name ?? session.clientName, version: session.clientInfo?.version ?? '' },
    session: { id: session.id, era: session.era },
    http: { method: http?.method ?? '', path: http?.path ?? '', rawHeaders: http?.headers.flat() ?? [] },
    nowMs: frame.at,
  };
}
