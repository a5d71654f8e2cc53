/**
 * Pins the definition of each tool on first use, and notices when a server describes it differently later: the words that a
 * model reads are what an attack changes. Also the catalogue of tools that lists have named.
 */
import type { UpstreamConfig } from '../../../shared/config/schema.ts';
import { type MirroredArgument, mirroredArguments } from '../../../shared/mcp/mirrored-arguments.ts';
import type { EmitEvent, GatewayEventOf } from '../../../shared/model/gateway-event.ts';
import type { Clock } from '../../ports.ts';
import type { ToolCatalogue, ToolMeta } from '../tool-catalogue.ts';
import type { PinnedTool, PinStore } from './pin-store.ts';
import {
  changeText,
  memberChanges,
  toolDefinition,
  toolHints,
  type MemberChange,
  type ToolDefinition,
  type ToolHints,
} from './tool-definition.ts';

export type PinningMode = UpstreamConfig['pinning'];

export interface ToolPinsDeps {
  readonly store: PinStore;
  readonly emit: EmitEvent;
  readonly clock: Clock;
}

/** A tool whose definition is not the pinned one. */
export interface ToolChange {
  readonly upstream: string;
  readonly tool: string;
  /** Epoch ms. */
  readonly pinnedAt: number;
  readonly changedAt: number;
  readonly isBlocked: boolean;
  /** Of the definition that waits: what an approval has to name. */
  readonly digest: string;
  readonly members: readonly MemberChange[];
}

/** How an approval went. `changed-again`: the definition that waits is not the one that was named; nothing was approved. */
export type Approval = 'approved' | 'nothing-waits' | 'changed-again';

/** More tools than this of one upstream are not pinned; where changes block, lists lose them. */
export const MAX_TOOLS = 2000;
export const MAX_UPSTREAMS = 1000;

interface Entry {
  record: PinnedTool | undefined;
  hints: ToolHints;
  mirrored: readonly MirroredArgument[] | undefined;
  /** The change that was told last, so that it is not told with every list. */
  toldDigest: string | undefined;
}

interface Seen {
  /** The record has changed. */
  readonly isNew: boolean;
  /** It is not, or not known to be, the pinned definition. */
  readonly differs: boolean;
}

export class ToolPins implements ToolCatalogue {
  readonly #deps: ToolPinsDeps;
  readonly #upstreams = new Map<string, Map<string, Entry>>();
  #modes: ReadonlyMap<string, PinningMode> = new Map();

  /** Throws STORE_FAILED when the pins that are kept cannot be read. */
  constructor(deps: ToolPinsDeps) {
    this.#deps = deps;
    for (const [upstream, tools] of Object.entries(deps.store.load()))
      this.#upstreams.set(upstream, new Map(Object.entries(tools).map(([tool, record]) => [tool, entryOf(record)])));
  }

  /** From now on; upstreams that are not named (wrapped servers) are warned of. */
  apply(modes: ReadonlyMap<string, PinningMode>): void {
    this.#modes = modes;
  }

  /** Whether anything of this upstream could be kept from a client. */
  canBlock(upstream: string): boolean {
    const mode = this.#modeOf(upstream);
    return mode === 'block' || mode === 'hold';
  }

  meta(upstream: string, tool: string): ToolMeta | undefined {
    const entry = this.#upstreams.get(upstream)?.get(tool);
    return entry === undefined ? undefined : { ...entry.hints, pinned: entry.record?.changed === undefined ? 'same' : 'changed' };
  }

  /** Takes in what a list says of tools; returns the names of those that must not be shown. */
  observe(upstream: string, tools: readonly unknown[]): ReadonlySet<string> {
    const known = this.#toolsOf(upstream);
    const hidden = new Set<string>();
    let isNew = false;
    for (const [name, definitions] of byName(tools)) {
      const outcome = this.#seen(upstream, name, known, definitions);
      if (outcome.isNew) isNew = true;
      if (this.canBlock(upstream) && outcome.differs) hidden.add(name);
    }
    if (isNew) this.#save();
    return hidden;
  }

  mirrored(upstream: string, tool: string): readonly MirroredArgument[] | undefined {
    return this.#upstreams.get(upstream)?.get(tool)?.mirrored;
  }

  /** Why calls of this tool are refused; undefined when they are not. */
  blocked(upstream: string, tool: string): string | undefined {
    if (!this.canBlock(upstream)) return undefined;
    const known = this.#upstreams.get(upstream);
    const entry = known?.get(tool);
    // It is in no list that went to a client, so nobody can have it from there.
    if (entry === undefined && known !== undefined && known.size >= MAX_TOOLS)
      return `The server lists more than ${MAX_TOOLS} tools, and no definition of this one is kept that it could be compared with.`;
    const record = entry?.record;
    if (record?.changed === undefined) return undefined;
    const what = changeText(memberChanges(record.pinned, record.changed));
    return this.#modeOf(upstream) === 'hold'
      ? `The server describes this tool differently than before (${what}), and nobody has approved that yet.`
      : `The server describes this tool differently than before (${what}), and changed tools are blocked.`;
  }

  /**
   * From now on the changed definition is the pinned one, if it is that of the digest: a server may change it once more between a
   * person's look and the approval, and what nobody has seen is not approved.
   */
  approve(upstream: string, tool: string, digest: string): Approval {
    const entry = this.#upstreams.get(upstream)?.get(tool);
    const changed = entry?.record?.changed;
    if (entry?.record === undefined || changed === undefined) return 'nothing-waits';
    if (changed.digest !== digest) return 'changed-again';
    const what = changeText(memberChanges(entry.record.pinned, changed));
    entry.record = { pinned: changed };
    entry.toldDigest = undefined;
    this.#tell(upstream, tool, 'approved', what);
    this.#save();
    return 'approved';
  }

  /** What differs, tool by tool; of all upstreams where none is named. */
  changes(upstream?: string): ToolChange[] {
    const changes: ToolChange[] = [];
    for (const [name, tools] of this.#upstreams) {
      if (upstream !== undefined && upstream !== name) continue;
      for (const [tool, { record }] of tools)
        if (record?.changed !== undefined)
          changes.push({
            upstream: name,
            tool,
            pinnedAt: record.pinned.seenAt,
            changedAt: record.changed.seenAt,
            isBlocked: this.canBlock(name),
            digest: record.changed.digest,
            members: memberChanges(record.pinned, record.changed),
          });
    }
    return changes;
  }

  close(): Promise<void> {
    return this.#deps.store.close();
  }

  #modeOf(upstream: string): PinningMode {
    return this.#modes.get(upstream) ?? 'warn';
  }

  #toolsOf(upstream: string): Map<string, Entry> {
    const known = this.#upstreams.get(upstream) ?? new Map<string, Entry>();
    if (this.#upstreams.size < MAX_UPSTREAMS) this.#upstreams.set(upstream, known);
    return known;
  }

  #seen(upstream: string, name: string, known: Map<string, Entry>, tools: readonly Readonly<Record<string, unknown>>[]): Seen {
    let entry = known.get(name);
    if (entry === undefined) {
      if (known.size >= MAX_TOOLS) return { isNew: false, differs: true };
      entry = { record: undefined, hints: {}, mirrored: undefined, toldDigest: undefined };
      known.set(name, entry);
    }
    entry.hints = toolHints(tools.at(-1)?.['annotations']);
    entry.mirrored = mirroredArguments(tools.at(-1)?.['inputSchema']);
    if (this.#modeOf(upstream) === 'off') return { isNew: false, differs: false };
    const now = this.#deps.clock.now();
    return this.#compared(
      upstream,
      name,
      entry,
      tools.map(tool => toolDefinition(tool, now)),
    );
  }

  #compared(upstream: string, name: string, entry: Entry, definitions: readonly ToolDefinition[]): Seen {
    const [first] = definitions;
    // What cannot be compared cannot be the same.
    if (first === undefined) return { isNew: false, differs: true };
    const { record } = entry;
    if (record === undefined) this.#tell(upstream, name, 'first-seen', first.digest.slice(0, 'sha256:'.length + 8));
    const pinned = record?.pinned ?? first;
    const different = definitions.find(({ digest }) => digest !== pinned.digest);
    const isNew = record === undefined || record.changed?.digest !== different?.digest;
    if (isNew) entry.record = different === undefined ? { pinned } : { pinned, changed: different };
    if (different !== undefined && entry.toldDigest !== different.digest) {
      entry.toldDigest = different.digest;
      this.#tell(upstream, name, wordOf(this.#modeOf(upstream)), changeText(memberChanges(pinned, different)));
    }
    return { isNew, differs: different !== undefined };
  }

  #tell(upstream: string, tool: string, what: GatewayEventOf<'pin'>['what'], reason: string): void {
    this.#deps.emit({ type: 'pin', at: this.#deps.clock.now(), upstream, tool, what, reason });
  }

  #save(): void {
    const records: Record<string, Record<string, PinnedTool>> = {};
    for (const [upstream, tools] of this.#upstreams) {
      const kept = [...tools].flatMap(([tool, { record }]) => (record === undefined ? [] : [[tool, record] as const]));
      if (kept.length > 0) records[upstream] = Object.fromEntries(kept);
    }
    this.#deps.store.save(records);
  }
}

function wordOf(mode: PinningMode): GatewayEventOf<'pin'>['what'] {
  if (mode === 'block') return 'blocked';
  return mode === 'hold' ? 'held' : 'changed';
}

function entryOf(record: PinnedTool): Entry {
  const { annotations } = (record.changed ?? record.pinned).members;
  let hints: ToolHints = {};
  try {
    hints = toolHints(annotations === undefined ? undefined : JSON.parse(annotations.text));
  } catch {
    // Cut in the file because it was long: nothing is known of it until it is listed again.
  }
  return { record, hints, mirrored: undefined, toldDigest: record.changed?.digest };
}

/** A name that is there twice has several definitions, and each of them has to be the pinned one. */
function byName(tools: readonly unknown[]): Map<string, Readonly<Record<string, unknown>>[]> {
  const found = new Map<string, Readonly<Record<string, unknown>>[]>();
  for (const tool of tools) {
    if (typeof tool !== 'object' || tool === null) continue;
    const fields = tool as Readonly<Record<string, unknown>>;
    const { name } = fields;
    if (typeof name !== 'string' || name.length > 1000) continue;
    const others = found.get(name);
    if (others === undefined) found.set(name, [fields]);
    else others.push(fields);
  }
  return found;
}
