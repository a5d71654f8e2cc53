/**
 * Takes in the frames of one shim's session, from its connections and its spool file, each frame once:
 * by its number, whatever comes twice after a crash or a restart on either side.
 */
import { basename } from 'node:path';
import { Flag } from '../../shared/model/frame.ts';
import { Decision } from '../../shared/model/gateway-event.ts';
import type { ShimFrame } from '../../shared/shim/frame-coding.ts';
import { jsonBytes, readLifecycle } from '../../shared/shim/json-message.ts';
import type { FrameMarks, LifecycleFact, ShimSession } from '../../shared/shim/protocol.ts';
import type { CopiedBody } from '../traffic/body-copy.ts';
import type { Conversation } from '../traffic/conversation.ts';
import type { Conversations } from '../traffic/conversations.ts';
import type { ExchangeRecord, SessionRecord } from '../traffic/records.ts';
import type { ConversationEnd } from '../traffic/session-start-and-end.ts';

/** What the hub needs of the store. */
export interface ShimStore {
  sessionPast(
    id: string,
  ): Promise<{ readonly committedSeq: number; readonly session: SessionRecord; readonly pending: readonly ExchangeRecord[] } | undefined>;
  /** Hears up to which frame of a session nothing has to be kept any more: committed, or not wanted because recording is off. */
  onCommitted(listener: (receipt: { readonly committedSeq: Readonly<Record<string, number>> }) => void): () => void;
  /** While the recording queue is full: resolves when there is room. Shims keep what cannot be taken. */
  room?(): Promise<void> | undefined;
}

export class ShimIntake {
  readonly session: ShimSession;
  readonly #conversations: Conversations;
  readonly #goOn: () => Conversation;
  #conversation: Conversation | undefined;
  #lastSeq: number;
  #committedSeq: number;
  #lastAt: number;
  #isOver: boolean;
  /** Policies or limits apply, and the shim is too old for that: said in the facts of the session. */
  isUnenforced = false;
  #waitingBytes = 0;
  readonly #waiting: { readonly seq: number; readonly bytes: number }[] = [];
  readonly #listeners = new Set<() => void>();

  private constructor(
    session: ShimSession,
    conversations: Conversations,
    past: { goOn: () => Conversation; committedSeq: number; isOver: boolean },
  ) {
    this.session = session;
    this.#conversations = conversations;
    this.#goOn = past.goOn;
    this.#committedSeq = past.committedSeq;
    this.#lastSeq = past.committedSeq;
    this.#lastAt = session.startedAt;
    this.#isOver = past.isOver;
    // A session that has ended is not brought back to life for a shim that only wants to hear that all is committed.
    if (!past.isOver) this.#conversation = past.goOn();
  }

  /** Goes on with what the store has of the session, or opens it. */
  static async open(
    deps: { conversations: Conversations; store: ShimStore },
    session: ShimSession,
    wasOffline: boolean,
  ): Promise<ShimIntake> {
    const { conversations, store } = deps;
    const past = await store.sessionPast(session.id);
    if (past === undefined) {
      const goOn = (): Conversation =>
        conversations.open({
          id: session.id,
          startedAt: session.startedAt,
          transport: 'stdio',
          clientName: session.clientName,
          serverName: session.name,
          serverNameUntilKnown: basename(session.command[0] ?? ''),
          upstream: commandLine(session.command),
          wasOffline,
        });
      return new ShimIntake(session, conversations, { goOn, committedSeq: 0, isOver: false });
    }
    const { exitCode, exitSignal } = past.session;
    return new ShimIntake(session, conversations, {
      goOn: () => conversations.resume(past.session, past.committedSeq, past.pending),
      committedSeq: past.committedSeq,
      isOver: exitCode !== undefined || exitSignal !== undefined,
    });
  }

  /** Everything up to here is in the store. */
  get committedSeq(): number {
    return this.#committedSeq;
  }

  get conversation(): Conversation {
    return (this.#conversation ??= this.#goOn());
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** When the newest frame that was taken in passed. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** The server has ended and its last frame was taken in. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes that were taken in and are not committed yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a frame in, unless it was taken in before. */
  take(frame: ShimFrame): void {
    if (frame.seq <= this.#lastSeq) return;
    this.#lastSeq = frame.seq;
    this.#lastAt = Math.max(this.#lastAt, frame.at);
    const { conversation } = this;
    const fact = frame.delivery === 'lifecycle' ? readLifecycle(frame.body) : undefined;
    // The end comes first: when the last frame is committed, so is what it says of the session.
    if (fact?.event === 'exited') this.#exited(frame.at, fact);
    const bytes = frame.body.length + (frame.delivered?.length ?? 0) + 200;
    this.#waiting.push({ seq: frame.seq, bytes });
    this.#waitingBytes += bytes;
    conversation.note({
      seq: frame.seq,
      at: frame.at,
      monotonicUs: frame.monotonicUs,
      direction: frame.direction,
      delivery: frame.delivery,
      body: fact !== undefined && this.isUnenforced ? unenforcedBody(fact) : copiedBody(frame),
      ...(frame.isDropped || frame.marks?.flags !== undefined ? { flags: flagsOf(frame) } : {}),
      ...verdictsOf(frame.marks),
      ...(frame.delivered === undefined ? {} : { delivered: frame.delivered }),
    });
  }

  /** The store has committed frames up to `seq`. */
  committed(seq: number): void {
    if (seq <= this.#committedSeq) return;
    this.#committedSeq = seq;
    let count = 0;
    while (count < this.#waiting.length && (this.#waiting[count]?.seq ?? 0) <= seq) {
      this.#waitingBytes -= this.#waiting[count]?.bytes ?? 0;
      count += 1;
    }
    this.#waiting.splice(0, count);
    for (const listener of this.#listeners) listener();
  }

  /** Called after each commit that moved `committedSeq`. */
  onCommitted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The shim is gone without a last word. */
  interrupt(reason: string): void {
    if (!this.#isOver) this.#conversations.end(this.session.id, { at: this.#lastAt, reason, isInterrupted: true });
    this.#isOver = true;
  }

  #exited(at: number, { code, signal }: Extract<LifecycleFact, { event: 'exited' }>): void {
    this.#isOver = true;
    const end: ConversationEnd = {
      at,
      reason: signal === null ? `the server exited with code ${code}` : `the server was ended by ${signal}`,
      ...(code === null ? {} : { exitCode: code }),
      ...(signal === null ? {} : { exitSignal: signal }),
    };
    this.#conversations.end(this.session.id, end);
  }
}

function copiedBody(frame: ShimFrame): CopiedBody {
  const { body, sizeBytes, whole } = frame;
  if (whole === undefined) return { bytes: body, sizeBytes, isTruncated: false };
  const { contentHash, facts } = whole;
  return { bytes: body, sizeBytes, isTruncated: true, facts, ...(contentHash === undefined ? {} : { contentHash }) };
}

function flagsOf({ isDropped, marks }: ShimFrame): readonly Flag[] {
  const flags = (marks?.flags ?? []).filter(flag => Flag.safeParse(flag).success);
  return isDropped ? ['body-dropped', ...flags] : flags;
}

/** They went to the shim and back with the line; what is none of ours any more is left out. */
function verdictsOf(marks: FrameMarks | undefined): { readonly verdicts?: readonly Decision[] } {
  if (marks?.verdicts === undefined) return {};
  const verdicts = Decision.array().safeParse(marks.verdicts);
  return verdicts.success ? { verdicts: verdicts.data } : {};
}

function unenforcedBody(fact: LifecycleFact): CopiedBody {
  const bytes = jsonBytes({ ...fact, unenforced: true });
  return { bytes, sizeBytes: bytes.length, isTruncated: false };
}

/** As a person would type it; only for reading. */
function commandLine(command: readonly string[]): string {
  return command.map(word => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
