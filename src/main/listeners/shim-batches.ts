/**
 * Brings the lines of a server to the exchanges that they answer. One line is one answer, but for batches (2025-03-26): those may
 * be answered by one line, or by one for each request, and a server may put answers together that were not asked together, or
 * questions of its own among them.
 */
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { FrameMarks, VerdictHead } from '../../shared/shim/protocol.ts';
import type { ShimExchange, Tell } from './shim-exchange.ts';
import { elementsOf, forServer, judgedElement, type JudgeOwn } from './shim-own-among.ts';

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
  readonly judge: JudgeOwn;
  readonly tell: Tell;
}

export class ShimBatches {
  readonly #partsArrays: boolean;
  /** Batches of which some answers are there. Their size is bounded by the lines that shims keep for them. */
  readonly #gathered = new Map<ShimExchange, { readonly missing: Set<string>; readonly pieces: string[] }>();

  /** `partsArrays`: the shim takes lines to hand on while it keeps answers. */
  constructor(partsArrays: boolean) {
    this.#partsArrays = partsArrays;
  }

  answer(from: AnswerFromServer): void {
    const { ids, bytes, awaited, tell } = from;
    const exchanges = new Set(ids.flatMap(id => awaited(id) ?? []));
    const [exchange] = exchanges;
    const isArray = bytes !== undefined && isList(bytes);
    if (exchange === undefined) return isArray ? this.#split(bytes, from) : tell(cancelledBefore, noBytes);
    if (exchanges.size === 1 && exchange.isBatch) return this.#gather(exchange, isArray && this.#partsArrays ? parted(bytes, from) : from);
    if (isArray) return this.#split(bytes, from);
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
   * What the server asks among them is judged like a line of its own.
   */
  #split(bytes: Uint8Array, { ids, awaited, judge, tell }: AnswerFromServer): void {
    const elements = elementsOf(bytes);
    const lines = new SplitLines(elements.length, tell);
    for (const [index, element] of elements.entries()) {
      const { id, isAnswer } = element;
      const exchange = id === undefined || !isAnswer ? undefined : awaited(id);
      if (exchange?.isBatch === true) lines.put(index, noBytes, []);
      else if (exchange !== undefined)
        exchange.answered(element.bytes, (head, out) =>
          lines.put(index, head.kind === 'pass' ? element.bytes : head.kind === 'replace' ? out : noBytes, head.marks?.verdicts ?? []),
        );
      else if (isAnswer && id !== undefined && ids.includes(id)) lines.put(index, noBytes, cancelledBefore.marks.verdicts);
      else {
        const { line, decisions, toServer } = judgedElement(element, judge);
        lines.put(index, line, decisions, toServer);
      }
    }
  }
}

/** What becomes of the elements of one line; told once all are decided. */
class SplitLines {
  readonly #lines: Uint8Array[];
  readonly #verdicts: Decision[] = [];
  readonly #toServer: string[] = [];
  readonly #tell: Tell;
  #missingCount: number;

  constructor(count: number, tell: Tell) {
    this.#lines = Array.from({ length: count }, () => noBytes);
    this.#missingCount = count;
    this.#tell = tell;
  }

  put(index: number, line: Uint8Array, verdicts: readonly Decision[], toServer: readonly string[] = []): void {
    this.#lines[index] = line;
    this.#verdicts.push(...verdicts.slice(0, MAX_VERDICTS - this.#verdicts.length));
    this.#toServer.push(...toServer);
    this.#missingCount -= 1;
    if (this.#missingCount > 0) return;
    const head = { marks: marksOf(this.#verdicts), ...forServer(this.#toServer) };
    const bytes = together(this.#lines);
    if (bytes.length === 0) this.#tell({ kind: 'drop', ...head }, noBytes);
    else this.#tell({ kind: 'replace', ...head }, bytes);
  }
}

/**
 * Answers to one batch with something of the server's own among them. That goes on at once: a server that waits for its client before
 * it gives the rest of its answers would wait for ever. What is left is the line without it.
 */
function parted(bytes: Uint8Array, from: AnswerFromServer): AnswerFromServer {
  const elements = elementsOf(bytes);
  const own = elements.filter(({ isAnswer }) => !isAnswer).map(element => judgedElement(element, from.judge));
  if (own.length === 0) return from;
  const passing = own.map(({ line }) => line);
  const decisions = own.flatMap(judged => judged.decisions);
  const toServer = forServer(own.flatMap(judged => judged.toServer));
  const answers = elements.filter(({ isAnswer }) => isAnswer).map(element => Buffer.from(element.bytes).toString('latin1'));
  const left = Buffer.from(`[${answers.join(',')}]`, 'latin1');
  const tell: Tell = (head, out) => {
    const marks = marksOf([...decisions, ...(head.marks?.verdicts ?? [])].slice(0, MAX_VERDICTS));
    const all = together([...passing, head.kind === 'pass' ? left : out]);
    const kind: VerdictHead['kind'] = head.kind === 'gather' ? 'gather' : all.length === 0 ? 'drop' : 'replace';
    from.tell({ ...head, kind, marks: { ...head.marks, ...marks }, ...toServer }, all);
  };
  return { ...from, bytes: left, tell };
}

function marksOf(verdicts: readonly Decision[]): FrameMarks | undefined {
  return verdicts.length === 0 ? undefined : { verdicts };
}

/** Line by line, without those that are empty. */
function together(lines: readonly Uint8Array[]): Uint8Array {
  const parts = lines.flatMap(one => (one.length === 0 ? [] : [lineEnd, one]));
  return parts.length === 0 ? noBytes : Buffer.concat(parts.slice(1));
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
