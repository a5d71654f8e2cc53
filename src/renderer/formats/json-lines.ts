/** A JSON value as lines of a tree: only what is unfolded becomes lines, so a large value costs what is looked at. */

export type JsonPath = readonly (string | number)[];

export interface JsonLine {
  /** Unique among the lines of one tree; folding is remembered by it. */
  readonly key: string;
  readonly path: JsonPath;
  readonly depth: number;
  readonly label: string | undefined;
  readonly value: unknown;
  readonly shape: 'object' | 'array' | 'embedded' | 'leaf' | 'close' | 'more';
  readonly isOpen: boolean;
  /** Children of a container; rest count on a `more` line; for `embedded` the length of the text. */
  readonly count: number;
}

/** Children of one container that are shown at once; the next ones by a `more` line. */
export const CHILDREN_AT_ONCE = 200;
/** Levels that start unfolded. */
const OPEN_DEPTH = 4;
/** A text longer than this is not tried as embedded JSON on every draw. */
const MAX_EMBEDDED = 4 * 1024 * 1024;

export interface Folding {
  /** Keys whose state differs from the default of their depth. */
  readonly toggled: ReadonlySet<string>;
  /** How many children a container shows, where more than the first were asked for. */
  readonly shown: ReadonlyMap<string, number>;
}

export const noFolding: Folding = { toggled: new Set(), shown: new Map() };

/** The lines on screen for a value. Texts that are themselves JSON can be unfolded in place. */
export function jsonLines(value: unknown, folding: Folding): JsonLine[] {
  const lines: JsonLine[] = [];
  walk(lines, folding, { value, label: undefined, path: [], key: '$', depth: 0 });
  return lines;
}

interface Node {
  readonly value: unknown;
  readonly label: string | undefined;
  readonly path: JsonPath;
  readonly key: string;
  readonly depth: number;
}

function walk(lines: JsonLine[], folding: Folding, node: Node): void {
  const { value, depth, key } = node;
  if (typeof value === 'string' && looksLikeJson(value)) {
    const isOpen = folding.toggled.has(key);
    lines.push({ ...node, shape: 'embedded', isOpen, count: value.length });
    if (!isOpen) return;
    const inner = parsed(value);
    if (inner !== undefined) children(lines, folding, { ...node, value: inner.value, key: `${key}»` });
    return;
  }
  if (typeof value !== 'object' || value === null) {
    lines.push({ ...node, shape: 'leaf', isOpen: false, count: 0 });
    return;
  }
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  const isOpen = count > 0 && folding.toggled.has(key) !== depth < OPEN_DEPTH;
  const shape = Array.isArray(value) ? 'array' : 'object';
  lines.push({ ...node, shape, isOpen, count });
  if (!isOpen) return;
  children(lines, folding, node);
  lines.push({ ...node, key: `${key}/end`, label: undefined, shape: 'close', isOpen: false, count });
}

function children(lines: JsonLine[], folding: Folding, node: Node): void {
  const { value, path, key, depth } = node;
  if (typeof value !== 'object' || value === null) {
    lines.push({ key: `${key}/0`, path, depth: depth + 1, label: undefined, value, shape: 'leaf', isOpen: false, count: 0 });
    return;
  }
  const isArray = Array.isArray(value);
  const names: readonly (string | number)[] = isArray ? value.map((_, at) => at) : Object.keys(value);
  const limit = folding.shown.get(key) ?? CHILDREN_AT_ONCE;
  for (const name of names.slice(0, limit))
    walk(lines, folding, {
      value: (value as Record<string | number, unknown>)[name],
      label: isArray ? undefined : String(name),
      path: [...path, name],
      key: `${key}/${typeof name === 'number' ? name : name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      depth: depth + 1,
    });
  if (names.length > limit)
    lines.push({
      key,
      path,
      depth: depth + 1,
      label: undefined,
      value: undefined,
      shape: 'more',
      isOpen: false,
      count: names.length - limit,
    });
}

/** Folds or unfolds one line. */
export function withToggled(folding: Folding, key: string): Folding {
  const toggled = new Set(folding.toggled);
  if (!toggled.delete(key)) toggled.add(key);
  return { ...folding, toggled };
}

/** Shows the next children of a container. */
export function withMoreShown(folding: Folding, key: string): Folding {
  const shown = new Map(folding.shown);
  shown.set(key, (shown.get(key) ?? CHILDREN_AT_ONCE) + CHILDREN_AT_ONCE * 5);
  return { ...folding, shown };
}

/** result.content[0].text */
export function pathText(path: JsonPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function looksLikeJson(text: string): boolean {
  if (text.length < 2 || text.length > MAX_EMBEDDED) return false;
  const first = text.trimStart()[0];
  const last = text.trimEnd().at(-1);
  if (!((first === '{' && last === '}') || (first === '[' && last === ']'))) return false;
  return parsed(text) !== undefined;
}

/** The last texts tried: a tree is drawn again with every fold, its texts stay the same. */
const tried = new Map<string, { readonly value: unknown } | undefined>();
const MAX_TRIED = 64;

function parsed(text: string): { readonly value: unknown } | undefined {
  if (tried.has(text)) return tried.get(text);
  let result: { readonly value: unknown } | undefined;
  try {
    const value: unknown = JSON.parse(text);
    result = typeof value === 'object' && value !== null ? { value } : undefined;
  } catch {
    result = undefined;
  }
  tried.set(text, result);
  for (const oldest of tried.keys()) {
    if (tried.size <= MAX_TRIED) break;
    tried.delete(oldest);
  }
  return result;
}
