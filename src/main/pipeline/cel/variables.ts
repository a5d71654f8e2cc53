/** The variables of expressions, and how a subject fills them: each only when an expression looks at it. */
import type { CelInput } from '@bufbuild/cel';
import type { Subject } from '../policy/subject.ts';
import { toCelInput } from './lazy-values.ts';
import type { Work } from './work-budget.ts';

/** Members that always are what they are; `args` and what stands inside `claims` and `headers` is whatever came. */
const fields: Readonly<Record<string, readonly string[]>> = {
  resource: ['uri'],
  principal: ['sub', 'iss', 'scopes', 'roles', 'claims'],
  client: ['ip', 'name', 'version'],
  session: ['id', 'era'],
  http: ['method', 'path', 'headers'],
  tool_meta: ['readOnly', 'destructive', 'pinned'],
};

export const variableNames: ReadonlySet<string> = new Set(['method', 'server', 'tool', 'prompt', 'args', 'now', ...Object.keys(fields)]);

/** Members of a variable that has fixed ones. */
export function fieldsOf(variable: string): readonly string[] | undefined {
  return Object.hasOwn(fields, variable) ? fields[variable] : undefined;
}

/** Credentials are for nobody to look at, and `Mcp-*` only repeats what the body says, or lies. */
const hiddenHeaders = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key']);

export type Bindings = Readonly<Record<string, CelInput>>;

/** `timestampOf` makes a CEL timestamp; only expressions that look at `now` pay for it. */
export function bindingsOf(subject: Subject, work: Work, timestampOf: (epochMs: number) => CelInput): Bindings {
  const { method, server, tool, prompt, resource, args, principal, client, session, http, toolMeta, nowMs } = subject;
  const lazy = (value: () => unknown) => once(() => toCelInput(value(), work));
  const bindings = Object.create(null) as Record<string, CelInput>;
  const define = (name: string, get: () => CelInput) => Object.defineProperty(bindings, name, { get, enumerable: true });
  define(
    'method',
    lazy(() => method),
  );
  define(
    'server',
    lazy(() => server),
  );
  define(
    'tool',
    lazy(() => tool),
  );
  define(
    'prompt',
    lazy(() => prompt),
  );
  define(
    'resource',
    lazy(() => ({ uri: resource })),
  );
  define(
    'args',
    lazy(() => args ?? {}),
  );
  define(
    'principal',
    lazy(() => {
      const { sub = '', iss = '', scopes, roles, claims } = principal;
      return { sub, iss, scopes, roles, claims };
    }),
  );
  define(
    'client',
    lazy(() => client),
  );
  define(
    'session',
    lazy(() => session),
  );
  define(
    'http',
    lazy(() => ({ method: http.method, path: http.path, headers: shownHeaders(http.rawHeaders) })),
  );
  define(
    'tool_meta',
    lazy(() => (toolMeta === undefined ? {} : shownMeta(toolMeta))),
  );
  define(
    'now',
    once(() => timestampOf(nowMs)),
  );
  return bindings;
}

function once(make: () => CelInput): () => CelInput {
  let made: { readonly value: CelInput } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What the server did not say is not there: `has(tool_meta.readOnly)` tells. */
function shownMeta({ readOnly, destructive, pinned }: NonNullable<Subject['toolMeta']>): Record<string, unknown> {
  return {
    pinned: pinned === 'same',
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(destructive === undefined ? {} : { destructive }),
  };
}

/** Lower-case names; values of repeated fields are joined as HTTP has it. */
function shownHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const shown = Object.create(null) as Record<string, string>;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (hiddenHeaders.has(name) || name.startsWith('mcp-')) continue;
    const value = rawHeaders[at + 1] as string;
    shown[name] = shown[name] === undefined ? value : `${shown[name]}, ${value}`;
  }
  return shown;
}
