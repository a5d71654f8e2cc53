/** Arguments that also travel as header fields (2026-07-28, Streamable HTTP, custom headers): which a tool declares, and how a value is written. */

/** One argument: `Mcp-Param-<header>` carries what stands at `path` in the arguments. */
export interface MirroredArgument {
  readonly header: string;
  readonly path: readonly string[];
}

const MAX_DEPTH = 20;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What a tool's `inputSchema` declares by `x-mcp-header`. Declarations that break the rules mirror nothing. */
export function mirroredArguments(inputSchema: unknown): readonly MirroredArgument[] {
  const found: MirroredArgument[] = [];
  collect(inputSchema, [], found);
  return found;
}

/** What the header has to say of these arguments; undefined where it is to be left out. */
export function mirroredText(args: unknown, { path }: MirroredArgument): string | undefined {
  const value = path.reduce<unknown>((at, key) => record(at)[key], args);
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined;
}

function collect(schema: unknown, path: readonly string[], into: MirroredArgument[]): void {
  if (path.length > MAX_DEPTH) return;
  const { properties, type, 'x-mcp-header': header } = record(schema);
  const isPrimitive = type === 'string' || type === 'integer' || type === 'boolean';
  if (typeof header === 'string' && path.length > 0 && isPrimitive && token.test(header)) into.push({ header, path });
  for (const [key, child] of Object.entries(record(properties))) collect(child, [...path, key], into);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
