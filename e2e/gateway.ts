/** A real gateway for the window's specs: servers that fail when they are told to, a configuration for the host, and calls through its listener. */
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

interface Rpc {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string };
}

export interface InstanceServer {
  readonly url: string;
  /** Answers every call with 503 from now on, or no more. */
  isBroken: boolean;
  /** Calls of tools that came here. */
  readonly calls: () => number;
  /** Says so to whoever asks for its health. */
  isIll: boolean;
  /** How it describes its tools; the second list that differs is a change. */
  description: string;
  close(): Promise<void>;
}

/** A server of revision 2026-07-28 that knows any tool. */
export async function startInstance(): Promise<InstanceServer> {
  const state = { isBroken: false, isIll: false, description: 'Looks an invoice up.', count: 0 };
  const server = createServer((request, response) => void answer(request, response, state));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    get isBroken() {
      return state.isBroken;
    },
    set isBroken(isBroken) {
      state.isBroken = isBroken;
    },
    get isIll() {
      return state.isIll;
    },
    set isIll(isIll) {
      state.isIll = isIll;
    },
    get description() {
      return state.description;
    },
    set description(description) {
      state.description = description;
    },
    calls: () => state.count,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  state: { readonly isBroken: boolean; readonly isIll: boolean; readonly description: string; count: number },
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  if (request.method !== 'POST') return void response.writeHead(state.isIll ? 500 : 200).end();
  const { id, method } = JSON.parse(Buffer.concat(parts).toString()) as Rpc;
  if (id === undefined) return void response.writeHead(202).end();
  if (method === 'tools/call') state.count += 1;
  if (state.isBroken && method === 'tools/call') return void response.writeHead(503, { 'content-type': 'text/plain' }).end('overloaded');
  response.writeHead(200, { 'content-type': 'application/json' });
  const tool = { name: 'find_invoice', description: state.description, inputSchema: { type: 'object' } };
  const result = method === 'tools/list' ? { tools: [tool] } : { content: [{ type: 'text', text: 'done' }] };
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

/** Puts a configuration into a running host's data directory, as an editor does: whole, and renamed over. JSON is YAML. */
export function writeConfig(dataDir: string, config: object | string): void {
  const path = join(dataDir, 'shadowcat.yaml');
  writeFileSync(`${path}.new`, typeof config === 'string' ? config : JSON.stringify(config, undefined, 2));
  renameSync(`${path}.new`, path);
}

let nextId = 1;

/** One request of a client without a session; what came back. */
export async function ask(url: string, method: string, name?: string): Promise<{ status: number; body: string }> {
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
  const params = { ...(name === undefined ? {} : { name, arguments: {} }), _meta: meta };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
  });
  return { status: response.status, body: await response.text() };
}

export const callTool = (url: string, tool: string) => ask(url, 'tools/call', tool);
