/** Takes out of a list what its reader may not use. Everything else of the text stays as it is, cursors included. */
import { LIST_UNITS, RequestWork } from '../../pipeline/cel/work-budget.ts';
import type { Guard } from '../../pipeline/guard.ts';
import { elementSpans, withoutElements } from '../../pipeline/policy/json-spans.ts';
import { listedSubject, type Surroundings } from '../../pipeline/policy/subject.ts';
import type { ApplyPolicyDeps } from '../apply-policy.ts';

export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

const methods: Readonly<Record<string, ListKind>> = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
};

/** The member that names an entry, and what an entry is to a policy. */
const entries = {
  tools: { name: 'name', kind: 'tool' },
  prompts: { name: 'name', kind: 'prompt' },
  resources: { name: 'uri', kind: 'resource' },
  resourceTemplates: { name: 'uriTemplate', kind: 'resource' },
} as const;

export interface GivenList {
  readonly kind: ListKind;
  readonly result: unknown;
  readonly text: string;
}

export interface FilteredList {
  readonly text: string;
  readonly reason: string;
}

/** Names in a reason. */
const MAX_NAMED = 5;

export function listKindOfMethod(method: string): ListKind | undefined {
  return Object.hasOwn(methods, method) ? methods[method] : undefined;
}

/** By its shape, where nobody knows which request it answers. */
export function listKindOfResult(result: unknown): ListKind | undefined {
  return (Object.keys(entries) as ListKind[]).find(kind => listOf(result, kind) !== undefined);
}

/** Undefined when all of it may be seen. Tools are shown to the pins first, which learn from every list. */
export function filteredList(
  { engine, pins }: ApplyPolicyDeps,
  { route }: Guard,
  surroundings: Surroundings,
  { kind, result, text }: GivenList,
): FilteredList | undefined {
  const list = listOf(result, kind);
  if (list === undefined) return undefined;
  const pinned = kind === 'tools' ? pins.observe(route.upstream, list) : nothing;
  const hides = engine.hides(route.hasAuth);
  const work = new RequestWork(LIST_UNITS);
  const names = list.map(entry => nameOf(entry, entries[kind].name));
  const isKept = names.map(name => {
    if (name === undefined) return !hides && pinned.size === 0;
    if (pinned.has(name)) return false;
    if (!hides) return true;
    const meta = kind === 'tools' ? pins.meta(route.upstream, name) : undefined;
    return engine.mayShow(listedSubject({ kind: entries[kind].kind, name }, surroundings, meta), route.hasAuth, work);
  });
  const hidden = names.filter((_, at) => isKept[at] !== true);
  if (hidden.length === 0) return undefined;
  const shown = hidden.slice(0, MAX_NAMED).map(name => (name ?? 'one without a name').slice(0, 100));
  return {
    text: withoutHidden(text, kind, list.length, isKept),
    reason: `${hidden.length} of ${list.length} ${kind} are not shown: ${shown.join(', ')}${hidden.length > MAX_NAMED ? ', …' : ''}`,
  };
}

/** Where a key is there twice the text is written anew: whoever reads it then finds one list, the filtered one. */
function withoutHidden(text: string, kind: ListKind, count: number, isKept: readonly boolean[]): string {
  const spans = elementSpans(text, ['result', kind]);
  if (spans?.length === count) return withoutElements(text, spans, isKept);
  const message = JSON.parse(text) as { readonly result: Readonly<Record<string, unknown>> };
  const kept = (listOf(message.result, kind) ?? []).filter((_, at) => isKept[at] === true);
  return JSON.stringify({ ...message, result: { ...message.result, [kind]: kept } });
}

function listOf(result: unknown, kind: ListKind): readonly unknown[] | undefined {
  if (typeof result !== 'object' || result === null || !Object.hasOwn(result, kind)) return undefined;
  const list = (result as Readonly<Record<string, unknown>>)[kind];
  return Array.isArray(list) ? list : undefined;
}

function nameOf(entry: unknown, member: string): string | undefined {
  const name =
    typeof entry === 'object' && entry !== null && Object.hasOwn(entry, member) ? (entry as Record<string, unknown>)[member] : undefined;
  return typeof name === 'string' ? name : undefined;
}

const nothing: ReadonlySet<string> = new Set();
