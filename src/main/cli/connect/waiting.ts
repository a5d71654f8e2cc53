/** The client's requests that are not answered yet, over whatever stream their answers come. */
import { readBody } from '../../../shared/mcp/json-rpc.ts';
import { TopLevelScan } from '../../../shared/mcp/top-level-scan.ts';
import type { ClientLine } from './client-line.ts';
import type { Failure, LineOutput } from './line-output.ts';

export interface WaitingRequest {
  readonly idText: string;
  readonly method: string;
  readonly isModern: boolean;
  /** Ends the HTTP request that carries it. */
  readonly abort: AbortController;
  /** The client called it off: no answer is owed. */
  isCalledOff: boolean;
}

export interface WaitingOptions {
  readonly output: LineOutput;
  /** Sees the answer to a request before the client does. */
  readonly onResult: (request: WaitingRequest, message: Buffer) => void;
  /** One fewer waits. */
  readonly onForgotten: () => void;
}

/** Up to here a message is parsed to know that it is JSON; longer ones are only walked. */
const MAX_PARSED_BYTES = 1024 * 1024;

export class Waiting {
  readonly #options: WaitingOptions;
  readonly #byId = new Map<string, WaitingRequest>();
  #onEmpty: (() => void)[] = [];
  readonly #onSettled = new Map<WaitingRequest, () => void>();

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#byId.size;
  }

  add({ items }: ClientLine, abort: AbortController): WaitingRequest[] {
    const added: WaitingRequest[] = [];
    for (const { message, facts } of items) {
      if (message.kind !== 'request') continue;
      const request = { idText: message.idText, method: message.method, isModern: facts.era === 'modern', abort, isCalledOff: false };
      this.#byId.set(request.idText, request);
      added.push(request);
    }
    return added;
  }

  find(idText: string): WaitingRequest | undefined {
    return this.#byId.get(idText);
  }

  isWaiting(request: WaitingRequest): boolean {
    return this.#byId.get(request.idText) === request && !request.isCalledOff;
  }

  /** Resolves when the requests of a line that was just sent are answered, failed or called off. */
  async settled({ items }: ClientLine): Promise<void> {
    const requests = items.flatMap(({ message }) => (message.kind === 'request' ? (this.#byId.get(message.idText) ?? []) : []));
    await Promise.all(requests.map(request => new Promise<void>(resolve => this.#onSettled.set(request, resolve))));
  }

  /** A message of the server, on its way to the client. What is no JSON goes no further. */
  received(bytes: Buffer): void {
    const { output } = this.#options;
    if (!isJson(bytes)) {
      output.remark('the server sent something that is no JSON-RPC message; it was left out');
      return;
    }
    const scan = new TopLevelScan();
    scan.push(bytes);
    const { idText, method, hasResult, hasError } = scan.facts;
    if (idText !== undefined && method === undefined && (hasResult || hasError)) this.#answered(idText, bytes);
    else if (idText === undefined && method === undefined) for (const id of idsOfBatch(bytes)) this.#answered(id, bytes);
    output.message(bytes);
  }

  /** The server will not answer these. Those that are called off, and those that were answered elsewhere, need nothing. */
  fail(requests: readonly WaitingRequest[], failure: Failure): void {
    for (const request of requests) {
      if (this.isWaiting(request)) this.#options.output.failure(request.idText, failure);
      this.forget(request);
    }
  }

  forget(request: WaitingRequest): void {
    if (this.#byId.get(request.idText) !== request) return;
    this.#byId.delete(request.idText);
    this.#settle(request);
    this.#options.onForgotten();
  }

  /** The client called it off: from now on nobody waits for it. */
  callOff(request: WaitingRequest): void {
    request.isCalledOff = true;
    this.#settle(request);
  }

  /** Some request is owed an answer; subscriptions do not count, because they never end by themselves. */
  get isOwed(): boolean {
    for (const { isCalledOff, method } of this.#byId.values()) if (!isCalledOff && method !== 'subscriptions/listen') return true;
    return false;
  }

  /** Resolves when no request is owed an answer. */
  empty(): Promise<void> {
    return new Promise(resolve => {
      this.#onEmpty.push(resolve);
      this.#tellEmpty();
    });
  }

  all(): WaitingRequest[] {
    return [...this.#byId.values()];
  }

  #answered(idText: string, bytes: Buffer): void {
    const request = this.#byId.get(idText);
    if (request === undefined) return;
    this.#options.onResult(request, bytes);
    this.forget(request);
  }

  #settle(request: WaitingRequest): void {
    this.#onSettled.get(request)?.();
    this.#onSettled.delete(request);
    this.#tellEmpty();
  }

  #tellEmpty(): void {
    if (this.#onEmpty.length === 0 || this.isOwed) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

function idsOfBatch(bytes: Buffer): string[] {
  const read = readBody(bytes.toString('utf8'));
  if (read.kind !== 'batch') return [];
  return read.items.flatMap(item =>
    item.kind === 'message' && (item.message.kind === 'result' || item.message.kind === 'error') ? [item.message.idText] : [],
  );
}

function isJson(bytes: Buffer): boolean {
  const first = bytes.find(byte => byte > SPACE);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return false;
  if (bytes.length > MAX_PARSED_BYTES) return true;
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

const SPACE = 0x20;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
