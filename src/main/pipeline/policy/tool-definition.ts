/** What of a tool's definition is pinned: everything that a model reads or that says what the tool does. */
import { canonicalJson } from '../../../shared/mcp/canonical-json.ts';
import { canonicalDigest } from '../../traffic/canonical-digest.ts';

export const pinnedMembers = ['title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const;
export type PinnedMember = (typeof pinnedMembers)[number];

export interface ToolDefinition {
  /** Of all pinned members and the name; the order of keys does not matter. */
  readonly digest: string;
  /** Epoch ms when it was first seen. */
  readonly seenAt: number;
  /** Those that are there. */
  readonly members: Readonly<Partial<Record<PinnedMember, MemberText>>>;
}

export interface MemberText {
  readonly digest: string;
  /** Canonical JSON, for the diff; cut where it is long. */
  readonly text: string;
}

export interface MemberChange {
  readonly member: PinnedMember;
  readonly before: MemberText | undefined;
  readonly after: MemberText | undefined;
}

export interface ToolHints {
  readonly readOnly?: boolean;
  readonly idempotent?: boolean;
  readonly destructive?: boolean;
}

/** Longer texts are told apart by their digest alone. */
const MAX_TEXT = 8 * 1024;

export function toolDefinition(tool: Readonly<Record<string, unknown>>, seenAt: number): ToolDefinition {
  const pinned = Object.fromEntries(['name', ...pinnedMembers].flatMap(key => (tool[key] === undefined ? [] : [[key, tool[key]]])));
  const members: Partial<Record<PinnedMember, MemberText>> = {};
  for (const member of pinnedMembers) {
    const value = tool[member];
    if (value !== undefined) members[member] = { digest: canonicalDigest(value), text: canonicalJson(value).slice(0, MAX_TEXT) };
  }
  return { digest: canonicalDigest(pinned), seenAt, members };
}

export function memberChanges(before: ToolDefinition, after: ToolDefinition): MemberChange[] {
  return pinnedMembers.flatMap(member => {
    const [one, other] = [before.members[member], after.members[member]];
    return one?.digest === other?.digest ? [] : [{ member, before: one, after: other }];
  });
}

/** `description 1f2e3d4c → 9a8b7c6d, annotations none → 0badcafe` */
export function changeText(changes: readonly MemberChange[]): string {
  const short = (text: MemberText | undefined) => text?.digest.replace(/^sha256:/, '').slice(0, 8) ?? 'none';
  return changes.map(({ member, before, after }) => `${member} ${short(before)} → ${short(after)}`).join(', ');
}

/** What the server says of the tool; only true and false count. */
export function toolHints(annotations: unknown): ToolHints {
  const { readOnlyHint, idempotentHint, destructiveHint } = (
    typeof annotations === 'object' && annotations !== null ? annotations : {}
  ) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof readOnlyHint === 'boolean' ? { readOnly: readOnlyHint } : {}),
    ...(typeof idempotentHint === 'boolean' ? { idempotent: idempotentHint } : {}),
    ...(typeof destructiveHint === 'boolean' ? { destructive: destructiveHint } : {}),
  };
}
