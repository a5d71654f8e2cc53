/** One change of a configuration, made on its YAML nodes, so that comments and quotes stay with what they belong to. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type ConfigPath, pathText } from './config-problem.ts';

/** Sets a value (creating what is around it), or removes a key or an entry. The index after the last one adds an entry. */
export type ConfigEdit =
  { readonly path: ConfigPath; readonly value: unknown; readonly remove?: false } | { readonly path: ConfigPath; readonly remove: true };

/** An edit that cannot be made; its message is for the operator. */
export class EditError extends Error {
  readonly path: ConfigPath;
  constructor(path: ConfigPath, message: string) {
    super(message);
    this.path = path;
  }
}

/** Changes the document. To remove what is not there changes nothing. Throws EditError. */
export function applyEdit(document: Document.Parsed, edit: ConfigEdit): void {
  const { path } = edit;
  const last = path.at(-1);
  if (last === undefined) throw new EditError(path, 'Name what is to be changed.');
  if (edit.remove === true) {
    const parent = parentOf(document, path, false);
    if (parent !== undefined) parent.delete(keyIn(parent, last));
    return;
  }
  if (edit.value === undefined) throw new EditError(path, 'Say the new value, or remove the key.');
  const parent = parentOf(document, path, true);
  if (parent !== undefined) setIn(document, parent, path, edit.value);
}

type Collection = YAMLMap | YAMLSeq;
/** Characters of a list that stands in one line. */
const MAX_ONE_LINE = 80;

function setIn(document: Document.Parsed, parent: Collection, path: ConfigPath, value: unknown): void {
  const last = path.at(-1) ?? 0;
  mustFit(parent, last, path);
  const key = keyIn(parent, last);
  const before: unknown = parent.get(key, true);
  if (isScalar(before) && before.anchor === undefined && isPlain(value)) return setScalar(before, value);
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  inOneLine(node);
  if (isNode(before)) keepLooks(before, node);
  parent.set(key, node);
}

/** A list of a few plain values is written as people write it: `[tools/call]`. */
function inOneLine(node: Node): void {
  if (isSeq(node) && node.items.length > 0 && node.items.every(isScalar)) {
    const length = node.items.reduce((sum, { value }) => sum + String(value).length + 2, 0);
    if (length <= MAX_ONE_LINE) node.flow = true;
  } else if (isCollection(node)) {
    for (const item of node.items) {
      const value: unknown = isPair(item) ? item.value : item;
      if (isNode(value)) inOneLine(value);
    }
  }
}

/** Comments stand at nodes: who replaces a node takes them along. */
function keepLooks(before: Node, node: Node): void {
  if (before.comment != null) node.comment = before.comment;
  if (before.commentBefore != null) node.commentBefore = before.commentBefore;
  if (before.spaceBefore === true) node.spaceBefore = true;
  if (isCollection(before) && isCollection(node) && before.flow === true) node.flow = true;
}

const isPlain = (value: unknown): value is string | number | boolean | null => typeof value !== 'object' || value === null;

/** Keeps the quotes of a text; a block of lines stays one only for a text of lines. */
function setScalar(scalar: Scalar, value: string | number | boolean | null): void {
  const isQuoted = scalar.type === Scalar.QUOTE_DOUBLE || scalar.type === Scalar.QUOTE_SINGLE;
  const keepsStyle = typeof value === 'string' && (isQuoted || value.includes('\n'));
  scalar.value = value;
  if (!keepsStyle) delete scalar.type;
  delete scalar.source;
  delete scalar.format;
}

/** The list or map that holds the last part of the path; undefined when it is not there and not to be made. */
function parentOf(document: Document.Parsed, path: ConfigPath, create: boolean): Collection | undefined {
  if (!isCollection(document.contents) && create) document.contents = document.createNode({}) as unknown as typeof document.contents;
  let node: unknown = document.contents ?? undefined;
  for (const [at, part] of path.slice(0, -1).entries()) {
    const around = collection(node, path.slice(0, at));
    if (around === undefined) return undefined;
    node = around.get(keyIn(around, part), true);
    const isAbsent = node === undefined || (isScalar(node) && node.value === null);
    if (!isAbsent) continue;
    if (!create) return undefined;
    mustFit(around, part, path.slice(0, at + 1));
    node = document.createNode(typeof path[at + 1] === 'number' ? [] : {});
    around.set(keyIn(around, part), node);
  }
  return collection(node, path.slice(0, -1));
}

function collection(node: unknown, path: ConfigPath): Collection | undefined {
  if (node === undefined) return undefined;
  const name = path.length === 0 ? 'The file' : pathText(path);
  if (isAlias(node)) throw new EditError(path, `${name} is an alias (*${node.source}); change what it stands for, or the file by hand.`);
  if (isMap(node) || isSeq(node)) return node;
  throw new EditError(path, `${name} is no list and no map; change the file by hand.`);
}

/** A list has no gaps, and its entries have numbers. */
function mustFit(around: Collection, part: string | number, path: ConfigPath): void {
  if (!isSeq(around)) return;
  const count = around.items.length;
  if (typeof part !== 'number' || part > count || part < 0)
    throw new EditError(path, `The list has ${count} entries; the next one is ${count}.`);
}

/** A key as it is written, since `1` and `"1"` are the same key for us and not for YAML. */
function keyIn(around: Collection, part: string | number): unknown {
  if (isSeq(around)) return part;
  const own = around.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return isScalar(own?.key) ? own.key.value : String(part);
}
