/** What a person does to policies, as edits of the file by path: everything that is not named stays as it is written. */
import type { ConfigEdit } from '../../shared/contract/calls.ts';
import type { ConfigDraft, DraftPolicy } from '../../shared/model/config-draft.ts';

/** What a policy is about, in the order in which a sentence names it. */
export const matchKeys = ['methods', 'servers', 'tools', 'prompts', 'resources', 'clients'] as const;
export type MatchKey = (typeof matchKeys)[number];

export interface NewPolicy {
  readonly id: string;
  readonly effect: string;
  readonly match?: Partial<Record<MatchKey, readonly string[]>>;
  readonly when?: string;
  readonly message?: string;
  readonly mode?: string;
}

/** A change of the file itself. A policy is named by its id, for its place may differ between file and draft. */
export type FileChange =
  | { readonly kind: 'policy'; readonly id: string; readonly key: 'mode'; readonly value: string }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'top'; readonly path: readonly string[]; readonly value: string | boolean };

/** Undefined where the text has no such policy. */
export function editsOf(change: FileChange, text: ConfigDraft | undefined): readonly ConfigEdit[] | undefined {
  if (change.kind === 'top') return [{ path: [...change.path], value: change.value }];
  const index = text?.policies.findIndex(({ id }) => id === change.id) ?? -1;
  if (index < 0) return undefined;
  return change.kind === 'remove'
    ? [{ path: ['policies', index], remove: true }]
    : [{ path: ['policies', index, change.key], value: change.value }];
}

/** A new policy after the others. A first one takes the place of an empty list, so that it is not written into its brackets. */
export function additionOf(policy: NewPolicy, text: ConfigDraft | undefined, written: string): readonly ConfigEdit[] {
  const count = text?.policies.length ?? 0;
  const begin: ConfigEdit[] = written.trim() === '' ? [{ path: ['version'], value: 1 }] : [];
  if (count > 0) return [{ path: ['policies', count], value: policy }];
  return [...begin, { path: ['policies'], remove: true }, { path: ['policies'], value: [policy] }];
}

/** An id that no other policy has. */
export function freeId(wanted: string, taken: readonly string[] = []): string {
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number += 1) if (!taken.includes(`${wanted}-${number}`)) return `${wanted}-${number}`;
}

/** A field of the form. An empty text and an empty list are left out of the file. */
export function fieldEdit(index: number, key: 'id' | 'effect' | 'when' | 'message' | 'mode', value: string): ConfigEdit {
  const path = ['policies', index, key];
  return value === '' && (key === 'when' || key === 'message') ? { path, remove: true } : { path, value };
}

/** The globs of one kind, one by one, so that those that stay keep their spelling. The last of them takes `match` along. */
export function matchEdits(index: number, policy: DraftPolicy, key: MatchKey, globs: readonly string[]): readonly ConfigEdit[] {
  const path = ['policies', index, 'match', key];
  const before = policy.match[key] ?? [];
  const isLast = Object.entries(policy.match).every(([other, list]) => other === key || list.length === 0);
  if (globs.length === 0) return [{ path: isLast ? path.slice(0, 3) : path, remove: true }];
  const kept = before.filter(glob => globs.includes(glob));
  if (kept.length === 0) return [{ path, value: [...globs] }];
  const gone = before.flatMap((glob, at) => (globs.includes(glob) ? [] : [at])).toReversed();
  const added = globs.filter(glob => !before.includes(glob));
  return [
    ...gone.map(at => ({ path: [...path, at], remove: true })),
    ...added.map((value, step) => ({ path: [...path, kept.length + step], value })),
  ];
}

/** Of two edits of the same field only the newer counts. Entries of lists come and go in turn. */
export function mergedEdits(before: readonly ConfigEdit[], more: readonly ConfigEdit[]): readonly ConfigEdit[] {
  const [edit] = more;
  if (edit === undefined || more.length > 1 || edit.path.length !== 3) return [...before, ...more];
  const place = JSON.stringify(edit.path);
  return [...before.filter(({ path }) => JSON.stringify(path) !== place), edit];
}

/** The policy as the form shows it: what is on its way into the text is there already. */
export function withPending(policy: DraftPolicy, index: number, pending: readonly ConfigEdit[]): DraftPolicy {
  return pending.filter(({ path }) => path[0] === 'policies' && path[1] === index).reduce(withEdit, policy);
}

function withEdit(policy: DraftPolicy, { path, value, remove = false }: ConfigEdit): DraftPolicy {
  const [key, kind, at] = path.slice(2);
  if (typeof key !== 'string') return policy;
  if (key !== 'match') return { ...policy, [key]: remove ? undefined : value };
  if (typeof kind !== 'string') return { ...policy, match: {} };
  const before = policy.match[kind] ?? [];
  const whole = remove ? [] : (value as string[]);
  const globs = typeof at !== 'number' ? whole : before.toSpliced(at, 1, ...(remove ? [] : [value as string]));
  return { ...policy, match: { ...policy.match, [kind]: globs } };
}
