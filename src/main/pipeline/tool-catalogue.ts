/** What is known of the tools of an upstream, learned from the `tools/list` answers that passed. */

export interface ToolMeta {
  /** `annotations.readOnlyHint` and so on, as the server said; undefined where it said nothing. */
  readonly readOnly?: boolean;
  readonly idempotent?: boolean;
  readonly destructive?: boolean;
  /** Whether the definition is the one first seen (or approved since). */
  readonly pinned: 'same' | 'changed';
}

export interface ToolCatalogue {
  /** Undefined for a tool that no list has named. */
  meta(upstream: string, tool: string): ToolMeta | undefined;
}
