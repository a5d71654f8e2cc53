/** What YAML allows and a configuration does not: keys that stand twice, keys that are no words, tags. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type YAMLMap } from 'yaml';
import { type ConfigPath, type ConfigProblem, pathText, quoted } from './config-problem.ts';

type Place = (offset: number) => { readonly line: number; readonly column: number };

/** Each one makes the reader look through the whole file. */
const MAX_ALIASES = 200;

/** The problems of the nodes, at most 20. Aliases are not followed: what they lead to is looked at where it stands. */
export function nodeProblems(document: Document.Parsed, place: Place): ConfigProblem[] {
  const problems = versionProblems(document);
  const open: { node: unknown; path: ConfigPath }[] = [{ node: document.contents, path: [] }];
  let aliasCount = 0;
  for (let next = open.pop(); next !== undefined && problems.length < 20; next = open.pop()) {
    const { node, path } = next;
    if (isAlias(node)) aliasCount += 1;
    const message = aliasCount > MAX_ALIASES ? `Use at most ${MAX_ALIASES} aliases (*name).` : nodeProblem(node, document);
    if (message !== undefined && isNode(node)) problems.push({ ...place(node.range?.[0] ?? 0), path: pathText(path), message });
    if (aliasCount > MAX_ALIASES) break;
    if (isSeq(node)) for (const [at, item] of node.items.entries()) open.push({ node: item, path: [...path, at] });
    if (!isMap(node)) continue;
    problems.push(...keyProblems(node, path, place));
    for (const { key, value } of node.items) open.push({ node: value, path: [...path, keyText(key)] });
  }
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function versionProblems({ directives }: Document.Parsed): ConfigProblem[] {
  const { explicit, version } = directives.yaml;
  if (explicit !== true || version === '1.2') return [];
  return [{ line: 1, column: 1, path: '', message: `Remove the line "%YAML ${version}": the file is read as YAML 1.2.` }];
}

function nodeProblem(node: unknown, document: Document.Parsed): string | undefined {
  if (isAlias(node))
    return node.resolve(document) === undefined
      ? `No anchor &${node.source} stands before *${node.source}; add it or write the value.`
      : undefined;
  return isNode(node) && node.tag !== undefined ? 'Remove the tag (!!name); the schema says what the value is.' : undefined;
}

function keyProblems(map: YAMLMap, path: ConfigPath, place: Place): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seenAt = new Map<string, number>();
  for (const { key } of map.items) {
    const at = place((key as { range?: readonly number[] } | null)?.range?.[0] ?? 0);
    const problem = (message: string) => problems.push({ ...at, path: pathText([...path, keyText(key)]), message });
    if (!isScalar(key)) problem('A key is one word here; write the list or map behind a key.');
    const name = keyText(key);
    const before = seenAt.get(name);
    if (before !== undefined) problem(`${quoted(name)} stands in line ${before} already; remove one of the two.`);
    else if (name === '__proto__') problem('"__proto__" cannot be used as a key; choose another name.');
    seenAt.set(name, at.line);
  }
  return problems;
}

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);
