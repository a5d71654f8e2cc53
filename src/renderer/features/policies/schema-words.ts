/** What a JSON Schema allows at a place: keys with what they mean, or values. */

export interface SchemaWord {
  readonly word: string;
  readonly detail: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** Keys that the map at this path may have. */
export function keysAt(root: Schema, path: readonly string[]): readonly SchemaWord[] {
  const found = new Map<string, string>();
  for (const schema of schemasAt(root, path))
    for (const [word, under] of Object.entries(recordOf(schema['properties']))) found.set(word, found.get(word) ?? textOf(under));
  return [...found].map(([word, detail]) => ({ word, detail }));
}

/** Values that are named one by one: choices, and yes or no. */
export function valuesAt(root: Schema, path: readonly string[]): readonly SchemaWord[] {
  const words = schemasAt(root, path).flatMap(schema => {
    if (Array.isArray(schema['enum'])) return schema['enum'].map(String);
    const only = schema['const'];
    if (typeof only === 'string' || typeof only === 'number') return [String(only)];
    return schema['type'] === 'boolean' ? ['true', 'false'] : [];
  });
  return [...new Set(words)].map(word => ({ word, detail: '' }));
}

/** Every schema that may apply there: alternatives count all. */
function schemasAt(root: Schema, path: readonly string[]): readonly Schema[] {
  let here = alternatives(root, root);
  for (const part of path) here = here.flatMap(schema => under(schema, part).flatMap(next => alternatives(root, next)));
  return here;
}

function under(schema: Schema, part: string): readonly Schema[] {
  if (part === '[]') return isSchema(schema['items']) ? [schema['items']] : [];
  const own = recordOf(schema['properties'])[part];
  if (isSchema(own)) return [own];
  return isSchema(schema['additionalProperties']) ? [schema['additionalProperties']] : [];
}

const MAX_DEPTH = 8;

function alternatives(root: Schema, schema: Schema, depth = 0): readonly Schema[] {
  if (depth > MAX_DEPTH) return [];
  const reference = schema['$ref'];
  const referred = typeof reference === 'string' ? pointed(root, reference) : undefined;
  const more = [referred, ...['anyOf', 'oneOf', 'allOf'].flatMap(key => (Array.isArray(schema[key]) ? (schema[key] as unknown[]) : []))];
  return [schema, ...more.filter(isSchema).flatMap(next => alternatives(root, next, depth + 1))];
}

/** `#/$defs/Name` */
function pointed(root: Schema, reference: string): unknown {
  let here: unknown = root;
  for (const part of reference.split('/').slice(1)) here = recordOf(here)[part];
  return here;
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isSchema(value) ? value : {});
const textOf = (schema: unknown): string => {
  const text = recordOf(schema)['description'];
  return typeof text === 'string' ? text : '';
};
