/** Bridges between stdio and HTTP, ours and those of npm, all in front of the same small server. Everything listens on loopback only. */
import { join } from 'node:path';
import { McpStdioClient } from '../load/mcp-stdio-load.ts';
import { type Call, sessionCall } from '../load/message.ts';
import type { Running, Stand } from '../stand.ts';
import { bridgingConfig } from './gateway-config.ts';
import { checkOnce, openSession } from './gateway-hops.ts';
import { hopNames } from './hop-names.ts';
import { nodeServer } from './http-hops.ts';
import { freePort, listening } from './nginx.ts';
import { connectCommand, type Host, missingBuild, shadowcatGateway } from './shadowcat.ts';

const projectDir = join(import.meta.dirname, '../..');
const packagesDir = join(projectDir, 'node_modules');
const bindLoopback = ['--import', join(projectDir, 'test/fixtures/bind-loopback.mjs')];
const stdioServer = join(projectDir, 'bench/servers/mcp-stdio-server.ts');

/** HTTP in front, the stdio server behind; one session. */
export interface BridgeToStdio {
  readonly name: string;
  readonly url: string;
  readonly call: Call;
  readonly process: Running;
  readonly host?: Host;
}

/** A stdio process in front, the HTTP server behind. */
export interface BridgeToHttp {
  readonly name: string;
  readonly client: McpStdioClient;
  /** All that stand between client and server. */
  readonly processes: readonly Running[];
  readonly host?: Host;
}

/** The server itself, spoken to over its own pipes. */
export async function directStdio(stand: Stand): Promise<{ client: McpStdioClient; process: Running }> {
  const process = stand.start({ name: 'stdio server', args: [stdioServer] });
  const client = new McpStdioClient(process);
  await client.shakeHands();
  return { client, process };
}

/** Starts ours, mcp-proxy and supergateway, each with a session open. supergateway is stateful: stateless it starts a process for each call. */
export async function bridgesToStdio(stand: Stand): Promise<BridgeToStdio[]> {
  const started: Omit<BridgeToStdio, 'call'>[] = [];
  const problem = missingBuild();
  if (problem === undefined) {
    const host = await shadowcatGateway(stand, bridgingConfig({ command: process.execPath, args: [stdioServer] }));
    started.push({ name: hopNames.bridge, url: host.url, process: host.process, host });
  } else stand.note(problem);
  started.push(await npmBridge(stand, hopNames.mcpProxy, 'mcp-proxy/dist/bin/mcp-proxy.mjs', mcpProxyWords));
  started.push(await npmBridge(stand, hopNames.supergateway, 'supergateway/dist/index.js', supergatewayWords));
  const bridges: BridgeToStdio[] = [];
  for (const bridge of started) bridges.push({ ...bridge, call: sessionCall(await openSession(bridge.url), {}) });
  for (const bridge of bridges) await checkOnce(bridge);
  return bridges;
}

const mcpProxyWords = (port: number) => {
  const where = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream'];
  return [...where, '--', process.execPath, stdioServer];
};
const supergatewayWords = (port: number) => {
  const where = ['--outputTransport', 'streamableHttp', '--stateful', '--port', String(port), '--logLevel', 'none'];
  return ['--stdio', `${quoted(process.execPath)} ${quoted(stdioServer)}`, ...where];
};
const quoted = (word: string) => `"${word}"`;

async function npmBridge(stand: Stand, name: string, file: string, words: (port: number) => readonly string[]) {
  const port = await freePort();
  const running = stand.start({ name, args: [...bindLoopback, join(packagesDir, file), ...words(port)] });
  running.child.stdout?.resume();
  await listening(port, running);
  return { name, url: `http://127.0.0.1:${port}/mcp`, process: running };
}

/** Starts connect by itself, connect through a recording gateway, mcp-remote and supergateway, each with a session open. */
export async function bridgesToHttp(stand: Stand, serverUrl: string): Promise<BridgeToHttp[]> {
  const bridges: BridgeToHttp[] = [];
  const add = async (name: string, command: readonly string[], host?: Host) => {
    const [program = '', ...args] = command;
    const running = stand.start({ name, command: program, args });
    const client = new McpStdioClient(running);
    await client.shakeHands();
    bridges.push({
      name,
      client,
      processes: host === undefined ? [running] : [running, host.process],
      ...(host === undefined ? {} : { host }),
    });
  };
  const npm = (file: string, ...words: readonly string[]) => [process.execPath, ...bindLoopback, join(packagesDir, file), ...words];
  if (missingBuild() === undefined) {
    await add(hopNames.connect, connectCommand(serverUrl));
    const host = await shadowcatGateway(stand, bridgingConfig({ url: serverUrl }));
    await add(hopNames.connectRecorded, connectCommand(host.url), host);
  }
  await add(hopNames.mcpRemote, npm('mcp-remote/dist/proxy.js', serverUrl, '--transport', 'http-only'));
  await add(hopNames.supergateway, npm('supergateway/dist/index.js', '--streamableHttp', serverUrl, '--logLevel', 'none'));
  return bridges;
}

/** The small HTTP server that bridges from stdio dial. */
export const httpServerBehind = (stand: Stand) => nodeServer(stand, 'HTTP server', 'mcp-http-server.ts', []);
