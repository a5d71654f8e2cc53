/** How the record of a session begins, goes on after a restart, and ends. */
import type { Transport } from '../../shared/model/frame.ts';
import type { SessionRecord } from './records.ts';

export interface ConversationStart {
  readonly id: string;
  readonly transport: Transport;
  /** Display names until the peers name themselves. */
  readonly clientName: string;
  readonly serverName: string;
  /** Shown while `serverName` is empty and the server has not named itself. */
  readonly serverNameUntilKnown?: string;
  readonly upstream: string;
  readonly startedAt: number;
  readonly wasOffline?: boolean;
}

/** What ended a session. */
export interface ConversationEnd {
  readonly at: number;
  readonly reason: string;
  readonly exitCode?: number;
  readonly exitSignal?: string;
  /** The end was not seen: whoever carried the session is gone. */
  readonly isInterrupted?: boolean;
}

export function begunSession(start: ConversationStart): SessionRecord {
  return {
    id: start.id,
    state: 'live',
    transport: start.transport,
    era: 'legacy',
    clientName: start.clientName,
    serverName: start.serverName === '' ? (start.serverNameUntilKnown ?? '') : start.serverName,
    upstream: start.upstream,
    isProbe: false,
    wasOffline: start.wasOffline ?? false,
    startedAt: start.startedAt,
  };
}

/** As it is while it lives, whatever an earlier host took it for. */
export function livingSession(session: SessionRecord): SessionRecord {
  const living: { -readonly [K in keyof SessionRecord]: SessionRecord[K] } = { ...session, state: 'live' };
  delete living.endedAt;
  delete living.endReason;
  return living;
}

/** What its end changes. `isProbe`: it asked nothing but which era the server speaks. */
export function sessionEnd(end: ConversationEnd, isProbe: boolean): Partial<SessionRecord> {
  return {
    state: end.isInterrupted === true ? 'interrupted' : 'closed',
    endedAt: end.at,
    endReason: end.reason,
    isProbe,
    ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
    ...(end.exitSignal === undefined ? {} : { exitSignal: end.exitSignal }),
  };
}
