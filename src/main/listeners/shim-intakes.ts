/** The sessions that shims bring, each with one intake however often its shim connects, and what becomes of those whose shim is gone. */
import type { Conversations } from '../traffic/conversations.ts';
import type { ShimSession } from '../../shared/shim/protocol.ts';
import { ShimIntake, type ShimStore } from './shim-intake.ts';
import { isShimAlive } from './shim-owner.ts';

export interface ShimIntakesDeps {
  readonly conversations: Conversations;
  readonly store: ShimStore;
  /** How long a shim that lives may be without a connection before its session counts as lost. */
  readonly graceMs: number;
  /** Nobody brings frames of this session at the moment. */
  readonly onReleased: () => void;
  /** A shim is gone without a last word: what it left in its spool file comes before the end of its session. */
  readonly onOrphaned: (sessionId: string) => void;
}

/** A process that was just killed is still there for a moment after its sockets. */
const firstLookMs = 250;
const lookEveryMs = 1_000;

interface Held {
  readonly intake: Promise<ShimIntake>;
  holderCount: number;
  graceTimer: NodeJS.Timeout | undefined;
}

export class ShimIntakes {
  readonly #deps: ShimIntakesDeps;
  readonly #held = new Map<string, Held>();
  readonly #intakes = new Map<string, ShimIntake>();
  readonly #stopListening: () => void;

  constructor(deps: ShimIntakesDeps) {
    this.#deps = deps;
    this.#stopListening = deps.store.onCommitted(({ committedSeq }) => {
      for (const [sessionId, seq] of Object.entries(committedSeq)) this.#intakes.get(sessionId)?.committed(seq);
    });
  }

  /** The intake of a session, to be given back with `release`. Rejects when the store does not answer. */
  async acquire(session: ShimSession, wasOffline: boolean): Promise<ShimIntake> {
    const { id } = session;
    const held = this.#held.get(id) ?? { intake: ShimIntake.open(this.#deps, session, wasOffline), holderCount: 0, graceTimer: undefined };
    this.#held.set(id, held);
    held.holderCount += 1;
    clearTimeout(held.graceTimer);
    held.graceTimer = undefined;
    try {
      const intake = await held.intake;
      this.#intakes.set(id, intake);
      return intake;
    } catch (error) {
      held.holderCount -= 1;
      if (this.#held.get(id) === held) this.#held.delete(id);
      throw error;
    }
  }

  /** What to wait for before more is taken in; undefined when there is room. */
  room(): Promise<void> | undefined {
    return this.#deps.store.room?.();
  }

  /** A connection of this session is open, or its spool file is being read. */
  isHeld(sessionId: string): boolean {
    return (this.#held.get(sessionId)?.holderCount ?? 0) > 0;
  }

  release(intake: ShimIntake): void {
    const { session } = intake;
    const held = this.#held.get(session.id);
    if (held === undefined) return;
    held.holderCount -= 1;
    if (held.holderCount > 0) return;
    if (intake.isOver) this.#forget(session.id);
    else this.#awaitReturn(intake, held, firstLookMs, 0);
    this.#deps.onReleased();
  }

  /** The shim is gone and has left nothing more. */
  interrupt(sessionId: string, reason: string): void {
    const intake = this.#intakes.get(sessionId);
    if (intake !== undefined && !this.isHeld(sessionId)) this.#lost(intake, reason);
  }

  close(): void {
    this.#stopListening();
    for (const { graceTimer } of this.#held.values()) clearTimeout(graceTimer);
    this.#held.clear();
    this.#intakes.clear();
  }

  #awaitReturn(intake: ShimIntake, held: Held, lookInMs: number, waitedMs: number): void {
    held.graceTimer = setTimeout(() => {
      if (!isShimAlive(intake.session)) this.#deps.onOrphaned(intake.session.id);
      else if (waitedMs + lookInMs >= this.#deps.graceMs) this.#lost(intake, 'the shim lost its connection');
      else this.#awaitReturn(intake, held, lookEveryMs, waitedMs + lookInMs);
    }, lookInMs).unref();
  }

  #lost(intake: ShimIntake, reason: string): void {
    intake.interrupt(reason);
    this.#forget(intake.session.id);
  }

  #forget(sessionId: string): void {
    clearTimeout(this.#held.get(sessionId)?.graceTimer);
    this.#held.delete(sessionId);
    this.#intakes.delete(sessionId);
  }
}
