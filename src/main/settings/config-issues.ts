/** What the schema complains of, as sentences that say what to do. Values of secrets are never quoted. */
import { safeParse, type z } from 'zod';
import { nearestWord } from '../../shared/filters/nearest-word.ts';
import { type ConfigFinding, type ConfigPath, pathText, quoted } from './config-problem.ts';
import { everyKey, isRecord, keysOf, optionsFor, schemasAt, shapeOf, valueAt } from './config-shape.ts';

type Issue = z.core.$ZodIssue;

/** Looking for what each key was meant to be takes time; nobody reads more at once. */
const MAX_FINDINGS = 300;

interface Found {
  readonly finding: ConfigFinding;
  /** The key that is missing. */
  readonly missing?: string;
  /** The object whose keys do not go together. */
  readonly whole?: string;
}

/** Findings for the issues of the schema; `top` is the value that was parsed. */
export function issueFindings(issues: readonly Issue[], top: unknown): ConfigFinding[] {
  const meant = new Set<string>();
  const mistyped = new Set<string>();
  const findings: Found[] = [];
  for (const issue of issues.slice(0, MAX_FINDINGS).flatMap(found => unfolded(found, top))) {
    if (findings.length >= MAX_FINDINGS) break;
    const path = issue.path as ConfigPath;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, MAX_FINDINGS)) {
        const { message, guess } = unknownKey(key, path, top);
        if (guess !== undefined) meant.add(pathText([...path, guess]));
        mistyped.add(pathText(path));
        findings.push({ finding: { path: [...path, key], message, isAboutKey: true } });
      }
      continue;
    }
    const isMissing =
      (issue.code === 'invalid_type' || issue.code === 'invalid_union') && path.length > 0 && valueAt(top, path) === undefined;
    const doubt = isMissing ? { missing: pathText(path) } : issue.code === 'custom' ? { whole: pathText(path) } : {};
    findings.push({ finding: findingOf(issue, path, top), ...doubt });
  }
  // Who mistyped a key that must be there has one mistake, not two.
  return findings
    .filter(({ missing, whole }) => !(missing !== undefined && meant.has(missing)) && !(whole !== undefined && mistyped.has(whole)))
    .map(({ finding }) => finding);
}

/** An issue of a union is that of the branch which was meant; where none can be told, it is the keys that no branch has. */
function unfolded(issue: Issue, top: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const hasMarker = issue.discriminator !== undefined;
  const path = (hasMarker ? issue.path.slice(0, -1) : issue.path) as ConfigPath;
  const value = valueAt(top, path);
  const union = schemasAt(path, top)
    .map(shapeOf)
    .find(shape => shape.kind === 'union');
  if (union === undefined || !isRecord(value)) return [issue];
  const known = keysOf(union.options, undefined);
  const keys = Object.keys(value).filter(key => !known.includes(key));
  const unknown: Issue[] = keys.length === 0 ? [] : [{ code: 'unrecognized_keys', keys, path: [...path], message: '', input: value }];
  if (hasMarker) return [...unknown, issue];
  const chosen = optionsFor(union, value);
  if (chosen.length !== 1) return unknown.length > 0 && chosen.length === union.options.length ? unknown : [issue];
  const branch = issue.errors[union.options.findIndex(option => option === chosen[0])] ?? [];
  return branch.flatMap(inner => unfolded({ ...inner, path: [...path, ...inner.path] } as Issue, top));
}

function findingOf(issue: Issue, path: ConfigPath, top: unknown): ConfigFinding {
  switch (issue.code) {
    case 'invalid_type':
      return { path, message: issue.expected === 'never' ? issue.message : wrongType(issue.expected, path, top) };
    case 'too_small':
    case 'too_big':
      return { path, message: outOfBounds(issue) };
    case 'invalid_value':
      return { path, message: oneOf(issue.values.map(String), path, top) };
    case 'invalid_format':
      return { path, message: issue.message.startsWith('Invalid') ? badFormat(issue.format, path, top) : issue.message };
    case 'invalid_union':
      return { path, message: noBranch(issue, path, top) };
    case 'invalid_key':
      return { path, message: issue.issues[0]?.message ?? 'Choose another key.', isAboutKey: true };
    default:
      return { path, message: issue.message.startsWith('Invalid') ? `Correct ${pathText(path)}.` : issue.message };
  }
}

function wrongType(expected: string, path: ConfigPath, top: unknown): string {
  const value = valueAt(top, path);
  const name = nameOf(path);
  if (path.length === 0 && (value === undefined || value === null)) return 'The file is empty; begin with the line "version: 1".';
  if (value === undefined) return missing(path, top);
  if (value === null) return `Nothing stands behind ${name}; write a value or remove the key.`;
  switch (expected) {
    case 'string':
      return typeof value === 'object' ? `Write one text for ${name}.` : textWanted(path, value, top);
    case 'boolean':
      return `Write true or false for ${name}${shown(path, top)}.`;
    case 'int':
      return `Write a whole number for ${name}${shown(path, top)}.`;
    case 'array':
      return `Write a list for ${name}: each entry in a line of its own behind "- ", or all within [ ].`;
    case 'object':
    case 'record':
      return keysNeeded(path, top);
    default:
      return `Write a ${expected} for ${name}${shown(path, top)}.`;
  }
}

/** Quotes alone do not help where the text has to be of some kind, such as a duration. */
function textWanted(path: ConfigPath, value: unknown, top: unknown): string {
  const [schema] = schemasAt(path, top);
  const asText = schema === undefined ? undefined : safeParse(schema, String(value));
  const wish = asText?.success === false ? asText.error.issues[0]?.message : undefined;
  if (wish !== undefined && !wish.startsWith('Invalid')) return wish;
  return `Put the value of ${nameOf(path)} in quotes${shown(path, top)}.`;
}

function keysNeeded(path: ConfigPath, top: unknown): string {
  const keys = keysOf(schemasAt(path, top), undefined);
  const where = path.length === 0 ? 'here' : `below ${nameOf(path)}`;
  return `Write keys with values ${where}${keys.length === 0 ? '' : `: ${keys.join(', ')}`}.`;
}

/** A key that must be there, with what it may be. */
function missing(path: ConfigPath, top: unknown): string {
  if (path.length === 1 && path[0] === 'version') return 'Add the line "version: 1".';
  const choices = schemasAt(path, top).flatMap(schema => {
    const shape = shapeOf(schema);
    return shape.kind === 'choice' ? shape.values : [];
  });
  const choice = choices.length > 0 ? `: ${choices.join(', ')}` : '';
  const around = path.slice(0, -1);
  return `Add ${nameOf(path)}${around.length === 0 ? '' : ` to ${pathText(around)}`}${choice}.`;
}

function outOfBounds(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isLow = issue.code === 'too_small';
  const bound = isLow ? issue.minimum : issue.maximum;
  const how = isLow ? 'at least' : 'at most';
  switch (issue.origin) {
    case 'string':
      return bound === 1 ? 'Write a text that is not empty.' : `Write ${how} ${bound} characters.`;
    case 'array':
      return isLow ? `Add an entry: ${how} ${bound} must be there.` : `Remove entries: ${how} ${bound} may be there.`;
    default:
      return issue.inclusive === false ? `Write a number ${isLow ? 'above' : 'below'} ${bound}.` : `Write ${how} ${bound}.`;
  }
}

function oneOf(values: readonly string[], path: ConfigPath, top: unknown): string {
  const value = valueAt(top, path);
  if (value === undefined) return missing(path, top);
  if (values.length === 1) return `Write ${nameOf(path)}: ${values[0]}.`;
  const guess = typeof value === 'string' ? near(value, values) : undefined;
  return `Write one of ${values.join(', ')} for ${nameOf(path)}${shown(path, top)}${guess === undefined ? '' : ` (did you mean ${guess}?)`}.`;
}

function badFormat(format: string, path: ConfigPath, top: unknown): string {
  if (format === 'url') return `Write an address such as https://host/path for ${nameOf(path)}${shown(path, top)}.`;
  return `Correct ${nameOf(path)}${shown(path, top)}.`;
}

/** No branch of a union was meant, or more than one. */
function noBranch(issue: z.core.$ZodIssueInvalidUnion & { readonly options?: readonly unknown[] }, path: ConfigPath, top: unknown): string {
  if (issue.discriminator !== undefined) return oneOf(issue.options?.map(String) ?? [], path, top);
  const value = valueAt(top, path);
  const kinds = keysOf(schemasAt(path, top), undefined);
  const said = isRecord(value) ? Object.keys(value).filter(key => kinds.includes(key)) : [];
  if (said.length > 1) return `Keep one of ${said.join(', ')}: ${nameOf(path)} has one kind.`;
  return `Write one of these below ${nameOf(path)}: ${kinds.join(', ')}.`;
}

/** Where clients keep their servers: a file that was taken for ours. `servers` and `mcp` may be slips in one of ours. */
const clientKeys = ['mcpServers', 'context_servers'];

function unknownKey(key: string, path: ConfigPath, top: unknown): { message: string; guess: string | undefined } {
  const value = valueAt(top, path);
  const schemas = schemasAt(path, top);
  const known = keysOf(schemas, value);
  const free = known.filter(name => !isRecord(value) || !Object.hasOwn(value, name));
  const guess = near(key, free) ?? near(key, known);
  const start = `Unknown key ${quoted(key)}`;
  if (path.length === 0 && clientKeys.includes(key))
    return {
      message: `${start}: this is a client's file. Make a configuration of it: shadowcat config init --from FILE.`,
      guess: undefined,
    };
  const other = otherBranch(key, schemas, value);
  if (other !== undefined) return { message: `${start}: ${other}`, guess: undefined };
  if (guess !== undefined) return { message: `${start}; did you mean ${guess}?`, guess };
  const elsewhere = placesOf(key);
  if (elsewhere.length > 0) return { message: `${start} here; it stands in ${elsewhere.join(' and ')}.`, guess: undefined };
  return { message: `${start}; here may stand: ${(free.length > 0 ? free : known).join(', ')}.`, guess: undefined };
}

/** A key of the other kind of the same thing, such as `limit` of a sliding window in a token bucket. */
function otherBranch(key: string, schemas: readonly z.core.$ZodType[], value: unknown): string | undefined {
  for (const union of schemas.map(shapeOf)) {
    if (union.kind !== 'union' || union.discriminator === undefined) continue;
    const chosen = optionsFor(union, value);
    const owner = union.options.find(option => !chosen.includes(option) && keysOf([option], value).includes(key));
    const marker = owner === undefined ? undefined : shapeOf(owner);
    const markerSchema = marker?.kind === 'object' ? marker.keys[union.discriminator] : undefined;
    const kinds = markerSchema === undefined ? undefined : shapeOf(markerSchema);
    if (kinds?.kind !== 'choice') continue;
    const own = keysOf(chosen, value).filter(
      name =>
        !keysOf(
          union.options.filter(option => !chosen.includes(option)),
          value,
        ).includes(name),
    );
    return `it belongs to ${union.discriminator}: ${kinds.values.join(' or ')}; here stand ${own.join(' and ')}.`;
  }
  return undefined;
}

/** Where else a key stands, when that is worth saying: at most two places. */
function placesOf(key: string): string[] {
  const places = [...everyKey().keys()].filter(path => path.endsWith(`.${key}`)).map(path => path.slice(0, -key.length - 1));
  return places.length <= 2 ? places : [];
}

/** The known word that was meant: other capitals and `_` or `-` between the words count as the same. */
function near(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  return known.find(name => plain(name) === plain(word)) ?? nearestWord(word, known);
}

/** `routes[0].path` is named by its last key: the line says the rest. */
function nameOf(path: ConfigPath): string {
  const at = path.findLastIndex(part => typeof part === 'string');
  return at === -1 ? 'the configuration' : pathText(path.slice(at));
}

/** What stands there now, unless it is a secret. */
function shown(path: ConfigPath, top: unknown): string {
  const value = valueAt(top, path);
  const isHidden = schemasAt(path, top).some(schema => {
    const shape = shapeOf(schema);
    return shape.kind === 'text' && shape.trait !== undefined;
  });
  return isHidden || typeof value === 'object' || value === undefined ? '' : `, not ${quoted(value)}`;
}
