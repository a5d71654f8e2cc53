/** The list of policies: what the file says, and what a draft would change about it. */
import type { ConfigDraft, DraftPolicy } from '../../shared/model/config-draft.ts';

export interface PolicyCard {
  /** As the file says, or the draft where the file says nothing. */
  readonly policy: DraftPolicy;
  /** Its place in the draft; undefined where the draft leaves it out. */
  readonly index: number | undefined;
  readonly state: 'saved' | 'edited' | 'new' | 'removed';
}

/** Policies of the file in its order, then those that only the draft has. */
export function policyCards(said: ConfigDraft | undefined, read: ConfigDraft | undefined): readonly PolicyCard[] {
  const drafted = read?.policies ?? [];
  const saved = said?.policies ?? [];
  // A text that is no YAML at the moment says nothing of what it would remove.
  const isSilent = read?.isReadable === false;
  const used = new Set<number>();
  const cards: PolicyCard[] = saved.map((policy, place) => {
    const index = read === said ? place : drafted.findIndex(({ id }, at) => id === policy.id && !used.has(at));
    const there = drafted[index];
    if (there === undefined) return { policy, index: undefined, state: isSilent ? 'saved' : 'removed' };
    used.add(index);
    return { policy, index, state: isAlike(policy, there) ? 'saved' : 'edited' };
  });
  const added = drafted.flatMap((policy, index) => (used.has(index) || read === said ? [] : [{ policy, index, state: 'new' } as const]));
  return [...cards, ...added];
}

/** Where it stands says nothing. */
function isAlike(one: DraftPolicy, other: DraftPolicy): boolean {
  const plain = ({ line: _, endLine: __, ...rest }: DraftPolicy) => JSON.stringify(rest, Object.keys({ ...rest, ...rest.match }).sort());
  return plain(one) === plain(other);
}
