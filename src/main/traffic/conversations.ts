/** The sessions that are alive now. Listeners open and end them here, so that stages can give back what they keep for one. */
import type { Clock, Ids } from '../ports.ts';
import { Conversation } from './conversation.ts';
import type { ExchangeRecord, RecordSink, SessionRecord } from './records.ts';
import type { ConversationEnd, ConversationStart } from './session-start-and-end.ts';

export interface ConversationsDeps {
  readonly sink: RecordSink;
  readonly clock: Clock;
  readonly ids: Ids;
}

export class Conversations {
  readonly #deps: ConversationsDeps;
  readonly #live = new Map<string, Conversation>();
  readonly #closedListeners: ((sessionId: string) => void)[] = [];

  constructor(deps: ConversationsDeps) {
    this.#deps = deps;
  }

  /** Opens a session. `id` is given only by shims, which name their session before they meet a host. */
  open(start: Omit<ConversationStart, 'id' | 'startedAt'> & { readonly id?: string; readonly startedAt?: number }): Conversation {
    const conversation = new Conversation(
      { ...start, id: start.id ?? this.#deps.ids.next(), startedAt: start.startedAt ?? this.#deps.clock.now() },
      this.#deps.sink,
    );
    this.#live.set(conversation.id, conversation);
    return conversation;
  }

  /** Goes on with a session that an earlier host recorded. */
  resume(session: SessionRecord, committedSeq: number, pending: readonly ExchangeRecord[]): Conversation {
    const conversation = Conversation.resume(session, committedSeq, pending, this.#deps.sink);
    this.#live.set(conversation.id, conversation);
    return conversation;
  }

  get(id: string): Conversation | undefined {
    return this.#live.get(id);
  }

  /** Ends a session and tells the stages; harmless when it has ended already. */
  end(id: string, end: ConversationEnd): void {
    const conversation = this.#live.get(id);
    if (conversation === undefined) return;
    this.#live.delete(id);
    conversation.end(end);
    for (const listener of this.#closedListeners) listener(id);
  }

  endAll(end: ConversationEnd): void {
    for (const id of this.#live.keys()) this.end(id, end);
  }

  onClosed(listener: (sessionId: string) => void): void {
    this.#closedListeners.push(listener);
  }

  get liveCount(): number {
    return this.#live.size;
  }

  *all(): IterableIterator<Conversation> {
    yield* this.#live.values();
  }
}
