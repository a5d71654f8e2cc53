/** The sessions of a gateway: which are alive, under which ones they are recorded, and what ends with them. */
import { join } from 'node:path';
import type { Config } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import { EndedSessions } from '../pipeline/ended-sessions.ts';
import type { BoundSession } from '../pipeline/guard.ts';
import type { LiveAnswers } from '../pipeline/live-answers.ts';
import { type GatewaySession, type SessionEnd, type SessionLimits, SessionTable } from '../pipeline/session-table.ts';
import type { Clock, Logger } from '../ports.ts';
import type { Conversations } from '../traffic/conversations.ts';
import { SessionsKeeper } from './sessions-keeper.ts';

export interface GatewaySessionsDeps {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly emit: EmitEvent;
  readonly conversations: Conversations;
  readonly live: LiveAnswers;
  /** Tells the server of an upstream that a session with it is over. */
  readonly endAtServer: (upstream: string, bound: BoundSession) => void;
}

export class GatewaySessions {
  readonly table: SessionTable;
  /** The recorded ones that belong to routes. */
  readonly keeper: SessionsKeeper;
  readonly #deps: GatewaySessionsDeps;

  constructor(config: Config, deps: GatewaySessionsDeps) {
    const { dataDir, clock, log, emit, conversations } = deps;
    this.#deps = deps;
    this.keeper = new SessionsKeeper({ conversations, clock });
    this.table = new SessionTable(limitsOf(config), {
      clock,
      emit,
      ended: new EndedSessions({ path: join(dataDir, 'ended-sessions'), log }),
      onEnded: (session, what) => this.#ended(session, what),
    });
  }

  /** From now on as many as this configuration allows. */
  apply(config: Config): void {
    this.table.apply(limitsOf(config));
  }

  /** Whether a session that is or will be recorded under this id is served now. */
  holds(conversationId: string): boolean {
    return [...this.table.all()].some(session => session.conversationId === conversationId);
  }

  /** Ends all that belongs to a recorded session of the gateway; false when it is none of ours. */
  kill(conversationId: string, reason: string): boolean {
    const count = this.table.endOfConversation(conversationId, 'killed', reason === '' ? 'by hand' : reason);
    this.#deps.live.cutSession(conversationId, new TrafficError('SESSION_LOST', 'This session was ended by hand.'));
    return count > 0;
  }

  close(): void {
    this.keeper.closeAll('the gateway stopped');
    this.table.close();
  }

  /** Open answers of a session that was killed or has expired are broken off, and its server is told; one that its client ended has none. */
  #ended({ conversationId, upstream, bound }: GatewaySession, what: SessionEnd): void {
    const { live, endAtServer, conversations, clock } = this.#deps;
    if (what !== 'ended') {
      live.cutSession(conversationId, new TrafficError('SESSION_LOST', `This session was ${what}.`));
      endAtServer(upstream, bound);
    }
    // After the last frame of the answer that ended it was noted.
    setImmediate(() => conversations.end(conversationId, { at: clock.now(), reason: what === 'ended' ? 'ended by the client' : what }));
  }
}

function limitsOf({ sessions }: Config): SessionLimits {
  return {
    max: sessions.max,
    maxPerPrincipal: sessions.maxPerPrincipal,
    idleMs: sessions.idle,
    ageMs: sessions.age,
    maxPending: sessions.maxPending,
  };
}
