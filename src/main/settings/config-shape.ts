/** The schema of the configuration, walked by path: which keys are known where, which values are meant, what stands when nothing is said. */
import type { z } from 'zod';
import { type TextTrait, textTraits } from '../../shared/config/atoms.ts';
import { Config } from '../../shared/config/schema.ts';
import type { ConfigPath } from './config-problem.ts';

export type Schema = z.core.$ZodType;

/** What a place of the configuration takes, with `optional`, `default` and `refine` taken off. */
export type Shape =
  | { readonly kind: 'object'; readonly keys: Readonly<Record<string, Schema>> }
  | { readonly kind: 'array'; readonly element: Schema }
  | { readonly kind: 'record'; readonly value: Schema }
  /** One of several objects; `discriminator` is the key that says which. */
  | { readonly kind: 'union'; readonly options: readonly Schema[]; readonly discriminator: string | undefined }
  | { readonly kind: 'text'; readonly trait: TextTrait | undefined }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'number' | 'boolean' | 'other' };

export const rootSchema: Schema = Config;

/** What a schema takes. */
export function shapeOf(schema: Schema): Shape {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
      return shapeOf(def.innerType);
    case 'pipe':
      return shapeOf(def.in);
    case 'object':
      return { kind: 'object', keys: def.shape };
    case 'array':
      return { kind: 'array', element: def.element };
    case 'record':
      return { kind: 'record', value: def.valueType };
    case 'union':
      return { kind: 'union', options: def.options, discriminator: (def as { discriminator?: string }).discriminator };
    case 'string':
      return { kind: 'text', trait: textTraits.get(schema) };
    case 'enum':
      return { kind: 'choice', values: Object.values(def.entries).map(String) };
    case 'literal':
      return { kind: 'choice', values: def.values.map(String) };
    case 'number':
    case 'boolean':
      return { kind: def.type };
    default:
      return { kind: 'other' };
  }
}

/** What applies when the key is absent, as a file would say it; undefined when nothing does. */
export function defaultOf(schema: Schema): { readonly value: unknown } | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'default' || def.type === 'prefault') return { value: structuredClone(def.defaultValue) };
  return def.type === 'optional' ? defaultOf(def.innerType) : undefined;
}

export function descriptionOf(schema: Schema): string | undefined {
  return (schema as z.ZodType).description;
}

/** The schemas that a part of a path may lead to from here; several where a union is not decided by `value`. */
export function stepInto(schema: Schema, part: string | number, value: unknown): readonly Schema[] {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case 'object': {
      const inner = Object.hasOwn(shape.keys, part) ? shape.keys[part] : undefined;
      return inner === undefined ? [] : [inner];
    }
    case 'array':
      return typeof part === 'number' ? [shape.element] : [];
    case 'record':
      return [shape.value];
    case 'union':
      return optionsFor(shape, value).flatMap(option => stepInto(option, part, value));
    default:
      return [];
  }
}

/** The options that a value chose, by its discriminator or by its keys; all when it chose none. */
export function optionsFor(shape: Shape & { kind: 'union' }, value: unknown): readonly Schema[] {
  const said = isRecord(value) ? value : {};
  const chosen = shape.options.filter(option => {
    const inner = shapeOf(option);
    if (inner.kind !== 'object') return false;
    if (shape.discriminator === undefined) return Object.keys(inner.keys).some(key => Object.hasOwn(said, key));
    const marker = inner.keys[shape.discriminator];
    const markers = marker === undefined ? undefined : shapeOf(marker);
    return markers?.kind === 'choice' && markers.values.includes(String(said[shape.discriminator]));
  });
  return chosen.length > 0 ? chosen : shape.options;
}

/** The schemas at a path, given the whole value that unions are decided by. */
export function schemasAt(path: ConfigPath, top: unknown): readonly Schema[] {
  let schemas: readonly Schema[] = [rootSchema];
  let value = top;
  for (const part of path) {
    const around = value;
    schemas = schemas.flatMap(schema => stepInto(schema, part, around));
    value = childOf(value, part);
  }
  return schemas;
}

/** The keys that are known below these schemas; empty where any key may stand. */
export function keysOf(schemas: readonly Schema[], value: unknown): readonly string[] {
  const keys = new Set<string>();
  for (const schema of schemas) {
    const shape = shapeOf(schema);
    if (shape.kind === 'object') for (const key of Object.keys(shape.keys)) keys.add(key);
    if (shape.kind === 'union') for (const key of keysOf(optionsFor(shape, value), value)) keys.add(key);
  }
  return [...keys];
}

export function childOf(value: unknown, part: string | number): unknown {
  if (Array.isArray(value)) return typeof part === 'number' ? (value as unknown[])[part] : undefined;
  return isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}

export function valueAt(top: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(childOf, top);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every key of the schema with the pattern of its path (`upstreams.NAME.instances[].url`) and its schema. */
export function everyKey(): ReadonlyMap<string, Schema> {
  const found = new Map<string, Schema>();
  const walk = (schema: Schema, path: string): void => {
    const shape = shapeOf(schema);
    if (shape.kind === 'array') walk(shape.element, `${path}[]`);
    if (shape.kind === 'record') walk(shape.value, `${path}.NAME`);
    if (shape.kind === 'union') for (const option of shape.options) walk(option, path);
    if (shape.kind !== 'object') return;
    for (const [key, inner] of Object.entries(shape.keys)) {
      const innerPath = path === '' ? key : `${path}.${key}`;
      found.set(innerPath, inner);
      walk(inner, innerPath);
    }
  };
  walk(rootSchema, '');
  return found;
}
