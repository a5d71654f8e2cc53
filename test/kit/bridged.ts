/** A stdio instance in front of our scripted server, and short words for what clients send to it. */
import { join } from 'node:path';
import type { InstanceConnection } from '../../src/main/upstreams/instance-connection.ts';
import { stdioConnection, type StdioConnectionOptions } from '../../src/main/upstreams/stdio/stdio-connection.ts';
import { type Logger, randomIds, silentLogger, systemClock } from '../../src/main/ports.ts';
import { InstanceConfig, UpstreamConfig } from '../../src/shared/config/schema.ts';
import type { GatewayEvent } from '../../src/shared/model/gateway-event.ts';
import { GuardedExchanges, ReadAnswer, type Asked } from './guarded.ts';

export const scriptedServer = join(import.meta.dirname, '../fixtures/bridged-server.mjs');

export interface Bridged extends AsyncDisposable {
  readonly connection: InstanceConnection;
  readonly exchanges: GuardedExchanges;
  readonly events: GatewayEvent[];
  readonly exits: string[];
  /** Sends and reads the answer as it comes. */
  ask(asked: Asked): Promise<ReadAnswer>;
  /** Sends one JSON-RPC request and gives back the text of the whole answer. */
  text(body: string, asked?: Asked): Promise<string>;
  /** Opens a session and returns its id. */
  initialize(client?: string): Promise<string>;
}

export interface BridgedOptions {
  readonly command?: string;
  readonly args?: readonly string[];
  readonly flags?: readonly string[];
  readonly stdio?: Partial<UpstreamConfig['stdio']>;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly log?: Logger;
  readonly options?: Partial<StdioConnectionOptions>;
}

/** Starts nothing yet: children come with the first request. */
export function bridged(given: BridgedOptions = {}): Bridged {
  const { command = process.execPath, args = [scriptedServer, ...(given.flags ?? [])], env = {}, cwd } = given;
  const config = UpstreamConfig.parse({ instances: [{ id: 'one', command }], stdio: {} }).stdio;
  const events: GatewayEvent[] = [];
  const exits: string[] = [];
  const connection = stdioConnection({
    upstreamName: 'test',
    instance: InstanceConfig.parse({ id: 'one', command, args: [...args], ...(cwd === undefined ? {} : { cwd }) }),
    config: { ...config, stop: 500, ...given.stdio },
    resolvedEnv: env,
    ownEnv: process.env,
    clock: systemClock,
    ids: randomIds,
    log: given.log ?? silentLogger,
    emit: event => events.push(event),
    ...given.options,
  });
  connection.onExit?.(reason => exits.push(reason));
  return bridgedBy(connection, events, exits);
}

/** The same words around any connection. */
export function bridgedBy(connection: InstanceConnection, events: GatewayEvent[] = [], exits: string[] = []): Bridged {
  const exchanges = new GuardedExchanges();
  const self: Bridged = {
    connection,
    exchanges,
    events,
    exits,
    ask: async asked => new ReadAnswer(await connection.send(exchanges.exchange(asked))),
    text: async (body, asked = {}) => (await self.ask({ ...asked, body })).whole(),
    async initialize(client = 'a') {
      const answer = await self.ask({ client, body: initialize(client) });
      await answer.whole();
      const sessionId = answer.header('mcp-session-id');
      if (sessionId === undefined) throw new Error(`No session: ${answer.status} ${answer.text}`);
      return sessionId;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
  return self;
}

export function initialize(client: string, id = 0): string {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: client, version: '1' } };
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'initialize', params });
}

/** A request of the modern era. */
export function modern(id: unknown, method: string, params: Record<string, unknown> = {}, meta: Record<string, unknown> = {}): string {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, ...meta };
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
}

export function legacy(id: unknown, method: string, params: Record<string, unknown> = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** Waits until `read` gives something; fails after `withinMs`. */
export async function eventually<T>(read: () => T | undefined | false, withinMs = 20_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = read();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`It did not happen within ${withinMs} ms`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
