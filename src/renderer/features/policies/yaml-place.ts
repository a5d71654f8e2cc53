/** Where in a YAML text a position is: under which keys, and whether a key or a value is written there. Blocks only, as people write them. */

export interface YamlPlace {
  /** Keys from the top; `[]` stands for an entry of a list. */
  readonly path: readonly string[];
  readonly kind: 'key' | 'value';
  /** What is written of it so far, and where that begins in the line. */
  readonly word: string;
  readonly from: number;
  /** Keys that the same map has already. */
  readonly siblings: readonly string[];
}

interface Line {
  readonly indent: number;
  readonly key: string | undefined;
  /** Columns of the dashes before the key. */
  readonly dashes: readonly number[];
}

/** `before` are the lines above; `text` is the line up to the position. Undefined in comments, quotes and braces, where nothing is offered. */
export function yamlPlace(before: readonly string[], text: string, after: readonly string[] = []): YamlPlace | undefined {
  if (/(^|\s)#|["'{[]/.test(text)) return undefined;
  const value = /^(\s*(?:- +)*)([\w-]+):\s+(\S*)$/.exec(text);
  const key = /^(\s*(?:- +)*)([\w-]*)$/.exec(text);
  const match = value ?? key;
  if (match === null) return undefined;
  const own = readLine(`${match[1] ?? ''}x:`);
  const parents = parentsOf(before, own);
  const word = (value === null ? match[2] : value[3]) ?? '';
  return {
    path: value === null ? parents : [...parents, value[2] ?? ''],
    kind: value === null ? 'key' : 'value',
    word,
    from: text.length - word.length,
    siblings: siblingsOf(before, after, own),
  };
}

function readLine(text: string): Line {
  const [, lead = '', key] = /^((?:\s|- +)*)(?:([\w-]+):(?:\s|$))?/.exec(text) ?? [];
  const dashes = [...lead.matchAll(/-/g)].map(({ index }) => index);
  return { indent: lead.length, key, dashes };
}

const isBlank = (text: string) => /^\s*(?:#|$)/.test(text);

/** Goes up, and takes every line that stands further left as what is around. */
function parentsOf(before: readonly string[], { indent, dashes }: Line): string[] {
  const path: string[] = entries(dashes);
  // A key after a dash belongs to the list that the dash stands in.
  let place = { left: dashes[0] ?? indent, isEntry: dashes.length > 0 };
  for (const text of before.toReversed()) {
    if (isBlank(text)) continue;
    const line = readLine(text);
    const isParent = holdsKey(line, place);
    if (!isParent && !beginsEntry(line, place)) continue;
    path.unshift(...entries(line.dashes), ...(isParent && line.key !== undefined ? [line.key] : []));
    place = { left: line.dashes[0] ?? line.indent, isEntry: line.dashes.length > 0 };
    if (place.left === 0 && !place.isEntry) break;
  }
  return path;
}

interface Edge {
  readonly left: number;
  /** What is looked for is the list that the dash at this edge stands in. */
  readonly isEntry: boolean;
}

const entries = (dashes: readonly number[]): string[] => dashes.map(() => '[]');

/** `key:` and the dashes of its list may stand in the same column. */
function holdsKey({ key, indent, dashes }: Line, { left, isEntry }: Edge): boolean {
  return key !== undefined && (indent < left || (isEntry && indent === left && dashes.length === 0));
}

/** `- first: key` of the map whose later keys stand at this edge. */
function beginsEntry({ indent, dashes }: Line, { left }: Edge): boolean {
  return indent === left && (dashes[0] ?? left) < left;
}

/** Keys in the same column, up and down until something stands further left. */
function siblingsOf(before: readonly string[], after: readonly string[], { indent, dashes }: Line): string[] {
  const found: string[] = [];
  const walk = (lines: readonly string[], isUp: boolean) => {
    for (const text of lines) {
      if (isBlank(text)) continue;
      const line = readLine(text);
      if (line.indent < indent) return;
      const begins = line.dashes.length > 0 && line.indent === indent;
      if (begins && !isUp) return;
      if (line.indent === indent && line.key !== undefined) found.push(line.key);
      if (begins) return;
    }
  };
  if (dashes.length === 0) walk(before.toReversed(), true);
  walk(after, false);
  return found;
}
