/** What is in force once all layers and defaults are joined, as a file would say it, and where each value came from. */
import { stringify } from 'yaml';
import { scanReferences } from '../../shared/config/secret-references.ts';
import { type ConfigPath, pathText } from './config-problem.ts';
import { childOf, defaultOf, isRecord, optionsFor, rootSchema, type Schema, shapeOf } from './config-shape.ts';
import { isSecretText, traitOf } from './config-texts.ts';
import { sourceOf } from './config-layers.ts';
import type { ReadConfig } from './read-config.ts';

/** What stands in place of a secret that stands in the file itself. */
export const HIDDEN = '(hidden)';

export interface EffectiveConfig {
  /** References stay references, literal secrets are hidden. Durations and sizes are written with their units. */
  readonly value: Record<string, unknown>;
  /** Per value, by the text of its path: `default`, `line 3`, or the name of a variable or flag. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Joins what was read with the defaults. */
export function effectiveConfig(read: ReadConfig & { ok: true }): EffectiveConfig {
  const origins = new Map<string, string>();
  const originOf = (path: ConfigPath, isSaid: boolean): string => {
    const source = sourceOf(read.layers.sources, path);
    if (source !== undefined) return source.name;
    return isSaid ? `line ${read.yaml.placeOf(path).line}` : 'default';
  };

  function join(schema: Schema, said: unknown, path: ConfigPath, isSaid: boolean): unknown {
    const shape = shapeOf(schema);
    const inner = (from: Schema, part: string | number, isInnerSaid = isSaid) =>
      join(from, childOf(said, part), [...path, part], isInnerSaid);
    if (shape.kind === 'object') return joinKeys(shape.keys, said, path, isSaid);
    if (shape.kind === 'array' && Array.isArray(said) && said.length > 0) return said.map((_, at) => inner(shape.element, at));
    if (shape.kind === 'record' && isRecord(said) && Object.keys(said).length > 0)
      return Object.fromEntries(Object.keys(said).map(key => [key, inner(shape.value, key)]));
    const [option] = shape.kind === 'union' ? optionsFor(shape, said) : [];
    if (option !== undefined) return join(option, said, path, isSaid);
    origins.set(pathText(path), originOf(path, isSaid));
    return shown(said, schema, path);
  }

  function joinKeys(keys: Readonly<Record<string, Schema>>, said: unknown, path: ConfigPath, isSaid: boolean): Record<string, unknown> {
    const joined: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries(keys)) {
      const value = childOf(said, key);
      const standIn = value === undefined ? defaultOf(schema) : undefined;
      if (value === undefined && standIn === undefined) continue;
      joined[key] = join(schema, value ?? standIn?.value, [...path, key], isSaid && value !== undefined);
    }
    return joined;
  }

  return { value: join(rootSchema, read.said, [], true) as Record<string, unknown>, origins };
}

/** As YAML; with `withOrigins` each value has a comment that says where it came from. */
export function effectiveYaml({ value, origins }: EffectiveConfig, withOrigins: boolean): string {
  const lines: string[] = [];
  const remark = (path: ConfigPath) => (withOrigins ? ` # ${origins.get(pathText(path)) ?? ''}` : '');

  /** `lead` stands before the first key: the dash of an entry, or nothing but the indentation. */
  function writeKeys(keys: Record<string, unknown>, path: ConfigPath, indent: string, lead = indent): void {
    for (const [at, [key, inner]] of Object.entries(keys).entries())
      writeValue(`${at === 0 ? lead : indent}${inlined(key)}:`, inner, [...path, key], indent);
  }

  function writeValue(head: string, inner: unknown, path: ConfigPath, indent: string): void {
    if (isFilled(inner)) {
      lines.push(head);
      return writeKeys(inner, path, `${indent}  `);
    }
    if (!Array.isArray(inner) || inner.length === 0) return void lines.push(`${head} ${inlined(inner)}${remark(path)}`);
    lines.push(head);
    for (const [at, entry] of inner.entries())
      if (isFilled(entry)) writeKeys(entry, [...path, at], `${indent}    `, `${indent}  - `);
      else lines.push(`${indent}  - ${inlined(entry)}${remark([...path, at])}`);
  }

  writeKeys(value, [], '');
  return `${lines.join('\n')}\n`;
}

function isFilled(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Object.keys(value).length > 0;
}

/** One line of YAML; a text with line breaks as JSON has it, which YAML reads as well. */
function inlined(value: unknown): string {
  if (typeof value === 'string' && /[\n\r]/.test(value)) return JSON.stringify(value);
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

/** A text that is a secret and no reference is not shown. */
function shown(said: unknown, schema: Schema, path: ConfigPath): unknown {
  if (typeof said !== 'string') return said;
  return isSecretText(path, traitOf([schema])) && said !== '' && scanReferences(said).found.length === 0 ? HIDDEN : said;
}
