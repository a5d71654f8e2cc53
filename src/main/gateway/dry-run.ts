/** Judges calls of the record, newest sessions first and each as whoever made it, by the policies of a draft, and says what would differ from now. */
import { anonymous } from '../pipeline/guard.ts';
import { compilePolicies } from '../pipeline/policy/compile-policies.ts';
import { dryRun, type RecordedCall } from '../pipeline/policy/dry-run.ts';
import { explain } from '../pipeline/policy/explain.ts';
import type { Config } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { PolicyExplanation } from '../../shared/model/gateway-desk.ts';
import type { DryRunResult, DryRunRow } from '../../shared/model/gateway-state.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import type { Gateway } from './gateway.ts';
import { callsOf, type FoundCall, type MetaOf } from './recorded-calls.ts';

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

type Ref = Pick<DryRunRow, 'sessionId' | 'seq' | 'exchangeId' | 'at' | 'server' | 'method' | 'target' | 'principalId'>;

/** A draft that cannot be read is an answer too: its problems, and no rows. Rejects when the caller gives up. */
export async function dryRunOver(
  { gateway, store }: { readonly gateway: Gateway; readonly store: StoreReader },
  { text, sessionId, limit }: DryRunDraft,
  signal: AbortSignal,
): Promise<DryRunResult> {
  const read = gateway.control.readDraft(text);
  if (!read.ok) {
    const problems = read.problems.map(({ line, column, path, message }) => ({ line, column, path, message }));
    return { callCount: 0, allowCount: 0, denyCount: 0, unknownCount: 0, changedCount: 0, rows: [], problems };
  }
  const draft = compilePolicies(read.config);
  const calls = recordedCalls(store, { sessionId, draft: read.config, now: gateway.config, metaOf: metaOf(gateway) });
  const outcome = await dryRun(draft, gateway.guards.policies.compiled, calls, {
    signal,
    nowUs: () => gateway.clock.monotonicUs(),
    maxCalls: limit,
  });
  const rows = outcome.rows.map(({ ref, now, draft: judged, policyId, reason }) => ({ ...ref, now, draft: judged, policyId, reason }));
  const { callCount, allowCount, denyCount, unknownCount, changedCount } = outcome;
  return { callCount, allowCount, denyCount, unknownCount, changedCount, rows, problems: [] };
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
  const [call] = session === undefined || found === undefined || found.frame.seq !== seq ? [] : callsOf(session, found, metaOf(gateway));
  if (session === undefined || call === undefined)
    throw new TrafficError('NOT_FOUND', `Frame ${seq} of session ${sessionId} holds no request of a client.`);
  const hasAuth = hasAuthAt(gateway.config, session, call);
  const explained = explain(gateway.guards.policies.compiled, call.subject, { hasAuth, nowUs: () => gateway.clock.monotonicUs() });
  return { ...explained, policies: [...explained.policies] };
}

/** Tools as their servers describe them now: what was known of them then is not recorded. */
function metaOf({ guards }: Gateway): MetaOf {
  return (server, tool) => guards.pins.meta(server, tool);
}

/** Whether the listener asks who somebody is. One that is not known any more counts as any of them. */
function hasAuthAt({ listeners }: Config, session: SessionSummary, { asker }: FoundCall): boolean {
  if (session.transport === 'stdio') return false;
  const listener = listeners.find(({ name }) => name === asker?.listener);
  return listener === undefined ? listeners.some(({ auth }) => auth !== undefined) : listener.auth !== undefined;
}

interface Judging {
  readonly sessionId: string | undefined;
  readonly draft: Config;
  readonly now: Config;
  readonly metaOf: MetaOf;
}

async function* recordedCalls(store: StoreReader, { sessionId, draft, now, metaOf: meta }: Judging): AsyncGenerator<RecordedCall<Ref>> {
  for (const session of await sessionsOf(store, sessionId)) {
    let afterSeq = 0;
    for (;;) {
      const page = await store.framesWithBodies({ sessionId: session.id, afterSeq, limit: PAGE_FRAMES });
      for (const found of page)
        for (const call of callsOf(session, found, meta)) {
          // No policy is asked about what was turned away before anybody was found to ask.
          if (call.asker !== undefined && call.asker.principal === undefined) continue;
          yield {
            ref: refOf(session, found.frame, call),
            subject: call.subject,
            hasAuth: { draft: hasAuthAt(draft, session, call), now: hasAuthAt(now, session, call) },
          };
        }
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

function refOf(session: SessionSummary, { seq, at, exchangeId }: FrameSummary, { subject, target, asker }: FoundCall): Ref {
  const principalId = session.transport === 'stdio' ? anonymous.id : asker?.principal?.id;
  return {
    sessionId: session.id,
    seq,
    at,
    server: session.serverName,
    method: subject.method,
    ...(exchangeId === undefined ? {} : { exchangeId }),
    ...(target === undefined ? {} : { target }),
    ...(principalId === undefined ? {} : { principalId }),
  };
}
