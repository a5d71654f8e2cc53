/** Real traffic for the window's specs: an HTTP server whose answers a spec releases, a proxy before it, a client, and a wrapped server for load. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { node, projectRoot, spawnCli } from './harness/project.ts';

interface Rpc {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: Record<string, unknown> };
}

/** Answers `echo` at once, `fail` as a tool error, `boom` as a protocol error, and `wait` when it is released. */
export async function startServer() {
  const waiting = new Map<number, () => void>();
  const server = createServer((request, response) => void answer(request, response, waiting));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    /** Lets the answer to a `wait` call go. */
    async release(id: number) {
      while (!waiting.has(id)) await pause(10);
      waiting.get(id)?.();
      waiting.delete(id);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, waiting: Map<number, () => void>): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const message = JSON.parse(Buffer.concat(parts).toString()) as Rpc;
  const { id } = message;
  if (id === undefined) return void response.writeHead(202).end();
  if (message.params?.name === 'wait') await new Promise<void>(go => waiting.set(id, go));
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(message.method === 'initialize' ? { 'mcp-session-id': `e2e-${Date.now()}` } : {}),
  });
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome(message) }));
}

function outcome({ method, params }: Rpc): object {
  if (method === 'initialize')
    return { result: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'e2e-server', version: '1.0.0' } } };
  if (params?.name === 'boom') return { error: { code: -32602, message: 'Unknown tool: boom' } };
  const text =
    params?.name === 'fail'
      ? JSON.stringify({ message: 'rate limit reached', status: 403 })
      : `echo of ${JSON.stringify(params?.arguments?.['text'] ?? '').replaceAll('"', '')}`;
  return { result: { content: [{ type: 'text', text }], isError: params?.name === 'fail' } };
}

/** `shadowcat proxy` on the host of a data directory. */
export async function openProxy(dataDir: string, upstream: string) {
  const child = spawnCli(dataDir, ['proxy', '--upstream', upstream, '--port', '0', '--json']);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(20_000) })) as [string];
  const { listeners } = JSON.parse(line) as { listeners: { url: string }[] };
  const url = listeners[0]?.url;
  if (url === undefined) throw new Error(`The proxy named no address: ${line}`);
  return { url, close: () => ended(child) };
}

/** A client of the legacy era that has shaken hands. */
export async function connectClient(url: string, name = 'e2e-client') {
  let nextId = 1;
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = (body: object) => fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...body }) });
  const hello = await post({
    id: nextId++,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name, version: '1.0.0' } },
  });
  await hello.text();
  const session = hello.headers.get('mcp-session-id');
  if (session !== null) headers['mcp-session-id'] = session;
  await (await post({ method: 'notifications/initialized' })).text();
  return {
    /** Sends a call; the promise is its answer, which a spec need not wait for. */
    call(tool: string, args: Record<string, unknown> = {}) {
      const id = nextId++;
      const answered = post({ id, method: 'tools/call', params: { name: tool, arguments: args } }).then(response => response.text());
      return { id, answered };
    },
    async cancel(id: number, reason: string) {
      await (await post({ method: 'notifications/cancelled', params: { requestId: id, reason } })).text();
    },
  };
}

/** A wrapped stdio server that answers at once, driven from here as a client does. */
export async function wrapEcho(dataDir: string) {
  const child = spawnCli(dataDir, ['wrap', '--name', 'echo', '--', node, join(projectRoot, 'e2e', 'echo-server.ts')]);
  let answered = 0;
  let nextId = 0;
  createInterface({ input: child.stdout }).on('line', () => (answered += 1));
  child.stderr.resume();
  const write = async (count: number) => {
    let text = '';
    for (let at = 0; at < count; at += 1) {
      nextId += 1;
      text += `{"jsonrpc":"2.0","id":${nextId},"method":"tools/call","params":{"name":"tool_${nextId % 7}","arguments":{"n":${nextId}}}}\n`;
    }
    if (!child.stdin.write(text)) await once(child.stdin, 'drain');
  };
  const settled = async () => {
    const deadline = Date.now() + 60_000;
    while (answered < nextId) {
      if (Date.now() > deadline) throw new Error(`Only ${answered} of ${nextId} calls were answered`);
      await pause(20);
    }
  };
  return {
    /** As fast as the pipe takes them. */
    async send(count: number) {
      for (let left = count; left > 0; left -= 500) await write(Math.min(500, left));
      await settled();
    },
    /** At a steady rate, in slices of 20 ms, until it is told to end, at most for `maxMs`; resolves with how many calls that were. */
    async sendPaced(perSecond: number, { maxMs, until }: { readonly maxMs: number; readonly until: AbortSignal }) {
      const start = Date.now();
      let sent = 0;
      while (Date.now() - start < maxMs && !until.aborted) {
        const due = Math.floor(((Date.now() - start) / 1000) * perSecond) - sent;
        if (due > 0) await write(due);
        sent += Math.max(0, due);
        await pause(20);
      }
      await settled();
      return sent;
    },
    close: () => ended(child),
  };
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, 'close');
  child.stdin.end();
  child.kill('SIGTERM');
  await closed;
}
