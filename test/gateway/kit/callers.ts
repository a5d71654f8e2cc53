/** Clients that say exactly what a test wants, over every way into the gateway. Each answer comes back as one shape. */
import { randomUUID } from 'node:crypto';
import { asJsonObject, type RunningProcess, startProcess } from '../../peers/child-process.ts';

export type Era = 'legacy' | 'modern';
export type Kind = 'json' | 'sse';

export interface Heard {
  /** HTTP status; 0 over stdio. */
  readonly status: number;
  readonly headers: Headers;
  /** The answer to the request: a result or an error. */
  readonly message: {
    readonly result?: Record<string, unknown>;
    readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
  };
  readonly isEventStream: boolean;
}

export interface Caller extends AsyncDisposable {
  ask(method: string, params?: Record<string, unknown>): Promise<Heard>;
  call(tool: string, args?: Record<string, unknown>): Promise<Heard>;
}

/** `ok`, or the code of the error. */
export const outcomeOf = ({ message }: Heard): 'ok' | number => message.error?.code ?? 'ok';

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'matrix', version: '1' },
};
const initializeParams = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'matrix', version: '1' } };
const named = new Set(['tools/call', 'prompts/get', 'resources/read']);

const paramsOf = (era: Era, params: Record<string, unknown>): Record<string, unknown> =>
  era === 'legacy' ? params : { ...params, _meta: { ...modernMeta, ...(params['_meta'] as object | undefined) } };

/** Whoever wants an event stream asks for progress: that is what a bridge can tell apart. */
const callParams = (tool: string, args: Record<string, unknown>) => ({
  name: tool,
  arguments: args,
  ...(args['as'] === 'sse' ? { _meta: { progressToken: randomUUID() } } : {}),
});

/** Over HTTP. `headers` go with every request. */
export async function httpCaller(url: string, era: Era, headers: Readonly<Record<string, string>> = {}): Promise<Caller> {
  let session: Record<string, string> = {};
  let count = 0;
  const self: Caller = {
    async ask(method, params = {}) {
      count += 1;
      return post(
        url,
        { jsonrpc: '2.0', id: count, method, params: paramsOf(era, params) },
        { ...headers, ...session, ...standardHeaders(era, method, params) },
      );
    },
    call: (tool, args = {}) => self.ask('tools/call', callParams(tool, args)),
    async [Symbol.asyncDispose]() {
      if (session['Mcp-Session-Id'] !== undefined) await fetch(url, { method: 'DELETE', headers: { ...headers, ...session } });
    },
  };
  if (era === 'modern') return self;
  const { headers: said, message } = await self.ask('initialize', initializeParams);
  if (message.result === undefined) throw new Error(`initialize was answered ${JSON.stringify(message)}`);
  session = { 'Mcp-Session-Id': said.get('mcp-session-id') ?? '', 'MCP-Protocol-Version': '2025-11-25' };
  await fetch(url, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    headers: { ...jsonHeaders, ...headers, ...session },
  });
  return self;
}

const jsonHeaders = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };

function standardHeaders(era: Era, method: string, params: Record<string, unknown>): Record<string, string> {
  if (era === 'legacy') return {};
  const name = params['name'] ?? params['uri'];
  return { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method, ...(named.has(method) ? { 'Mcp-Name': String(name) } : {}) };
}

/** One POST, whatever it holds; reads JSON and event streams to the answer. */
export async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { ...jsonHeaders, ...headers },
  });
  const text = await response.text();
  const isEventStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const messages = isEventStream ? eventData(text) : text === '' ? [] : [JSON.parse(text) as Heard['message']];
  const answer = messages.findLast(message => message.result !== undefined || message.error !== undefined) ?? {};
  return { status: response.status, headers: response.headers, message: answer, isEventStream };
}

function eventData(text: string): Heard['message'][] {
  return text.split('\n\n').flatMap(event => {
    const data = event
      .split('\n')
      .filter(line => line.startsWith('data:'))
      .map(line => line.slice(5))
      .join('\n')
      .trim();
    // An event without data only says where a stream could be resumed.
    return data === '' ? [] : [JSON.parse(data) as Heard['message']];
  });
}

/** Over the standard streams of a program: `wrap`, `connect`, or a server itself. */
export async function stdioCaller(
  args: readonly string[],
  era: Era,
  options: { readonly home: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Caller> {
  const process: RunningProcess = startProcess({ args, home: options.home, ...(options.env === undefined ? {} : { env: options.env }) });
  const answers = new Map<string, (heard: Heard) => void>();
  let rest = '';
  process.child.stdout?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = asJsonObject(line);
      const id = message?.['id'];
      if (typeof id !== 'string' || message === undefined || 'method' in message) continue;
      answers.get(id)?.({ status: 0, headers: new Headers(), message, isEventStream: false });
      answers.delete(id);
    }
  });
  const self: Caller = {
    ask(method, params = {}) {
      const id = randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<Heard>();
      const late = setTimeout(() => reject(new Error(`No answer to ${method}: ${process.stderr().slice(-1500)}`)), 15_000);
      answers.set(id, heard => {
        clearTimeout(late);
        resolve(heard);
      });
      process.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params: paramsOf(era, params) })}\n`);
      return promise;
    },
    call: (tool, args2 = {}) => self.ask('tools/call', callParams(tool, args2)),
    async [Symbol.asyncDispose]() {
      process.child.stdin?.end();
      const late = setTimeout(() => void process.stop(), 3000);
      await process.exited;
      clearTimeout(late);
    },
  };
  if (era === 'modern') return self;
  await self.ask('initialize', initializeParams);
  process.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  return self;
}
