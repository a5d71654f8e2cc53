/** Which requests may reach a server twice: those that change nothing, and tools that the operator or, if trusted, the server says so of. */
import type { RetriesConfig } from '../../../shared/config/schema.ts';
import type { Guard } from '../../pipeline/guard.ts';
import type { ToolCatalogue } from '../../pipeline/tool-catalogue.ts';
import { anyGlobMatch } from '../../support/glob.ts';
import type { ReadMessage } from '../../traffic/sighting.ts';

const harmless = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/get',
  'completion/complete',
  'server/discover',
  'ping',
]);

/** Globs of a configuration, made ready once. */
const named = new WeakMap<RetriesConfig, (name: string) => boolean>();

/** A body without messages (GET, DELETE) is never repeatable, a batch only as a whole. */
export function isRepeatable({ items, route }: Guard, config: RetriesConfig, catalogue: Pick<ToolCatalogue, 'meta'>): boolean {
  return items.length > 0 && items.every(item => isItemRepeatable(item, route.upstream, config, catalogue));
}

function isItemRepeatable(
  { message, facts }: ReadMessage,
  upstream: string,
  config: RetriesConfig,
  catalogue: Pick<ToolCatalogue, 'meta'>,
): boolean {
  if (message.kind !== 'request') return false;
  if (message.method !== 'tools/call') return harmless.has(message.method);
  const tool = facts.target;
  if (tool === undefined) return false;
  if (isNamed(config, tool)) return true;
  if (!config.trustAnnotations) return false;
  const meta = catalogue.meta(upstream, tool);
  // Hints of a definition that changed are nobody's word yet.
  return meta !== undefined && meta.pinned === 'same' && (meta.readOnly === true || meta.idempotent === true);
}

function isNamed(config: RetriesConfig, tool: string): boolean {
  let match = named.get(config);
  if (match === undefined) {
    match = anyGlobMatch(config.tools);
    named.set(config, match);
  }
  return match(tool);
}
