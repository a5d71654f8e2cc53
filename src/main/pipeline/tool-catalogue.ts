/** What is known of the tools of an upstream, learned from the `tools/list` answers that passed. */

import type { MirroredArgument } from '../../shared/mcp/mirrored-arguments.ts';

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
  /** Arguments that travel as `Mcp-Param-…` as well; undefined for a tool that no list has named. */
  mirrored(upstream: string, tool: string): readonly MirroredArgument[] | undefined;
}
