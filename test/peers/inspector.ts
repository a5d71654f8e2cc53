/** Runs the official MCP Inspector's command line against a server and reads its answer. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from './child-process.ts';
import type { Target } from './peer.ts';
import type { EraMode } from './sdk-v2-client.ts';

const inspectorFile = join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

/** What to ask the server: the flags after `--method`. */
export type InspectorRequest = readonly [method: string, ...flags: readonly string[]];

/** Asks a server one thing through `mcp-inspector --cli`. */
export async function askWithInspector(
  target: Target,
  request: InspectorRequest,
  options: { home: string; era?: EraMode },
): Promise<unknown> {
  const era = options.era === undefined ? [] : ['--protocol-era', options.era];
  const flags = ['--cli', ...(await targetFlags(target, options.home)), ...era, '--method', ...request, '--format', 'json'];
  const { code, stdout, stderr } = await runToEnd({ args: [inspectorFile, ...flags], home: options.home });
  if (code !== 0) throw new Error(`The Inspector ended with ${String(code)}: ${stderr.slice(-2_000)}`);
  return JSON.parse(stdout);
}

async function targetFlags(target: Target, home: string): Promise<string[]> {
  if (target.kind !== 'stdio') {
    const headers = Object.entries(target.headers ?? {}).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
    return ['--server-url', target.url, '--transport', target.kind, ...headers];
  }
  // A configuration file, as an editor or assistant has one; flags would collide with those of the wrapped command.
  const { command, args, env } = target;
  const config = join(home, `mcp-${randomUUID()}.json`);
  await writeFile(config, JSON.stringify({ mcpServers: { wrapped: { command, args, ...(env === undefined ? {} : { env }) } } }));
  return ['--config', config, '--server', 'wrapped'];
}
