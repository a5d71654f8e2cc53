/** The answers that the hub wants to see before the client does, by id; and those that nobody can check any more. */
import { elementSources, idTextOf } from '../../shared/mcp/json-rpc.ts';
import { arraySlices } from '../../shared/mcp/json-text.ts';
import { TopLevelScan, type TopLevelFacts } from '../../shared/mcp/top-level-scan.ts';
import type { HeldLine } from './lane.ts';

/** Longer lines are judged by the facts that were scanned while they streamed past. */
const parsedBelowBytes = 1024 * 1024;
const OPEN_BRACKET = 0x5b;

/** Ids may be used again while they are open, hence counts. */
class Counts {
  readonly #byId = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  add(id: string): void {
    this.#byId.set(id, (this.#byId.get(id) ?? 0) + 1);
  }

  /** False when it was not there. */
  take(id: string): boolean {
    const count = this.#byId.get(id);
    if (count === undefined) return false;
    if (count === 1) this.#byId.delete(id);
    else this.#byId.set(id, count - 1);
    return true;
  }

  /** Takes all. */
  *drain(): IterableIterator<string> {
    for (const [id, count] of this.#byId) for (let n = 0; n < count; n += 1) yield id;
    this.#byId.clear();
  }
}

export interface Expected {
  /** Ids that the hub waits for. */
  readonly asked: readonly string[];
  /** Ids whose hub is gone, in a session that is closed without it. */
  readonly orphaned: readonly string[];
}

export class ExpectedAnswers {
  readonly #asked = new Counts();
  readonly #orphaned = new Counts();

  get isEmpty(): boolean {
    return this.#asked.isEmpty && this.#orphaned.isEmpty;
  }

  /** A request was passed on whose answer must be asked about. */
  expect(id: string): void {
    this.#asked.add(id);
  }

  /** What of the expected a line of the server answers; it is not expected any more after that. */
  take(line: HeldLine): Expected {
    const ids = answeredIn(line);
    const asked = ids.filter(id => this.#asked.take(id));
    const orphaned = ids.filter(id => !asked.includes(id) && this.#orphaned.take(id));
    return { asked, orphaned };
  }

  /** The hub is gone: nobody checks what is still to come, and in a session that is `closed` it may not pass. */
  lost(isClosed: boolean): void {
    for (const id of this.#asked.drain()) if (isClosed) this.#orphaned.add(id);
  }
}

/** The ids of what a line of the server asks, maybe none; undefined where it neither asks nor tells anything of its own. */
export function ownIn({ whole }: HeldLine): readonly string[] | undefined {
  if (whole.sizeBytes > parsedBelowBytes && !isArray(whole.parts)) {
    const { method, idText } = whole.whole?.facts ?? scanned(whole.parts);
    if (method === undefined) return undefined;
    return idText === undefined ? [] : [idText];
  }
  const text = Buffer.concat(whole.parts).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const [items, sources]: [readonly unknown[], readonly string[] | undefined] = Array.isArray(json)
    ? [json, elementSources(json, text)]
    : [[json], [text]];
  const own = items.map((item, at) => ownId(item, sources?.[at])).filter(ids => ids !== undefined);
  return own.length === 0 ? undefined : own.flat();
}

/** Of a line that was gathered: its answers as they stood there, without what went on before them. */
export function answersOf({ whole }: HeldLine): readonly Uint8Array[] {
  const bytes = Buffer.concat(whole.parts);
  const json: unknown = JSON.parse(bytes.toString('utf8'));
  if (!Array.isArray(json) || json.every(isAnswer)) return whole.parts;
  const slices = arraySlices(bytes.toString('latin1'));
  return [Buffer.from(`[${slices.filter((_, at) => isAnswer(json[at])).join(',')}]`, 'latin1')];
}

/** By the first byte that is no white space, which may stand in any part: what is scanned of a line knows nothing of arrays. */
export function isArray(parts: readonly Uint8Array[]): boolean {
  for (const part of parts) for (const byte of part) if (byte > 0x20) return byte === OPEN_BRACKET;
  return false;
}

function isAnswer(item: unknown): boolean {
  return typeof item === 'object' && item !== null && (Object.hasOwn(item, 'result') || Object.hasOwn(item, 'error'));
}

/** The id of what the server asks; none of what it tells, undefined for what is neither. */
function ownId(item: unknown, source: string | undefined): readonly string[] | undefined {
  if (typeof item !== 'object' || item === null || !('method' in item) || typeof item.method !== 'string') return undefined;
  const id = 'id' in item ? idTextOf(item.id, source) : undefined;
  return id === undefined ? [] : [id];
}

/**
 * The ids that a line of the server answers. A result or an error is an answer whatever else it says of itself: a server
 * shall not get one past the checks by calling it a request as well.
 */
function answeredIn({ whole }: HeldLine): readonly string[] {
  if (whole.sizeBytes > parsedBelowBytes && !isArray(whole.parts)) {
    const facts = whole.whole?.facts ?? scanned(whole.parts);
    return facts.idText !== undefined && (facts.hasResult || facts.hasError) ? [facts.idText] : [];
  }
  const text = Buffer.concat(whole.parts).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(json)) return answeredBy(json, text);
  const sources = elementSources(json, text);
  return json.flatMap((item, at) => answeredBy(item, sources?.[at]));
}

function answeredBy(json: unknown, text: string | undefined): string[] {
  if (typeof json !== 'object' || json === null || !('id' in json) || !isAnswer(json)) return [];
  const id = idTextOf(json.id, text);
  return id === undefined ? [] : [id];
}

function scanned(parts: readonly Uint8Array[]): TopLevelFacts {
  const scan = new TopLevelScan();
  for (const part of parts) scan.push(part);
  return scan.facts;
}
