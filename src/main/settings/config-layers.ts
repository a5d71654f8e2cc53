/**
 * What lies above the file: environment variables `SHADOWCAT__SECTION__KEY` and, above those, flags. Both are laid into
 * the value of the file before it is held against the schema, so that they obey the same rules.
 */
import { parse } from 'yaml';
import { nearestWord } from '../../shared/filters/nearest-word.ts';
import { type ConfigPath, pathText, quoted, readPath } from './config-problem.ts';
import { childOf, defaultOf, isRecord, keysOf, rootSchema, type Schema, shapeOf, stepInto } from './config-shape.ts';

export const ENV_PREFIX = 'SHADOWCAT__';

/** Values by dotted path, such as `admin.port`. */
export type ConfigFlags = Readonly<Record<string, unknown>>;
export type ConfigEnv = Readonly<Record<string, string | undefined>>;

/** Where a value came from when it did not come from the file. */
export interface LayerSource {
  readonly kind: 'environment' | 'flag';
  /** Of the variable or the flag. */
  readonly name: string;
}

export interface Layered {
  readonly value: unknown;
  /** By the text of the path, of each value that was laid in. */
  readonly sources: ReadonlyMap<string, LayerSource>;
  /** Variables and flags that lead nowhere. */
  readonly problems: readonly { readonly source: LayerSource; readonly message: string }[];
}

/** Lays the layers into a copy of the file's value. */
export function layered(fileValue: unknown, env: ConfigEnv, flags: ConfigFlags): Layered {
  let value = structuredClone(fileValue);
  const sources = new Map<string, LayerSource>();
  const problems: { source: LayerSource; message: string }[] = [];
  for (const { source, words, raw } of [...fromEnv(env), ...fromFlags(flags)]) {
    try {
      const laid = lay({ schemas: [rootSchema], value, words, raw, path: [] });
      value = laid.value;
      sources.set(pathText(laid.path), source);
    } catch (error) {
      if (!(error instanceof LayerError)) throw error;
      problems.push({ source, message: error.message });
    }
  }
  return { value, sources, problems };
}

/** The source of a value: of itself or of what it is part of. */
export function sourceOf(sources: ReadonlyMap<string, LayerSource>, path: ConfigPath): LayerSource | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const source = sources.get(pathText(path.slice(0, length)));
    if (source !== undefined) return source;
  }
  return undefined;
}

interface Entry {
  readonly source: LayerSource;
  readonly words: readonly string[];
  readonly raw: unknown;
}

/** An empty variable counts as absent: that is how compose files and units pass what nobody set. */
function fromEnv(env: ConfigEnv): Entry[] {
  return Object.entries(env)
    .filter((entry): entry is [string, string] => entry[0].startsWith(ENV_PREFIX) && entry[1] !== undefined && entry[1] !== '')
    .map(([name, raw]) => ({ source: { kind: 'environment' as const, name }, words: name.slice(ENV_PREFIX.length).split('__'), raw }))
    .toSorted(inOrder);
}

function fromFlags(flags: ConfigFlags): Entry[] {
  return Object.entries(flags)
    .filter(([, raw]) => raw !== undefined)
    .map(([name, raw]) => ({
      source: { kind: 'flag' as const, name },
      words: name === '' ? [''] : (readPath(name) ?? [name]).map(String),
      raw,
    }))
    .toSorted(inOrder);
}

/** What is around comes before what is in it, entry 2 before entry 10, whatever order the environment has. */
function inOrder(a: Entry, b: Entry): number {
  for (const [at, word] of a.words.entries()) {
    const other = b.words[at];
    if (other === undefined) return 1;
    const difference = word.localeCompare(other, 'en', { numeric: true });
    if (difference !== 0) return difference;
  }
  return a.words.length - b.words.length;
}

/** A name or value that cannot be laid in; its message is for the operator. */
class LayerError extends Error {}

interface Step {
  readonly schemas: readonly Schema[];
  readonly value: unknown;
  readonly words: readonly string[];
  readonly raw: unknown;
  readonly path: ConfigPath;
}

function lay(step: Step): { value: unknown; path: ConfigPath } {
  const { schemas, words, raw, path } = step;
  const [word, ...rest] = words;
  if (word === undefined) return { value: readRaw(raw, schemas), path };
  const around = step.value ?? seedOf(schemas);
  const shapes = schemas.map(shapeOf);
  const { part, holder } = shapes.some(({ kind }) => kind === 'array') ? entryOf(word, around, path) : keyOf(word, around, step);
  const inner = lay({
    ...step,
    schemas: schemas.flatMap(schema => stepInto(schema, part, around)),
    value: childOf(holder, part),
    words: rest,
    path: [...path, part],
  });
  return { value: withPart(holder, part, inner.value), path: inner.path };
}

/** Lists and maps that nobody wrote begin as their default, so that one limit can be changed and the others stay. */
function seedOf(schemas: readonly Schema[]): unknown {
  for (const schema of schemas) {
    const given = defaultOf(schema);
    if (given !== undefined) return given.value;
  }
  return undefined;
}

function entryOf(word: string, around: unknown, path: ConfigPath): { part: number; holder: unknown[] } {
  const holder = around ?? [];
  const name = pathText(path);
  if (!/^\d{1,6}$/.test(word)) throw new LayerError(`${quoted(word)} is no number; entries of ${name} are counted from 0.`);
  const part = Number(word);
  if (!Array.isArray(holder)) throw new LayerError(`${name} is no list in the file; correct it there.`);
  if (part > holder.length) throw new LayerError(`${name} has ${holder.length} entries, so the next one is ${holder.length}, not ${part}.`);
  return { part, holder: holder as unknown[] };
}

function keyOf(word: string, around: unknown, { schemas, path }: Step): { part: string; holder: Record<string, unknown> } {
  const holder = around ?? {};
  const name = path.length === 0 ? 'The configuration' : pathText(path);
  if (word === '' || word === '__proto__') throw new LayerError('The name of a key is missing; write SECTION__KEY.');
  const hasFreeKeys = schemas.some(schema => shapeOf(schema).kind === 'record');
  if (!hasFreeKeys && keysOf(schemas, undefined).length === 0) throw new LayerError(`${name} has no keys.`);
  if (!isRecord(holder)) throw new LayerError(`${name} is no map in the file; correct it there.`);
  const known = hasFreeKeys ? Object.keys(holder) : keysOf(schemas, holder);
  const part = knownKey(word, known) ?? (hasFreeKeys ? word : undefined);
  if (part === undefined) throw new LayerError(`${name} has no key ${quoted(word)}${hint(word, known)}`);
  return { part, holder };
}

function knownKey(word: string, known: readonly string[]): string | undefined {
  if (known.includes(word)) return word;
  const same = known.filter(key => plain(key) === plain(word));
  if (same.length > 1) throw new LayerError(`${quoted(word)} can be ${same.join(' or ')}; write it exactly so.`);
  return same[0];
}

function hint(word: string, known: readonly string[]): string {
  const guess = nearestWord(plain(word), known.map(plain));
  const meant = known.find(key => plain(key) === guess);
  return meant === undefined ? `; it has ${known.join(', ')}.` : `; did you mean ${meant}?`;
}

const plain = (key: string) => key.toLowerCase();

function withPart(holder: unknown[] | Record<string, unknown>, part: string | number, value: unknown): unknown {
  if (!Array.isArray(holder)) return { ...holder, [part]: value };
  return part === holder.length ? [...holder, value] : holder.with(part as number, value);
}

/** A text stays as it is where a text is meant; elsewhere it is read as YAML, so that `0`, `true` and `[a, b]` mean what they say. */
function readRaw(raw: unknown, schemas: readonly Schema[]): unknown {
  if (typeof raw !== 'string') return structuredClone(raw);
  if (schemas.some(schema => shapeOf(schema).kind === 'text')) return raw;
  try {
    return parse(raw, { maxAliasCount: 0, logLevel: 'error', version: '1.2' });
  } catch {
    throw new LayerError('The value is no YAML; put quotes around its texts.');
  }
}
