/**
 * Brings the lines of a server to the exchanges that they answer. One line is one answer, but for batches (2025-03-26): those may
 * be answered by one line, or by one for each request, and a server may put answers together that were not asked together.
 */
import { idTextOf } from '../../shared/mcp/json-rpc.ts';
import { arraySlices } from '../../shared/mcp/json-text.ts';
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { ServerRuling } from '../pipeline/stdio-plan.ts';
import type { ShimExchange, Tell } from './shim-exchange.ts';

const noBytes = new Uint8Array(0);
const lineEnd = Buffer.from('\n');
/** Of one line; they travel with its frame. */
const MAX_VERDICTS = 64;

interface AnswerFromServer {
  /** JSON texts of the awaited ids in it. */
  readonly ids: readonly string[];
  /** Undefined: the line is too long to be looked at. */
  readonly bytes: Uint8Array | undefined;
  /** Who waits for the answer to an id. */
  readonly awaited: (id: string) => ShimExchange | undefined;
  /** Judges what the server asks or tells by itself beside its answers. */
  readonly judge: (own: Uint8Array) => ServerRuling;
  readonly tell: Tell;
}

export class ShimBatches {
  /** Batches of which some answers are there. Their size is bounded by the lines that shims keep for them. */
  readonly #gathered = new Map<ShimExchange, { readonly missing: Set<string>; readonly pieces: string[] }>();

  answer(from: AnswerFromServer): void {
    const { ids, bytes, awaited, tell } = from;
    const exchanges = new Set(ids.flatMap(id => awaited(id) ?? []));
    const [exchange] = exchanges;
    if (exchange === undefined) return tell(cancelledBefore, noBytes);
    if (exchanges.size === 1 && exchange.isBatch) return this.#gather(exchange, from);
    if (bytes !== undefined && isList(bytes)) return this.#split(bytes, from);
    exchange.answered(bytes, tell);
  }

  forget(exchange: ShimExchange): void {
    this.#gathered.delete(exchange);
  }

  #gather(exchange: ShimExchange, { ids, bytes, tell }: AnswerFromServer): void {
    if (bytes === undefined) return exchange.answered(undefined, tell, exchange.number);
    const group = this.#gathered.get(exchange) ?? { missing: new Set(exchange.ids), pieces: [] };
    const isFirst = group.pieces.length === 0;
    for (const id of ids) group.missing.delete(id);
    if (isFirst && group.missing.size === 0 && isList(bytes)) return exchange.answered(bytes, tell);
    const text = Buffer.from(bytes).toString('utf8').trim();
    group.pieces.push(isList(bytes) ? text.slice(1, -1) : text);
    this.#gathered.set(exchange, group);
    if (group.missing.size > 0) tell({ kind: 'gather', batch: exchange.number }, noBytes);
    else exchange.answered(Buffer.from(`[${group.pieces.join(',')}]`), tell, exchange.number);
  }

  /**
   * Answers that were asked for one by one: each goes its own way and comes out as a line of its own, byte for byte as it stood there.
   * What the server asks among them is judged like a line of its own; a denied question is not answered, as the line is an answer.
   */
  #split(bytes: Uint8Array, { awaited, judge, tell }: AnswerFromServer): void {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const items = JSON.parse(whole.toString('utf8')) as unknown[];
    const slices = arraySlices(whole.toString('latin1'));
    const lines = new SplitLines(items.length, tell);
    for (const [index, item] of items.entries()) {
      const source = slices[index] ?? '';
      const own = Buffer.from(source, 'latin1');
      const id = typeof item === 'object' && item !== null && 'id' in item ? idTextOf(item.id, source) : undefined;
      const exchange = id === undefined || !isAnswer(item) ? undefined : awaited(id);
      if (exchange === undefined) {
        const { denied, decisions } = judge(own);
        lines.put(index, denied === undefined ? own : noBytes, decisions);
      } else if (exchange.isBatch) lines.put(index, noBytes, []);
      else
        exchange.answered(own, (head, out) =>
          lines.put(index, head.kind === 'pass' ? own : head.kind === 'replace' ? out : noBytes, head.marks?.verdicts ?? []),
        );
    }
  }
}

/** What becomes of the elements of one line; told once all are decided. */
class SplitLines {
  readonly #lines: Uint8Array[];
  readonly #verdicts: Decision[] = [];
  readonly #tell: Tell;
  #missingCount: number;

  constructor(count: number, tell: Tell) {
    this.#lines = Array.from({ length: count }, () => noBytes);
    this.#missingCount = count;
    this.#tell = tell;
  }

  put(index: number, line: Uint8Array, verdicts: readonly Decision[]): void {
    this.#lines[index] = line;
    this.#verdicts.push(...verdicts.slice(0, MAX_VERDICTS - this.#verdicts.length));
    this.#missingCount -= 1;
    if (this.#missingCount > 0) return;
    const parts = this.#lines.flatMap(one => (one.length === 0 ? [] : [lineEnd, one]));
    const marks = this.#verdicts.length === 0 ? undefined : { verdicts: this.#verdicts };
    if (parts.length === 0) this.#tell({ kind: 'drop', marks }, noBytes);
    else this.#tell({ kind: 'replace', marks }, Buffer.concat(parts.slice(1)));
  }
}

/** The shim asks only about what this hub has awaited: who waited has left. */
const cancelledBefore = {
  kind: 'drop',
  marks: { verdicts: [{ stage: 'shim', kind: 'refused', reason: 'the client has cancelled the request before' }] },
} as const;

function isList(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 0x20) return byte === 0x5b;
  return false;
}

/** A result or an error is an answer, whatever else it says of itself. */
function isAnswer(item: unknown): boolean {
  return typeof item === 'object' && item !== null && ('result' in item || 'error' in item);
}
