/** The legacy sessions of a gateway: who may use which, until when, and how many there may be. Ids are sealed elsewhere. */
import type { EmitEvent, GatewayEventOf } from '../../shared/model/gateway-event.ts';
import type { Clock } from '../ports.ts';
import { EndedSessions } from './ended-sessions.ts';
import type { BoundSession } from './guard.ts';

export interface SessionLimits {
  readonly max: number;
  /** Of one holder. */
  readonly maxPerPrincipal: number;
  readonly idleMs: number;
  readonly ageMs: number;
  readonly maxPending: number;
}

/** One session, as long as it lives. */
export interface GatewaySession {
  readonly id: string;
  readonly upstream: string;
  readonly principalId: string;
  /** Whose share of all sessions it takes; undefined where nobody's is counted. */
  readonly holder: string | undefined;
  readonly issuedAt: number;
  /** What the upstream knows it by, as its newest request said; it is ended there as well when we end it. */
  bound: BoundSession;
  /** The recorded session of the newest request. */
  conversationId: string;
  lastAt: number;
  pendingCount: number;
}

export interface SessionTableDeps {
  readonly clock: Clock;
  readonly emit: EmitEvent;
  /** Called when a session ended by a kill, an expiry or its client; its open answers are to be broken off. */
  readonly onEnded: (session: GatewaySession, what: SessionEnd) => void;
  /** Closed with the table. Without it, ended sessions are remembered in memory only. */
  readonly ended?: EndedSessions;
}

/** What an instance knows a session by. */
export interface UpstreamSession {
  readonly upstream: string;
  readonly instanceId: string;
  readonly upstreamSessionId: string;
}

/** There are as many sessions as may be: of all, or of this one holder. */
export type LackOfRoom = 'full' | 'full-for-holder';

export type SessionEnd = 'ended' | 'expired' | 'killed';

const SWEEP_MS = 5000;

export class SessionTable {
  readonly #deps: SessionTableDeps;
  #limits: SessionLimits;
  readonly #live = new Map<string, GatewaySession>();
  /** By holder, of live sessions and of those whose handshake is under way. */
  readonly #held = new Map<string, number>();
  /** Places of sessions whose handshake is under way. */
  #reservedCount = 0;
  readonly #ended: EndedSessions;
  readonly #sweep: NodeJS.Timeout;

  constructor(limits: SessionLimits, deps: SessionTableDeps) {
    this.#limits = limits;
    this.#deps = deps;
    this.#ended = deps.ended ?? new EndedSessions();
    this.#sweep = setInterval(() => this.expire(), SWEEP_MS).unref();
  }

  get count(): number {
    return this.#live.size;
  }

  get limits(): SessionLimits {
    return this.#limits;
  }

  /** New numbers hold for every session at once; a lower cap ends nobody. */
  apply(limits: SessionLimits): void {
    this.#limits = limits;
  }

  /** Which cap leaves no room for one more session of the holder; undefined where there is room. */
  lackOfRoom(holder: string | undefined): LackOfRoom | undefined {
    if (this.#live.size + this.#reservedCount >= this.#limits.max) return 'full';
    const isShareTaken = holder !== undefined && (this.#held.get(holder) ?? 0) >= this.#limits.maxPerPrincipal;
    return isShareTaken ? 'full-for-holder' : undefined;
  }

  /** Holds a place until what is returned is called: handshakes that run side by side must not exceed a cap together. */
  reserve(holder: string | undefined): () => void {
    this.#reservedCount += 1;
    this.#hold(holder, 1);
    return () => {
      this.#reservedCount -= 1;
      this.#hold(holder, -1);
    };
  }

  all(): IterableIterator<GatewaySession> {
    return this.#live.values();
  }

  open(session: Omit<GatewaySession, 'lastAt' | 'pendingCount'>): GatewaySession {
    const opened = { ...session, lastAt: this.#deps.clock.now(), pendingCount: 0 };
    this.#add(opened);
    this.#tell(opened, 'opened', 'initialized');
    return opened;
  }

  /**
   * The session of a sealed id: the living one; or, after a restart or on another replica, taken up again (or which cap leaves no
   * room for that now). Undefined when it ended, is too old, or was idle for too long.
   */
  use(
    sealed: Pick<GatewaySession, 'id' | 'upstream' | 'principalId' | 'holder' | 'issuedAt' | 'bound'>,
    conversationId: string,
  ): GatewaySession | LackOfRoom | undefined {
    const now = this.#deps.clock.now();
    if (this.#ended.has(sealed.id)) return undefined;
    const live = this.#live.get(sealed.id);
    if (live === undefined) {
      if (now - sealed.issuedAt > this.#limits.ageMs) return undefined;
      const lack = this.lackOfRoom(sealed.holder);
      if (lack !== undefined) return lack;
      const taken = { ...sealed, conversationId, lastAt: now, pendingCount: 0 };
      this.#add(taken);
      return taken;
    }
    if (this.#isExpired(live, now)) {
      this.end(live.id, 'expired', 'idle or too old');
      return undefined;
    }
    live.lastAt = now;
    live.bound = sealed.bound;
    live.conversationId = conversationId;
    return live;
  }

  /** Ends a session; false when there is none. */
  end(id: string, what: SessionEnd, reason: string): boolean {
    const session = this.#live.get(id);
    if (session === undefined) return false;
    this.#live.delete(id);
    this.#hold(session.holder, -1);
    this.#ended.add(id, session.issuedAt + this.#limits.ageMs);
    this.#tell(session, what, reason);
    this.#deps.onEnded(session, what);
    return true;
  }

  /** Ends every session of a recorded session; returns how many those were. */
  endOfConversation(conversationId: string, what: SessionEnd, reason: string): number {
    const ids = [...this.#live.values()].filter(session => session.conversationId === conversationId).map(({ id }) => id);
    return ids.filter(id => this.end(id, what, reason)).length;
  }

  /** Ends a session that its instance wants to give up; false when a request of it is under way. One that is not known is nobody's. */
  reclaim({ upstream, instanceId, upstreamSessionId }: UpstreamSession, reason: string): boolean {
    for (const session of this.#live.values()) {
      const { bound } = session;
      if (bound.upstreamSessionId !== upstreamSessionId || bound.instanceId !== instanceId || session.upstream !== upstream) continue;
      return session.pendingCount === 0 && this.end(session.id, 'expired', reason);
    }
    return true;
  }

  expire(): void {
    const now = this.#deps.clock.now();
    for (const session of this.#live.values()) if (this.#isExpired(session, now)) this.end(session.id, 'expired', 'idle or too old');
    this.#ended.forget(now);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#ended.close();
  }

  #add(session: GatewaySession): void {
    this.#live.set(session.id, session);
    this.#hold(session.holder, 1);
  }

  #hold(holder: string | undefined, change: number): void {
    if (holder === undefined) return;
    const count = (this.#held.get(holder) ?? 0) + change;
    if (count > 0) this.#held.set(holder, count);
    else this.#held.delete(holder);
  }

  /** A session with a request under way is not idle, however long that takes. */
  #isExpired({ issuedAt, lastAt, pendingCount }: GatewaySession, now: number): boolean {
    return now - issuedAt > this.#limits.ageMs || (pendingCount === 0 && now - lastAt > this.#limits.idleMs);
  }

  #tell(session: GatewaySession, what: GatewayEventOf<'session'>['what'], reason: string): void {
    const { clock, emit } = this.#deps;
    const { conversationId, principalId, upstream } = session;
    emit({ type: 'session', at: clock.now(), what, reason, sessionId: conversationId, principalId, upstream });
  }
}
