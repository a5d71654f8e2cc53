/** The requests of one session and what became of them: answers, cancellations, progress, retries, lost streams. */
import type { Direction, Flag } from '../../shared/model/frame.ts';
import type { StatusWord } from '../../shared/model/exchange.ts';
import type { ExchangeRecord } from './records.ts';

/** More unanswered requests than any real client has; beyond it the oldest of its direction is forgotten and its answer shows as `unknown-id`. */
const MAX_OPEN = 10_000;
/** First legs of multi-round-trip requests that a retry can still be linked to. */
const MAX_LEGS = 256;

export interface OpenExchange {
  record: ExchangeRecord;
  readonly startedUs: number;
  readonly progressToken: string | undefined;
}

/** The requests of one direction. Insertion order is age. */
interface Side {
  /** Those that an answer can still reach: pending, cancelled, cut off. */
  readonly byId: Map<string, OpenExchange>;
  readonly byToken: Map<string, OpenExchange>;
}

/** Correlation tables of a session. Ids of the two directions are separate spaces, and `1` is not `"1"`. */
export class Exchanges {
  readonly #sides: Readonly<Record<Direction, Side>> = {
    fromClient: { byId: new Map(), byToken: new Map() },
    fromServer: { byId: new Map(), byToken: new Map() },
  };
  readonly #legs = new Map<string, string>();

  /** Registers a request. Returns the one that held the same id, when it is still unanswered. */
  add(exchange: OpenExchange): OpenExchange | undefined {
    const { byId, byToken } = this.#sideOf(exchange);
    const idText = idOf(exchange);
    const former = byId.get(idText);
    if (former !== undefined) this.settle(former);
    byId.set(idText, exchange);
    if (exchange.progressToken !== undefined) byToken.set(exchange.progressToken, exchange);
    if (byId.size > MAX_OPEN) this.settle(byId.values().next().value as OpenExchange);
    return former?.record.status === 'pending' ? former : undefined;
  }

  /** The request of `direction` with this id, while an answer can still reach it. */
  find(direction: Direction, idText: string): OpenExchange | undefined {
    return this.#sides[direction].byId.get(idText);
  }

  findByToken(direction: Direction, token: string): OpenExchange | undefined {
    return this.#sides[direction].byToken.get(token);
  }

  /** Takes a request out: it has its answer. */
  settle(exchange: OpenExchange): void {
    const { byId, byToken } = this.#sideOf(exchange);
    const idText = idOf(exchange);
    if (byId.get(idText) === exchange) byId.delete(idText);
    const { progressToken } = exchange;
    if (progressToken !== undefined && byToken.get(progressToken) === exchange) byToken.delete(progressToken);
  }

  *unanswered(): IterableIterator<OpenExchange> {
    yield* this.#sides.fromClient.byId.values();
    yield* this.#sides.fromServer.byId.values();
  }

  get pendingCount(): number {
    return this.#sides.fromClient.byId.size + this.#sides.fromServer.byId.size;
  }

  /** Remembers an `input_required` answer by its opaque state, so that the retry (a new id) can be linked (MRTR). */
  rememberLeg(requestState: string, exchangeId: string): void {
    this.#legs.set(requestState, exchangeId);
    if (this.#legs.size > MAX_LEGS) this.#legs.delete(this.#legs.keys().next().value as string);
  }

  legOf(requestState: string): string | undefined {
    return this.#legs.get(requestState);
  }

  #sideOf({ record }: OpenExchange): Side {
    return this.#sides[record.direction];
  }
}

/** How long after the request something was, ms. */
export function sinceStartMs({ record, startedUs }: OpenExchange, then: { readonly monotonicUs: number; readonly at: number }): number {
  // Requests of an earlier host have no monotonic time.
  return Number.isNaN(startedUs) ? Math.max(0, then.at - record.startedAt) : Math.max(0, (then.monotonicUs - startedUs) / 1000);
}

/** The record with a new status and, where given, more flags. */
export function withStatus(record: ExchangeRecord, status: StatusWord, flags: readonly Flag[] = []): ExchangeRecord {
  if (flags.length === 0) return { ...record, status };
  const missing = flags.filter(flag => !record.flags.includes(flag));
  return { ...record, status, flags: missing.length === 0 ? record.flags : [...record.flags, ...missing] };
}

export function opposite(direction: Direction): Direction {
  return direction === 'fromClient' ? 'fromServer' : 'fromClient';
}

function idOf({ record }: OpenExchange): string {
  return record.idText ?? 'null';
}
