/** Changes single values of a configuration and leaves everything else as a person wrote it: comments, order, quotes, blank lines. */
import { type Document, parseDocument, visit } from 'yaml';
import { type ConfigProblem, pathText } from './config-problem.ts';
import { isRecord } from './config-shape.ts';
import { readYaml } from './config-yaml.ts';
import { applyEdit, type ConfigEdit, EditError } from './edit-nodes.ts';
import { keepLines } from './keep-lines.ts';
import { readConfig, type ReadConfig, type ReadConfigOptions } from './read-config.ts';

export type EditedConfig =
  | { readonly ok: true; readonly text: string; readonly read: ReadConfig & { ok: true } }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Of one call. */
const MAX_EDITS = 1000;

/** Applies the edits in order and returns the new text only if it reads as a configuration. A JSON file stays JSON. */
export function editConfig(text: string, edits: readonly ConfigEdit[], options: ReadConfigOptions = {}): EditedConfig {
  const changed = editText(text, edits);
  if (!changed.ok) return changed;
  const read = readConfig(changed.text, options);
  return read.ok ? { ok: true, text: changed.text, read } : { ok: false, problems: read.problems };
}

export type EditedText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Applies the edits in order, whether or not the new text reads as a configuration: a draft is on its way to one. */
export function editText(text: string, edits: readonly ConfigEdit[]): EditedText {
  const yaml = readYaml(isBare(text) ? '{}' : text);
  if (!yaml.ok) return yaml;
  try {
    if (edits.length > MAX_EDITS) throw new EditError([], `At most ${MAX_EDITS} edits can be made at once.`);
    return { ok: true, text: isJson(text) ? editedJson(text, edits) : editedYaml(text, edits) };
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return { ok: false, problems: [{ ...yaml.yaml.placeOf(error.path), path: pathText(error.path), message: error.message }] };
  }
}

function editedYaml(text: string, edits: readonly ConfigEdit[]): string {
  const hasCrLf = text.includes('\r\n');
  const original = hasCrLf ? text.replaceAll('\r\n', '\n') : text;
  const format = { lineWidth: 0, flowCollectionPadding: !/(?<!\$)\{\S/.test(original), ...indentOf(original) };
  const parse = () => parseDocument(original, { merge: true, uniqueKeys: false, keepSourceTokens: true, logLevel: 'silent' });
  // The library pads both kinds of brackets or none; people mostly write `{ a: 1 }` and `[a]`.
  const spaced = (written: string) => (format.flowCollectionPadding && !/\[ \S/.test(original) ? withTightLists(written) : written);
  const formatted = spaced(parse().toString(format));
  const document = parse();
  for (const edit of edits) applyEdit(document, edit);
  const changed = spaced(stringified(document, format));
  const merged = keepLines({ original, formatted, changed });
  // The merge works on lines and knows no YAML: what it made must mean what was asked for.
  const result = isSame(merged, document) ? merged : changed;
  return hasCrLf ? result.replaceAll('\n', '\r\n') : result;
}

/** Without the spaces inside of `[ … ]`. */
function withTightLists(text: string): string {
  const spaces: { at: number; length: number }[] = [];
  visit(parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'silent' }), {
    Seq(_, { flow, range }) {
      if (flow !== true || !range) return;
      const [start, end] = range;
      const after = /^ *(?=[^ \n])/.exec(text.slice(start + 1, end))?.[0].length ?? 0;
      const before = /(?<=[^ \n]) *$/.exec(text.slice(start + 1, end - 1))?.[0].length ?? 0;
      spaces.push({ at: start + 1, length: after }, { at: end - 1 - before, length: before });
    },
  });
  let tight = text;
  for (const { at, length } of spaces.sort((a, b) => b.at - a.at)) tight = tight.slice(0, at) + tight.slice(at + length);
  return tight;
}

function stringified(document: Document.Parsed, format: object): string {
  try {
    return document.toString(format);
  } catch {
    throw new EditError([], 'This change takes away an anchor (&name) that an alias (*name) needs; change the file by hand.');
  }
}

function isSame(text: string, document: Document.Parsed): boolean {
  const read = readYaml(text);
  return read.ok && JSON.stringify(read.yaml.value) === JSON.stringify(document.toJS({ maxAliasCount: 100 }));
}

/** How the file is indented, so that new lines look like the old ones. */
function indentOf(text: string): { indent: number; indentSeq: boolean } {
  const depths = text.match(/^ +(?=[^\s#])/gm)?.map(({ length }) => length) ?? [];
  const indent = depths.length === 0 ? 2 : Math.min(...depths.slice(0, 1000));
  const hasFlatLists = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*\1- /m.test(text);
  return { indent: Math.min(indent, 8), indentSeq: !hasFlatLists };
}

/** Nothing but comments: what is edited then begins anew below them. */
function isBare(text: string): boolean {
  return text.split('\n').every(line => /^\s*(?:#|$)/.test(line));
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function editedJson(text: string, edits: readonly ConfigEdit[]): string {
  const document = parseDocument(text, { logLevel: 'silent' });
  for (const edit of edits) applyEdit(document, edit);
  const value: unknown = document.toJS();
  const indent = /^[ \t]+/m.exec(text)?.[0] ?? (text.includes('\n') ? 2 : undefined);
  const end = text.endsWith('\n') ? '\n' : '';
  if (!isRecord(value)) throw new EditError([], 'The file holds no map; change it by hand.');
  return `${JSON.stringify(value, undefined, indent)}${end}`;
}
