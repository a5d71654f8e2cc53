/** The text of a configuration as YAML: read within bounds, with the place of every key and value. */
import { isUtf8 } from 'node:buffer';
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { ConfigPath, ConfigProblem } from './config-problem.ts';
import { yamlErrorText } from './config-yaml-errors.ts';
import { nodeProblems } from './config-yaml-nodes.ts';

export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** Values after aliases are filled in: an alias costs nothing to write and everything to expand. */
const MAX_VALUES = 100_000;

/** What a file holds: as text, or as bytes that are not known to be text. */
export type ConfigContents = string | Uint8Array;

export interface ConfigDocument {
  readonly text: string;
  readonly document: Document.Parsed;
  /** As JSON would hold it; aliases share their objects. */
  readonly value: unknown;
  /** Line and column of a key or value; of what is around it when it does not stand in the file. */
  placeOf(path: ConfigPath, of?: 'key' | 'value'): { readonly line: number; readonly column: number };
}

export type YamlResult = { readonly ok: true; readonly yaml: ConfigDocument } | { readonly ok: false; readonly problems: ConfigProblem[] };

/** Reads text to values. The problems are of the text alone: what the values mean is not looked at. */
export function readYaml(contents: ConfigContents): YamlResult {
  const text = typeof contents === 'string' ? contents : decoded(contents);
  if (typeof text !== 'string') return { ok: false, problems: [text] };
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) return { ok: false, problems: [tooLarge] };
  if (separatorCount(text) > MAX_VALUES) return { ok: false, problems: [tooMany] };
  const lines = new LineCounter();
  const place = (offset: number) => placeIn(lines, offset);
  // Keys are held against each other by our own walk: the package compares every key with every other.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true, logLevel: 'error' });
  // Only the first: one mistake upsets the reader for the lines that follow, and those echoes help nobody.
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) return { ok: false, problems: [{ ...place(error.pos[0]), path: '', message: yamlErrorText(error, text) }] };
  const problems = nodeProblems(document, place);
  if (problems.length > 0) return { ok: false, problems };
  if (document.contents === null) return { ok: false, problems: [empty] };
  const value = valueOf(document);
  if (!value.ok) return { ok: false, problems: [atTop(value.message)] };
  return { ok: true, yaml: { text, document, value: value.value, placeOf: (path, of) => place(offsetOf(document, path, of ?? 'value')) } };
}

const atTop = (message: string): ConfigProblem => ({ line: 1, column: 1, path: '', message });
const tooLarge = atTop('The file is larger than 4 MiB; a configuration is far smaller. Is this the right file?');
const tooMany = atTop(`The file holds more than ${MAX_VALUES} values; a configuration has far fewer. Is this the right file?`);
const empty = atTop('The file is empty; begin with the line "version: 1".');

function decoded(bytes: Uint8Array): string | ConfigProblem {
  if (bytes.length > MAX_CONFIG_BYTES) return tooLarge;
  // A byte order mark stays, so that the text is what the file holds; YAML passes over it.
  if (isUtf8(bytes)) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf(0x0a, start)) {
    line += 1;
    start = end + 1;
  }
  return { line, column: 1, path: '', message: 'This line is not UTF-8; save the file in that encoding.' };
}

/** About one per value, found without reading: what is beyond all measure is not parsed at all. */
function separatorCount(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x2c) count += 1;
  }
  return count;
}

function placeIn(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function valueOf(document: Document.Parsed): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return isWithinBounds(value) ? { ok: true, value } : { ok: false, message: expands };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/alias/i.test(message) && !message.startsWith('Excessive'))
      return { ok: false, message: 'An alias (*name) leads to itself or to no anchor (&name).' };
    return { ok: false, message: expands };
  }
}

const expands = `The file holds more than ${MAX_VALUES} values once its aliases (*name) are filled in; write it without them.`;

/** Counts what the aliases stand for each time they stand for it. */
function isWithinBounds(top: unknown): boolean {
  const open: unknown[] = [top];
  for (let count = 0; open.length > 0; count += 1) {
    if (count + open.length > MAX_VALUES) return false;
    const value = open.pop();
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) open.push(inner);
  }
  return true;
}

/** Where the last part of the path that stands in the file begins. */
function offsetOf(document: Document.Parsed, path: ConfigPath, of: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [at, part] of path.entries()) {
    const step = stepTo(isAlias(node) ? node.resolve(document) : node, part, document);
    if (step === undefined) return offset;
    const isLast = at === path.length - 1;
    node = step.node;
    const valueOffset = step.keyOffset !== undefined && isBlockCollection(node) ? undefined : startOf(node);
    // A list or map below its key is found by the key: that is where a person looks.
    offset = (isLast && of === 'key' ? step.keyOffset : undefined) ?? valueOffset ?? step.keyOffset ?? offset;
  }
  return offset;
}

function stepTo(collection: unknown, part: string | number, document: Document.Parsed): { node: unknown; keyOffset?: number } | undefined {
  if (isSeq(collection)) {
    const node = typeof part === 'number' ? collection.items[part] : undefined;
    return node === undefined || node === null ? undefined : { node };
  }
  const pair = isMap(collection) ? pairOf(collection, part, document, 0) : undefined;
  const keyOffset = startOf(pair?.key);
  return pair === undefined || keyOffset === undefined ? undefined : { node: pair.value, keyOffset };
}

const isBlockCollection = (node: unknown) => (isMap(node) || isSeq(node)) && node.flow !== true;

/** The pair of a key, also where it came in by `<<`. */
function pairOf(map: YAMLMap, key: string | number, document: Document.Parsed, depth: number): Pair | undefined {
  const own = map.items.find(pair => String(isScalar(pair.key) ? pair.key.value : pair.key) === String(key));
  if (own !== undefined || depth > 20) return own;
  for (const { key: mergeKey, value } of map.items) {
    if (!isScalar(mergeKey) || mergeKey.source !== '<<') continue;
    for (const source of isSeq(value) ? value.items : [value]) {
      const merged = isAlias(source) ? source.resolve(document) : source;
      const found = isMap(merged) ? pairOf(merged, key, document, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key);
  return (node as { range?: readonly number[] | null } | undefined)?.range?.[0];
}
