/** A `shadowcat.yaml` in the data directory of a host, before a real server, and who calls through it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectClient } from './traffic.ts';

export const configPath = (dataDir: string) => join(dataDir, 'shadowcat.yaml');
export const readConfigFile = (dataDir: string) => readFileSync(configPath(dataDir), 'utf8');
export const writeConfigFile = (dataDir: string, text: string) => writeFileSync(configPath(dataDir), text, { mode: 0o600 });

/** With comments and spelling of a person, which no edit may lose. */
export const gatewayFile = ({
  port,
  server,
  policies = '',
}: {
  readonly port: number;
  readonly server: string;
  readonly policies?: string;
}) =>
  `version: 1
# The gateway of the office. Ask before you change it.
listeners:
  - { name: office, port: ${port}, routes: [{ path: /mcp, upstream: files }] } # one route is enough
upstreams:
  files:
    health: { kind: none }
    instances: [{ id: a, url: "${server}" }]
admin: { enabled: false }
limits: []   # none on purpose
${policies}`;

/** Calls through the route, each with its answer as text. */
export async function throughGateway(port: number, name = 'office-client') {
  const client = await connectClient(`http://127.0.0.1:${port}/mcp`, name);
  return (tool: string, args: Record<string, unknown> = {}) => client.call(tool, args).answered;
}

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
