/** The requests of one session and what became of them: answers, cancellations, progress, retries, lost streams. */
import type { Direction, Flag } from '../../shared/model/frame.ts';
import type { StatusWord } from '../../shared/model/exchange.ts';
import type { ExchangeRecord } from './records.ts';

/** More unanswered requests than any real client has; beyond it the oldest is forgotten and its answer shows as `unknown-id`. */
const MAX_OPEN = 10_000;
/** First legs of multi-round-trip requests that a retry can still be linked to. */
const MAX_LEGS = 256;

export interface OpenExchange {
  record: ExchangeRecord;
  readonly startedUs: number;
  readonly progressToken: string | undefined;
}

/** Correlation tables of a session. Ids of the two directions are separate spaces, and `1` is not `"1"`. */
export class Exchanges {
  /** Requests that an answer can still reach: pending, cancelled, cut off. Insertion order is age. */
  readonly #open = new Map<string, OpenExchange>();
  readonly #byToken = new Map<string, OpenExchange>();
  readonly #legs = new Map<string, string>();

  /** Registers a request. Returns the one that held the same id, when it is still unanswered. */
  add(exchange: OpenExchange): OpenExchange | undefined {
    const { record } = exchange;
    const key = keyOf(record.direction, record.idText ?? 'null');
    const former = this.#open.get(key);
    if (former !== undefined) this.#forget(former, key);
    this.#open.set(key, exchange);
    if (exchange.progressToken !== undefined) this.#byToken.set(keyOf(record.direction, exchange.progressToken), exchange);
    if (this.#open.size > MAX_OPEN) {
      const [oldestKey, oldest] = this.#open.entries().next().value as [string, OpenExchange];
      this.#forget(oldest, oldestKey);
    }
    return former?.record.status === 'pending' ? former : undefined;
  }

  /** The request of `direction` with this id, while an answer can still reach it. */
  find(direction: Direction, idText: string): OpenExchange | undefined {
    return this.#open.get(keyOf(direction, idText));
  }

  findByToken(direction: Direction, token: string): OpenExchange | undefined {
    return this.#byToken.get(keyOf(direction, token));
  }

  /** Takes a request out: it has its answer. */
  settle(exchange: OpenExchange): void {
    this.#forget(exchange, keyOf(exchange.record.direction, exchange.record.idText ?? 'null'));
  }

  *unanswered(): IterableIterator<OpenExchange> {
    yield* this.#open.values();
  }

  get pendingCount(): number {
    return this.#open.size;
  }

  /** Remembers an `input_required` answer by its opaque state, so that the retry (a new id) can be linked (MRTR). */
  rememberLeg(requestState: string, exchangeId: string): void {
    this.#legs.set(requestState, exchangeId);
    if (this.#legs.size > MAX_LEGS) this.#legs.delete(this.#legs.keys().next().value as string);
  }

  legOf(requestState: string): string | undefined {
    return this.#legs.get(requestState);
  }

  #forget(exchange: OpenExchange, key: string): void {
    if (this.#open.get(key) === exchange) this.#open.delete(key);
    const { progressToken, record } = exchange;
    if (progressToken === undefined) return;
    const tokenKey = keyOf(record.direction, progressToken);
    if (this.#byToken.get(tokenKey) === exchange) this.#byToken.delete(tokenKey);
  }
}

/** The record with a new status and, where given, more flags. */
export function withStatus(record: ExchangeRecord, status: StatusWord, flags: readonly Flag[] = []): ExchangeRecord {
  const missing = flags.filter((flag) => !record.flags.includes(flag));
  return { ...record, status, flags: missing.length === 0 ? record.flags : [...record.flags, ...missing] };
}

export function opposite(direction: Direction): Direction {
  return direction === 'fromClient' ? 'fromServer' : 'fromClient';
}

function keyOf(direction: Direction, text: string): string {
  return `${direction === 'fromClient' ? 'c' : 's'} ${text}`;
}
