/** The requests of clients that wait on one channel, under the ids that we gave them. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Slot } from './message-scan.ts';
import type { PostReply } from './post-reply.ts';

export interface Asked {
  /** JSON text of the id and of the progress token on the channel: a number, unique there. */
  readonly ourId: string;
  readonly clientId: Slot;
  /** Who asked: only the same may call it off. */
  readonly asker: string;
  readonly isListen: boolean;
  /** Undefined once nobody waits for the answer any more. */
  reply: PostReply | undefined;
  /** Ticks since the client called it off; undefined while it has not. */
  calledOffTicks: number | undefined;
}

interface Token {
  readonly text: string;
  readonly asked: Asked;
}

/** Tokens whose request is answered: reports of a task may come for long after (2025-11-25, tasks). */
const MAX_PAST_TOKENS = 256;

/** Bounded: at `maxCount` the oldest request that nobody waits for is forgotten; without one, the new request is refused. */
export class AskedRequests {
  readonly #maxCount: number;
  readonly #byOurId = new Map<string, Asked>();
  readonly #tokens = new Map<string, Token>();
  readonly #pastTokens = new Map<string, Token>();
  #lastId = 0;

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** Registers a request. Throws UNAVAILABLE when too many wait. */
  add(from: { clientId: Slot; token: Slot | undefined; asker: string; isListen: boolean; reply: PostReply }): Asked {
    if (this.#byOurId.size >= this.#maxCount && !this.#forgetOldestAbandoned())
      throw new TrafficError('UNAVAILABLE', `${this.#maxCount} requests of this session wait for the server already.`, {
        facts: { state: 'full', retry_after_ms: 1000, may_have_executed: false },
      });
    this.#lastId += 1;
    const ourId = String(this.#lastId);
    const { clientId, asker, isListen, reply } = from;
    const asked: Asked = { ourId, clientId, asker, isListen, reply, calledOffTicks: undefined };
    this.#byOurId.set(ourId, asked);
    if (from.token !== undefined) this.#tokens.set(ourId, { text: from.token.text, asked });
    return asked;
  }

  /** Servers that turn ids into strings are understood: ours are numbers, so that none is ambiguous. */
  find(key: string): Asked | undefined {
    return this.#byOurId.get(plain(key));
  }

  /** Whether the server means this request by the id. */
  sameId(key: string, asked: Asked): boolean {
    return plain(key) === asked.ourId;
  }

  /** The token as the client wrote it, also for a while after the answer. */
  token(key: string): Token | undefined {
    return this.#tokens.get(plain(key)) ?? this.#pastTokens.get(plain(key));
  }

  /** The newest request of `asker` with this id of its own. */
  findByClient(asker: string, key: string): Asked | undefined {
    let found: Asked | undefined;
    for (const asked of this.#byOurId.values()) if (asked.asker === asker && asked.clientId.key === key) found = asked;
    return found;
  }

  /** The one that is waited for, if it is the only one. */
  sole(): Asked | undefined {
    let found: Asked | undefined;
    for (const asked of this.#byOurId.values()) {
      if (asked.reply === undefined) continue;
      if (found !== undefined) return undefined;
      found = asked;
    }
    return found;
  }

  of(reply: PostReply): Asked[] {
    return [...this.#byOurId.values()].filter(asked => asked.reply === reply);
  }

  all(): IterableIterator<Asked> {
    return this.#byOurId.values();
  }

  settle(asked: Asked): void {
    this.#byOurId.delete(asked.ourId);
    const token = this.#tokens.get(asked.ourId);
    if (token === undefined) return;
    this.#tokens.delete(asked.ourId);
    this.#pastTokens.set(asked.ourId, token);
    if (this.#pastTokens.size > MAX_PAST_TOKENS) this.#pastTokens.delete(this.#pastTokens.keys().next().value as string);
  }

  clear(): Asked[] {
    const all = [...this.#byOurId.values()];
    this.#byOurId.clear();
    this.#tokens.clear();
    this.#pastTokens.clear();
    return all;
  }

  get count(): number {
    return this.#byOurId.size;
  }

  #forgetOldestAbandoned(): boolean {
    for (const asked of this.#byOurId.values()) {
      if (asked.reply !== undefined) continue;
      this.settle(asked);
      return true;
    }
    return false;
  }
}

function plain(key: string): string {
  return key.startsWith('"') ? key.slice(1, -1) : key;
}
