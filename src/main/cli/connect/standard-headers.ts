/** The header fields of revision 2026-07-28, which say what the body says (Streamable HTTP, standard headers). */
import { type MirroredArgument, mirroredArguments, mirroredText } from '../../../shared/mcp/mirrored-arguments.ts';
import type { LineItem } from './client-line.ts';

/** Arguments that also travel as `Mcp-Param-…`, by the tool that declares them; learned from `tools/list`. */
export class MirroredArguments {
  readonly #byTool = new Map<string, readonly MirroredArgument[]>();

  /** Reads a result of `tools/list`. Definitions that break the rules of `x-mcp-header` mirror nothing. */
  learn(result: unknown): void {
    for (const tool of listOf(record(result).tools)) {
      const { name, inputSchema } = record(tool);
      if (typeof name !== 'string') continue;
      const mirrored = mirroredArguments(inputSchema);
      if (mirrored.length === 0) this.#byTool.delete(name);
      else if (this.#byTool.size < MAX_TOOLS || this.#byTool.has(name)) this.#byTool.set(name, mirrored);
    }
  }

  fields(tool: string, args: unknown): string[] {
    const fields: string[] = [];
    for (const mirrored of this.#byTool.get(tool) ?? []) {
      const said = mirroredText(args, mirrored);
      if (said !== undefined) fields.push(`Mcp-Param-${mirrored.header}`, headerValue(said));
    }
    return fields;
  }
}

/** More tools with such arguments than any server has. */
const MAX_TOOLS = 10_000;

/** What a message of the modern era needs besides its body. */
export function standardFields({ message, facts }: LineItem, mirrored: MirroredArguments): string[] {
  if (message.kind !== 'request' && message.kind !== 'notification') return [];
  const fields: string[] = ['MCP-Protocol-Version', facts.protocolVersion ?? '2026-07-28', 'Mcp-Method', headerValue(message.method)];
  const params = record(message.params);
  const name = nameOf(message.method, params);
  if (name !== undefined) fields.push('Mcp-Name', headerValue(name));
  if (message.method === 'tools/call' && name !== undefined) fields.push(...mirrored.fields(name, params.arguments));
  return fields;
}

function nameOf(method: string, params: Readonly<Record<string, unknown>>): string | undefined {
  if (method === 'tools/call' || method === 'prompts/get') return text(params.name);
  if (method === 'resources/read') return text(params.uri);
  return method.startsWith('tasks/') ? text(params.taskId) : undefined;
}

/** The value itself where a field can carry it unchanged, else `=?base64?…?=`. */
export function headerValue(value: string): string {
  const isPlain = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value);
  return isPlain ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
