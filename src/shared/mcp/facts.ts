/** What a message is about: its era, its target (tool, prompt, resource, task) and the links it carries. */
import type { RpcMessage } from './json-rpc.ts';

/** legacy = 2024-11-05 … 2025-11-25 (`initialize`, sessions); modern = 2026-07-28 and later (per-request `_meta`). */
export type Era = 'legacy' | 'modern';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const PROTOCOL_VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CLIENT_INFO_KEY = 'io.modelcontextprotocol/clientInfo';
const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';

export interface PeerInfo {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
}

export interface MessageFacts {
  readonly era: Era;
  /** The revision the message itself names, in `_meta`, `initialize` params or its result. */
  readonly protocolVersion?: string;
  /** What the method acts on: a tool or prompt name, a resource URI, a task id. */
  readonly target?: string;
  /** JSON text of the request a `notifications/cancelled` names. */
  readonly cancels?: string;
  readonly cancelReason?: string;
  /** JSON text of a progress token: asked for by a request, or carried by a `notifications/progress`. */
  readonly progressToken?: string;
  readonly clientInfo?: PeerInfo;
  readonly serverInfo?: PeerInfo;
  /** Opaque state of a multi-round-trip result or its retry (2026-07-28, MRTR); never parsed or changed. */
  readonly requestState?: string;
  /** `resultType` of a result; absent means complete (older servers). */
  readonly resultType?: string;
  /** A `tools/call` result with `isError: true`: the tool failed although the protocol call succeeded. */
  readonly isToolError: boolean;
}

/** Classifies one message (never the connection): the `_meta` claim first, else legacy. protocol.md checklist 27. */
export function factsOf(message: RpcMessage): MessageFacts {
  const body = bodyOf(message);
  const meta = record(body._meta);
  const claimed = text(meta[PROTOCOL_VERSION_KEY]);
  // ISO dates compare as text.
  const era: Era = claimed !== undefined && claimed >= '2026-07-28' ? 'modern' : 'legacy';
  const facts: Mutable<MessageFacts> = { era, isToolError: message.kind === 'result' && body.isError === true };
  const version = claimed ?? versionInHandshake(message, body);
  if (version !== undefined) facts.protocolVersion = version;
  const requestState = text(body.requestState);
  if (requestState !== undefined) facts.requestState = requestState;
  if (message.kind === 'request' || message.kind === 'notification') learnFromMethod(facts, message.method, body);
  else if (message.kind === 'result') learnFromResult(facts, body);
  const token = 'method' in message && message.method === 'notifications/progress' ? body.progressToken : meta.progressToken;
  if (isId(token)) facts.progressToken = JSON.stringify(token);
  const client = peer(meta[CLIENT_INFO_KEY]);
  if (client !== undefined) facts.clientInfo = client;
  const server = peer(meta[SERVER_INFO_KEY]);
  if (server !== undefined) facts.serverInfo = server;
  return facts;
}

function learnFromMethod(facts: Mutable<MessageFacts>, method: string, params: Record<string, unknown>): void {
  const target = targetOf(method, params);
  if (target !== undefined) facts.target = target;
  if (method === 'notifications/cancelled') {
    if (isId(params.requestId)) facts.cancels = JSON.stringify(params.requestId);
    const reason = text(params.reason);
    if (reason !== undefined) facts.cancelReason = reason;
  } else if (method === 'initialize') {
    const client = peer(params.clientInfo);
    if (client !== undefined) facts.clientInfo = client;
  }
}

function learnFromResult(facts: Mutable<MessageFacts>, result: Record<string, unknown>): void {
  const resultType = text(result.resultType);
  if (resultType !== undefined) facts.resultType = resultType;
  const server = peer(result.serverInfo);
  if (server !== undefined) facts.serverInfo = server;
}

/** The tool, prompt, resource or task a method acts on; `undefined` for methods without one. */
export function targetOf(method: string, params: Record<string, unknown>): string | undefined {
  if (method === 'tools/call' || method === 'prompts/get') return text(params.name);
  if (method.startsWith('resources/') || method === 'notifications/resources/updated') return text(params.uri);
  if (method.startsWith('tasks/')) return text(params.taskId);
  if (method === 'completion/complete') {
    const ref = record(params.ref);
    return text(ref.name) ?? text(ref.uri);
  }
  if (method === 'notifications/progress') return text(params.message);
  if (method === 'notifications/message') return text(params.logger) ?? text(params.level);
  if (method === 'logging/setLevel') return text(params.level);
  if (method === 'elicitation/create') return text(params.message);
  return undefined;
}

function versionInHandshake(message: RpcMessage, body: Record<string, unknown>): string | undefined {
  if (message.kind === 'request' && message.method !== 'initialize') return undefined;
  return message.kind === 'request' || message.kind === 'result' ? text(body.protocolVersion) : undefined;
}

function bodyOf(message: RpcMessage): Record<string, unknown> {
  switch (message.kind) {
    case 'request':
    case 'notification':
      return record(message.params);
    case 'result':
      return record(message.result);
    case 'error':
      return {};
  }
}

function peer(value: unknown): PeerInfo | undefined {
  if (value === undefined) return undefined;
  const fields = record(value);
  const name = text(fields.name);
  if (name === undefined) return undefined;
  const title = text(fields.title);
  return { name, version: text(fields.version) ?? '', ...(title === undefined ? {} : { title }) };
}

const noFields: Readonly<Record<string, unknown>> = {};

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : noFields;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
